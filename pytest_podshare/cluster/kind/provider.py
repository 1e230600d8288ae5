"""Acquire and release a kind cluster: runs share it, and the last one deletes it.

Each step holds the lock of the cluster.
"""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
from collections.abc import Iterator, Sequence

import filelock

from pytest_podshare import errors
from pytest_podshare.cluster import connection
from pytest_podshare.cluster.kind import account, create, creation_record, find, images
from pytest_podshare.cluster.kind.binary import format_delete, last_error
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
from pytest_podshare.deadline import Deadline

_OWNER_ONLY = 0o700
_EXISTED = "it existed before this run"


def acquire(
    settings: KindSettings,
    *,
    users: Sequence[ClusterUser] = (),
    keep: bool = False,
    load: Sequence[str] = (),
) -> connection.Cluster:
    """Find the cluster, start it if it has stopped, or create it.

    Args:
        settings: the cluster.
        users: the processes that use it until they release it.
        keep: whether the cluster stays afterwards if it is created now.
        load: the local images to load onto its nodes.

    Raises:
        ClusterUnfit: it exists, cannot be used, and must not be replaced.
        ClusterError: it could not be created, or did not become ready in time.
        ImageLoadFailed: an image could not be loaded.
    """
    with lock(settings):
        cluster, replaced = _find_or_remove(settings)
        deadline = Deadline(settings.timeouts.create)
        for user in users:
            ClusterUsers(settings.users_folder).register(user)
        if cluster is None:
            nodes = create.create_cluster(settings, deadline, keep=keep)
            # wait for all nodes, or the next run would find too few
            cluster = find.connect(settings, deadline, nodes)
            account.mark(settings, cluster)
            cluster = dataclasses.replace(cluster, created=True, replaced=replaced)
        try:
            images.load(settings, load)
        except BaseException:
            cluster.close()
            raise
    return cluster


def release(settings: KindSettings, user: ClusterUser, *, keep: str) -> str | None:
    """End a process's use of the cluster; delete the cluster after the last, unless it is kept.

    Args:
        settings: the cluster.
        user: the process.
        keep: why to keep the cluster from now on; "" to leave that as it is.

    Returns:
        Why the cluster still exists; None if it does not, or was not used.

    Raises:
        ClusterError: kind could not delete it.
    """
    users = ClusterUsers(settings.users_folder)
    if not users.is_registered(user):
        return None
    with lock(settings):
        is_last = users.unregister(user)
        record = creation_record.read(settings)
        if record is None:
            # created by someone else, or not at all because that failed
            return _EXISTED if settings.kubeconfig.exists() else None
        if keep:
            creation_record.write(settings, dataclasses.replace(record, kept=True))
        if keep or record.kept:
            reason = keep or "another run keeps it"
            return reason if record.run == settings.run_id else _EXISTED
        if not is_last:
            return "it is still in use; the last run to use it will delete it"
        remove(settings)
        return None


def delete(settings: KindSettings) -> None:
    """Delete the cluster and its files, if it exists."""
    with lock(settings):
        remove(settings)


def _find_or_remove(settings: KindSettings) -> tuple[connection.Cluster | None, str]:
    """Return the cluster if it can be used, or else None and why it was removed."""
    try:
        return find.find_cluster(settings), ""
    except find.UnusableCluster as error:
        reason = str(error)
    failure = f"Cluster {settings.name!r} cannot be used: {reason}."
    if creation_record.read(settings) is None:
        raise errors.ClusterUnfit(
            f"{failure} podshare did not create this cluster and will not replace it.",
            errors.Remedy(
                "Choose another cluster name with {}, or delete this cluster: {command}",
                "cluster-name",
                command=format_delete(settings),
            ),
        )
    if ClusterUsers(settings.users_folder).active():
        raise errors.ClusterUnfit(
            f"{failure} Another run is using it, so podshare will not replace it.",
            errors.Remedy(
                "Wait for the other run to finish, or choose another cluster name with {}.",
                "cluster-name",
            ),
        )
    remove(settings)
    return None, reason


def remove(settings: KindSettings) -> None:
    """Delete the cluster and its files; the caller holds the lock."""
    create.kill_orphan(settings)
    try:
        with create.time_limit(settings, settings.timeouts.delete):
            create.pytest_kind_cluster(settings).delete()
    except subprocess.CalledProcessError:
        raise errors.ClusterCreateFailed(
            f"kind could not delete cluster {settings.name!r}: {last_error(settings)}",
            f"Try again: {format_delete(settings)}",
        ) from None
    creation_record.delete(settings)
    settings.kubeconfig.unlink(missing_ok=True)


@contextlib.contextmanager
def lock(settings: KindSettings, timeout: float | None = None) -> Iterator[None]:
    """Let one process at a time find, create, acquire, release or delete the cluster.

    Raises:
        ClusterCreateFailed: another process still holds the lock after `timeout` seconds, by
            default as long as it may take.
    """
    _create_folder(settings)
    if timeout is None:
        # to start a cluster in vain, to delete it, and to create another one
        limits = settings.timeouts
        timeout = limits.ready + limits.delete + limits.create
    try:
        with filelock.FileLock(settings.folder / "lock", timeout=timeout):
            yield
    except filelock.Timeout:
        raise errors.ClusterCreateFailed(
            f"Another run has held the lock of cluster {settings.name!r} for {timeout:.0f} s.",
            errors.Remedy(
                "Wait for the other run to finish, or choose another cluster name with {}.",
                "cluster-name",
            ),
        ) from None


def _create_folder(settings: KindSettings) -> None:
    """Create the folder for this user only: it holds credentials, and a program that runs."""
    settings.state.parent.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    for folder in (settings.state, settings.folder):
        folder.mkdir(mode=_OWNER_ONLY, exist_ok=True)
    with contextlib.suppress(PermissionError):
        # an existing folder may have another mode
        settings.folder.chmod(_OWNER_ONLY)
