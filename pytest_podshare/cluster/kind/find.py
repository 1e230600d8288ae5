"""Find a kind cluster, and check that it matches its settings."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping

import yaml

from pytest_podshare import errors
from pytest_podshare.cluster import connection
from pytest_podshare.cluster.kind import account, cluster_config, creation_record, engine, nodes
from pytest_podshare.cluster.kind.binary import list_clusters, query
from pytest_podshare.cluster.kind.failures import find_reason
from pytest_podshare.cluster.kind.settings import KindSettings, write_file
from pytest_podshare.cluster.kind.users import ClusterUsers
from pytest_podshare.deadline import Deadline

# seconds for an existing cluster to answer and its nodes to be ready: it may have just started
_READY_TIMEOUT = 30.0


class UnusableCluster(Exception):
    """The cluster exists but cannot be used; the text is the reason, as a clause."""


def find_cluster(settings: KindSettings) -> connection.Cluster | None:
    """Connect to the cluster of that name; return None if it does not exist.

    Start its nodes if they have stopped, podshare created it, and no other run uses it.

    Raises:
        UnusableCluster: it does not work, or does not match the settings.
        ClusterUnfit: it belongs to another account.
        ClusterError: kind or the container engine is missing.
    """
    if has_kubeconfig(settings):
        # without asking kind: the certificate authority proves that it is the same cluster
        with contextlib.suppress(errors.ClusterUnreachable, errors.ApiError):
            return _check(settings, connect(settings, Deadline(0.0)))
    if settings.name not in list_clusters(settings):
        return None
    started = _start_nodes(settings)
    deadline = Deadline(settings.timeouts.ready if started else _READY_TIMEOUT)
    export_kubeconfig(settings)
    try:
        cluster = _check(settings, connect(settings, deadline, started=started))
    except (errors.ClusterUnreachable, errors.ApiError) as error:
        raise UnusableCluster(error.what.rstrip(".")) from None
    return dataclasses.replace(cluster, started=bool(started))


def _start_nodes(settings: KindSettings) -> dict[str, str]:
    """Start the nodes that have stopped; return each with the time at which it was started."""
    stopped = {node: state for node, state in engine.read_states(settings.name) if state}
    if not stopped:
        return {}
    # another run may have stopped a node on purpose
    may_start = (
        creation_record.read(settings) is not None
        and not ClusterUsers(settings.users_folder).active()
    )
    for node, state in stopped.items():
        if state != "exited" or not may_start:
            raise UnusableCluster(f"node {node} {'has' if state == 'exited' else 'is'} {state}")
    try:
        nodes.start(tuple(stopped))
        return {node: nodes.read_time(node) for node in stopped}
    except errors.NodeAccessMissing as error:
        raise UnusableCluster(error.what.rstrip(".")) from None


def connect(
    settings: KindSettings,
    deadline: Deadline,
    count: int = 1,
    *,
    started: Mapping[str, str] | None = None,
) -> connection.Cluster:
    """Connect by the kubeconfig, and wait for that number of nodes, all of them ready.

    A node in `started` counts only if it has reported since that time.
    """
    record = creation_record.read(settings)
    return connection.connect(
        "kind",
        settings.name,
        kubeconfig=settings.kubeconfig,
        context=f"kind-{settings.name}",
        # an API server on another machine cannot be this cluster's
        allowed_contexts=(),
        deadline=deadline,
        image=record.image if record else settings.image,
        own=True,
        nodes=count,
        started=started or {},
    )


def export_kubeconfig(settings: KindSettings) -> None:
    """Write the kubeconfig that kind returns; raise UnusableCluster if there is none."""
    done = query(settings, "get", "kubeconfig", "--name", settings.name)
    if done.returncode != 0:
        raise UnusableCluster(f"kind returned no kubeconfig for it: {find_reason(done.stderr)}")
    # the file is empty if a run was interrupted before it could write it
    if has_kubeconfig(settings):
        previous = settings.kubeconfig.read_text()
        if _read_authority(previous) != _read_authority(done.stdout):
            # the recorded cluster was deleted, and someone else has created one of the same name
            creation_record.delete(settings)
    write_file(settings.kubeconfig, done.stdout)


def has_kubeconfig(settings: KindSettings) -> bool:
    """Return whether the kubeconfig has content; it has none while the cluster is being created."""
    try:
        return settings.kubeconfig.stat().st_size > 0
    except OSError:
        return False


def _check(settings: KindSettings, cluster: connection.Cluster) -> connection.Cluster:
    with contextlib.ExitStack() as stack:
        stack.callback(cluster.close)
        if creation_record.read(settings) is None:
            account.check(settings, cluster)
        if difference := _difference(settings, cluster):
            raise UnusableCluster(difference)
        stack.pop_all()
    return cluster


def _difference(settings: KindSettings, cluster: connection.Cluster) -> str | None:
    """Return how the cluster differs from the settings; None if it satisfies them."""
    record, version = creation_record.read(settings), cluster_config.version_tag(settings.image)
    if record is not None and (difference := record.difference(settings)):
        return difference
    if version is not None and not f"{cluster.version}.".startswith(f"{version}."):
        return f"it runs Kubernetes {cluster.version}, not {version}"
    if settings.nodes is not None and settings.config is None:
        count = len(cluster.api.get("/api/v1/nodes")["items"])
        if count != settings.nodes:
            return f"it has {count} {'node' if count == 1 else 'nodes'}, not {settings.nodes}"
    return None


def _read_authority(kubeconfig: str) -> str | None:
    """Return the certificate authority of a kubeconfig, which no two clusters share."""
    try:
        cluster = yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]
        return str(cluster["certificate-authority-data"])
    except (yaml.YAMLError, LookupError, TypeError):
        return None
