"""The default provider: a kind cluster of our own, for as long as anybody uses it.

Everything here happens under the cluster's lock: finding it, making it, joining those who use it,
leaving them, and deleting it when nobody is left.
"""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
from collections.abc import Iterator, Sequence

import filelock

from pytest_podshare import errors
from pytest_podshare.cluster import connection
from pytest_podshare.cluster.kind import create, creation_record, find, images
from pytest_podshare.cluster.kind.binary import KindSettings, last_words
from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
from pytest_podshare.deadline import Deadline

_PRIVATE = 0o700


def bring_up(
    settings: KindSettings,
    *,
    leases: Sequence[ClusterUser] = (),
    keep: bool = False,
    load: Sequence[str] = (),
) -> connection.Cluster:
    """Use the cluster of that name, or make it.

    Args:
        settings: the cluster.
        leases: those of the processes that use it from now on, until they leave.
        keep: whether it stays there if it has to be made.
        load: local images for its nodes.

    Raises:
        KindMissing: no kind program.
        EngineMissing: kind finds no container engine.
        ClusterCreateFailed: kind gave up, or took longer than `timeouts.create`.
        ClusterUnreachable: the cluster does not become ready.
        ClusterUnfit: it is there, of no use, and must not be replaced.
        ImageLoadFailed: an image could not be loaded.
    """
    deadline = Deadline(settings.timeouts.create)
    with locked(settings):
        cluster, fault = _found(settings)
        for lease in leases:
            ClusterUsers(settings.leases).take(lease)
        if cluster is None:
            nodes = create.make(settings, deadline, kept=keep)
            # all of them, or the next who finds the cluster would call it too small
            cluster = find.connect(settings, deadline, nodes)
            cluster = dataclasses.replace(cluster, created=True, replaced=fault)
        try:
            images.load(settings, load)
        except BaseException:
            cluster.close()
            raise
    return cluster


def leave(settings: KindSettings, lease: ClusterUser, *, keep: str) -> str | None:
    """End a process's use of the cluster; the last one deletes it, unless it is to be kept.

    Args:
        settings: the cluster.
        lease: the process's own.
        keep: why it is to be kept from now on; "" if this run does not want that.

    Returns:
        Why the cluster is still there; None if it is not, or was not used.

    Raises:
        ClusterError: kind could not delete it.
    """
    leases = ClusterUsers(settings.leases)
    if not leases.holds(lease):
        return None
    with locked(settings):
        last = leases.give_back(lease)
        its = creation_record.read(settings)
        if its is None:
            # somebody else's, or none at all because it could not be made
            return "it was there before this run" if settings.kubeconfig.exists() else None
        if keep:
            creation_record.write(settings, dataclasses.replace(its, kept=True))
        if keep or its.kept:
            before = "it was there before this run"
            return (keep or "another run keeps it") if its.run == settings.run_id else before
        if not last:
            return "it is still in use, and goes with the last who uses it"
        remove(settings)
        return None


def delete(settings: KindSettings) -> None:
    """Delete the cluster and its files; one that is not there is deleted already.

    Raises:
        ClusterError: kind could not.
    """
    with locked(settings):
        remove(settings)


def _found(settings: KindSettings) -> tuple[connection.Cluster | None, str]:
    """The cluster that is there, or why one that was there had to go."""
    try:
        return find.find(settings), ""
    except find.UnusableCluster as unfit:
        fault = str(unfit)
    if creation_record.read(settings) is None:
        raise errors.ClusterUnfit(
            f"Cluster {settings.name} will not do: {fault}; and podshare did not make it.",
            errors.Remedy(
                "Give this run a name of its own with {}, or delete what is there:"
                " kind delete cluster --name {name}",
                "cluster-name",
                name=settings.name,
            ),
        )
    if ClusterUsers(settings.leases).held():
        raise errors.ClusterUnfit(
            f"Cluster {settings.name} will not do: {fault}; and it is in use.",
            errors.Remedy(
                "Wait for the other run, or give this one a name of its own with {}.",
                "cluster-name",
            ),
        )
    remove(settings)
    return None, fault


def remove(settings: KindSettings) -> None:
    """Delete the cluster and its files; its lock is held.

    Raises:
        ClusterError: kind could not.
    """
    create.stop_orphan(settings)
    try:
        with create.bounded(settings, settings.timeouts.delete):
            create.engine(settings).delete()
    except subprocess.CalledProcessError:
        raise errors.ClusterCreateFailed(
            f"kind could not delete cluster {settings.name}: {last_words(settings)}",
            f"Try again: kind delete cluster --name {settings.name}",
        ) from None
    creation_record.forget(settings)
    settings.kubeconfig.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(settings: KindSettings, patience: float | None = None) -> Iterator[None]:
    """One process at a time finds, makes, joins, leaves or deletes this cluster.

    Args:
        settings: the cluster.
        patience: seconds to wait for another; None for as long as one may take.

    Raises:
        ClusterCreateFailed: another has not come to its end by then.
    """
    _make_folder(settings)
    if patience is None:
        patience = settings.timeouts.create + settings.timeouts.delete
    try:
        with filelock.FileLock(settings.folder / "lock", timeout=patience):
            yield
    except filelock.Timeout:
        raise errors.ClusterCreateFailed(
            f"Another run has been working on cluster {settings.name} for {patience:.0f} s.",
            errors.Remedy(
                "Wait for it, or give this run a name of its own with {}.", "cluster-name"
            ),
        ) from None


def _make_folder(settings: KindSettings) -> None:
    """Whoever could write there would give the next run its credentials and its programs."""
    settings.state.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    for folder in (settings.state, settings.folder):
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
    with contextlib.suppress(PermissionError):
        # one that is there may have been made by another umask
        settings.folder.chmod(_PRIVATE)
