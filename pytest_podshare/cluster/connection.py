"""What the rest of the package knows of a cluster."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster import guard
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import watch as watching
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.conditions import is_node_ready


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A cluster that answers.

    Args:
        provider: `kind` or `existing`.
        name: the kind cluster's name, or the context of an existing one.
        kubeconfig: the file by which it was reached; None for the client's default.
        image: the node image it was asked to be made of; None for the provider's default.
        own: whether it is for tests alone, so that pull policies and images may be set.
        created: whether it was made just now.
        version: its Kubernetes version, `v1.36.3`.
        api: the connection to it, closed with the cluster.
        replaced: why one that was there before it had to go; "" if there was none.
    """

    provider: str
    name: str
    kubeconfig: Path | None
    image: str | None
    own: bool
    created: bool
    version: str
    api: Api
    replaced: str = ""

    @property
    def server(self) -> str:
        """Its API server's address."""
        return self.api.server

    def close(self) -> None:
        """Close the connection; the cluster itself is left alone."""
        self.api.close()


def connect(
    provider: str,
    name: str,
    *,
    kubeconfig: Path | None,
    context: str | None,
    allowed: tuple[str, ...],
    deadline: Deadline,
    image: str | None = None,
    own: bool = False,
    nodes: int = 1,
) -> Cluster:
    """Connect to an API server, once the guard lets it pass and it says that it is ready.

    One of our `own` is ready when its nodes are, and as many as there must be at least.

    Raises:
        ContextNotAllowed: it is not on this machine, and its context is not among the allowed.
        ClusterUnreachable: it did not become ready before the deadline.
    """
    api = Api(kubeconfig, context)
    try:
        guard.check(_way(api), api.context, allowed)
        _wait_until_it_answers(api, deadline)
        version = str(api.get("/version")["gitVersion"])
        if own:
            _wait_for_nodes(api, nodes, deadline)
    except BaseException:
        api.close()
        raise
    return Cluster(provider, name, kubeconfig, image, own, False, version, api)


def _way(api: Api) -> guard.ServerRoute:
    login = api.login
    return guard.ServerRoute(
        api.server,
        proxy=login.proxy.url if login.proxy else "",
        tls_name=str(getattr(login.configuration, "tls_server_name", None) or ""),
        # who does not verify the certificate does not know who answers
        authority=login.authority if login.configuration.verify_ssl else "",
    )


def _wait_until_it_answers(api: Api, deadline: Deadline) -> None:
    def answer() -> str:
        try:
            # asked again after a while: one that is stopped takes connections, and says nothing
            return api.get_text("/readyz", timeout=min(5.0, max(2.0, deadline.left)))
        except errors.ApiError as error:
            # without the right to ask, having been answered must do
            return "ok" if error.status in (401, 403) else str(error.what)
        except errors.ClusterUnreachable as error:
            return error.what

    said = poll(answer, until=lambda text: text == "ok", deadline=deadline)
    if said != "ok":
        raise errors.ClusterUnreachable(
            f"The API server {api.server} is not ready: {said}",
            "See whether the cluster runs; one on kind is made anew after "
            "`kind delete cluster --name NAME`.",
        )


def _wait_for_nodes(api: Api, nodes: int, deadline: Deadline) -> None:
    """A Pod made before its node is ready would be called unschedulable.

    The kubelet of a node that kind has just joined may take seconds to make it known.
    """
    with watching.Watch(api, "/api/v1/nodes") as watch:
        seen = watch.wait_until(
            lambda there: len(there) >= nodes and all(map(is_node_ready, there.values())), deadline
        )
    for name, node in sorted(seen.items()):
        if not is_node_ready(node):
            raise errors.ClusterUnreachable(
                f"Node {name} did not become ready.",
                f"See `kubectl describe node {name}`, or delete the cluster and try again.",
            )
    if len(seen) < nodes:
        raise errors.ClusterUnreachable(
            f"Only {len(seen)} of {nodes} nodes came up: {', '.join(sorted(seen)) or 'none'}.",
            "See the kubelet's log on the others, or delete the cluster and try again.",
        )
