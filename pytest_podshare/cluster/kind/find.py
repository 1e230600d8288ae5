"""Whether the kind cluster of a name is there, and will do for what is asked of it."""

from __future__ import annotations

import contextlib

import yaml

from pytest_podshare import errors
from pytest_podshare.cluster import connection
from pytest_podshare.cluster.kind import cluster_config, creation_record, nodes
from pytest_podshare.cluster.kind.binary import KindSettings, clusters, last_line, look
from pytest_podshare.deadline import Deadline

# seconds for one that was found to answer, and for its nodes to be ready: it may have just started
_PATIENCE = 30.0


class UnusableCluster(Exception):
    """It is there and of no use; the text says why."""


def find(settings: KindSettings) -> connection.Cluster | None:
    """Connect to the cluster of that name; None if there is none.

    Raises:
        Unfit: it is broken, or not what is asked for.
        KindMissing: no kind program.
        EngineMissing: kind finds no container engine.
    """
    if size(settings):
        # its own authority has signed for whoever answers here: no program has to be asked
        with contextlib.suppress(errors.ClusterUnreachable, errors.ApiError):
            return _checked(settings, connect(settings, Deadline(0.0)))
    if settings.name not in clusters(settings):
        return None
    stopped = [f"{name} is {state}" for name, state in nodes.states(settings.name) if state]
    if stopped:
        raise UnusableCluster(f"its node {stopped[0]}")
    write_kubeconfig(settings)
    try:
        return _checked(settings, connect(settings, Deadline(_PATIENCE)))
    except (errors.ClusterUnreachable, errors.ApiError) as error:
        raise UnusableCluster(f"it is broken: {error.what}") from None


def connect(settings: KindSettings, deadline: Deadline, nodes: int = 1) -> connection.Cluster:
    """Connect by the kubeconfig file, once that many nodes are there at least, and all are ready.

    Raises:
        ClusterUnreachable: the cluster does not become ready.
    """
    its = creation_record.read(settings)
    return connection.connect(
        "kind",
        settings.name,
        kubeconfig=settings.kubeconfig,
        context=f"kind-{settings.name}",
        # its API server may be somewhere else than its engine says: then it is not ours
        allowed=(),
        deadline=deadline,
        image=its.image if its else settings.image,
        own=True,
        nodes=nodes,
    )


def write_kubeconfig(settings: KindSettings) -> None:
    """Ask kind for the kubeconfig: a cluster may be there and its file not.

    Raises:
        Unfit: kind gives none.
    """
    done = look(settings, "get", "kubeconfig", "--name", settings.name)
    if done.returncode != 0:
        raise UnusableCluster(f"kind gives no kubeconfig for it: {last_line(done.stderr)}")
    # an empty file is one that a run was about to fill when it was stopped
    if size(settings) and _authority(settings.kubeconfig.read_text()) != _authority(done.stdout):
        # what we made was deleted, and somebody has made another of its name
        creation_record.forget(settings)
    draft = settings.kubeconfig.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(done.stdout)
    draft.replace(settings.kubeconfig)


def _checked(settings: KindSettings, cluster: connection.Cluster) -> connection.Cluster:
    try:
        fault = _unlike(settings, cluster)
    except BaseException:
        cluster.close()
        raise
    if fault is None:
        return cluster
    cluster.close()
    raise UnusableCluster(fault)


def _unlike(settings: KindSettings, cluster: connection.Cluster) -> str | None:
    """In what way it is not what was asked for."""
    its, wanted = creation_record.read(settings), cluster_config.version_text(settings.image)
    if its is not None and (fault := creation_record.unlike(its, settings)):
        return fault
    if wanted is not None and not f"{cluster.version}.".startswith(f"{wanted}."):
        return f"it is Kubernetes {cluster.version}, not {wanted}"
    if settings.nodes is not None and settings.config is None:
        there = len(cluster.api.get("/api/v1/nodes")["items"])
        if there != settings.nodes:
            return f"it has {there} {'node' if there == 1 else 'nodes'}, not {settings.nodes}"
    return None


def size(settings: KindSettings) -> int:
    """The size of the kubeconfig file; nothing as long as the cluster is being made."""
    try:
        return settings.kubeconfig.stat().st_size
    except OSError:
        return 0


def _authority(kubeconfig: str) -> str | None:
    """The certificate authority of the cluster in a kubeconfig, which no two clusters share."""
    try:
        first = yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]
        return str(first["certificate-authority-data"])
    except (yaml.YAMLError, LookupError, TypeError):
        return None
