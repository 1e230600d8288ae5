"""Connect to a cluster, and wait until it is ready."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import guard
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.conditions import find_condition, is_node_ready
from pytest_podshare.kube.watch import Watch


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A cluster whose API server answers.

    Args:
        provider: `kind` or `existing`.
        name: the name of the kind cluster, or the context of an existing one.
        kubeconfig: the kubeconfig file; None for the client's default.
        image: the node image from which it was created; None for the provider's default.
        own: whether it is a kind cluster, so that image pull policies may be changed and commands
            run on its nodes.
        created: whether this run created it.
        version: the Kubernetes version, `v1.36.3`.
        api: the connection, closed with the cluster.
        replaced: why the previous cluster of that name was deleted; "" if there was none.
        started: whether this run started its nodes, which had stopped.
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
    started: bool = False

    @property
    def server(self) -> str:
        """Return the URL of the API server."""
        return self.api.server

    def close(self) -> None:
        """Close the connection, and leave the cluster running."""
        self.api.close()


def connect(
    provider: str,
    name: str | None,
    *,
    kubeconfig: Path | None,
    context: str | None,
    allowed_contexts: tuple[str, ...],
    deadline: Deadline,
    image: str | None = None,
    own: bool = False,
    nodes: int = 1,
    started: Mapping[str, str] | None = None,
) -> Cluster:
    """Connect to an API server that the guard allows, and wait until it is ready.

    Without a name, the cluster has the name of its context. For an `own` cluster, also wait for
    that number of nodes, all of them ready. A node in `started` was started at that time, as the
    API writes it; what the API server knows of it from before does not count.

    Raises:
        ContextNotAllowed: it is not on this machine, and its context is not allowed.
        ClusterUnreachable: it did not become ready before the deadline.
    """
    api = Api(kubeconfig, context)
    try:
        guard.check(_route(api), api.login.context, allowed_contexts)
        _wait_until_ready(api, own, deadline)
        version = str(api.get("/version")["gitVersion"])
        if own:
            _wait_for_nodes(api, nodes, started or {}, deadline)
    except BaseException:
        api.close()
        raise
    name = name or api.login.context
    return Cluster(provider, name, kubeconfig, image, own, False, version, api)


def _route(api: Api) -> guard.ServerRoute:
    login = api.login
    return guard.ServerRoute(
        api.server,
        proxy=login.proxy.url if login.proxy else "",
        tls_name=str(getattr(login.configuration, "tls_server_name", None) or ""),
        # without verification of the certificate, any server could answer
        authority=login.authority if login.configuration.verify_ssl else "",
    )


def _wait_until_ready(api: Api, own: bool, deadline: Deadline) -> None:
    def read_status() -> str:
        try:
            # a short timeout, since a stopped server accepts connections and never answers
            return api.get_text("/readyz", timeout=min(5.0, max(2.0, deadline.left)))
        except errors.ApiError as error:
            # an account without permission cannot learn more than that the server answers; kind's
            # has every permission, but a server that has just started may not know that yet
            return "ok" if error.status in (401, 403) and not own else error.what
        except errors.ClusterUnreachable as error:
            return error.what

    status = poll(read_status, until=lambda text: text == "ok", deadline=deadline)
    if status != "ok":
        raise errors.ClusterUnreachable(
            f"The API server {api.server} is not ready: {status}",
            "Check that the cluster is running. To recreate a kind cluster, first run "
            "`kind delete cluster --name NAME`.",
        )


def _wait_for_nodes(api: Api, count: int, started: Mapping[str, str], deadline: Deadline) -> None:
    """Wait for the nodes, without which a Pod would be reported as unschedulable.

    The kubelet may take seconds to register a node after kind has joined it.
    """

    def is_ready(name: str, node: Mapping[str, Any]) -> bool:
        # until the kubelet reports, a node that was started has the status of before it stopped
        reported = find_condition(node, "Ready").get("lastHeartbeatTime") or ""
        return is_node_ready(node) and reported >= started.get(name, "")

    with Watch(api, "/api/v1/nodes") as watch:
        nodes = watch.wait_until(
            lambda seen: len(seen) >= count and all(is_ready(*item) for item in seen.items()),
            deadline,
        )
    for name, node in sorted(nodes.items()):
        if not is_ready(name, node):
            raise errors.ClusterUnreachable(
                f"Node {name} did not become ready.",
                f"Run `kubectl describe node {name}`, or delete the cluster and try again.",
            )
    if len(nodes) < count:
        raise errors.ClusterUnreachable(
            f"Only {len(nodes)} of {count} nodes joined the cluster:"
            f" {', '.join(sorted(nodes)) or 'none'}.",
            "Read the kubelet's log on the missing nodes, or delete the cluster and try again.",
        )
