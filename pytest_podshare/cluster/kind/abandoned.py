"""Find and delete kind clusters that killed runs have abandoned, with their files.

A cluster is deleted if podshare created it (by its record and its certificate authority), no
process uses it, and it is not kept.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster.kind import binary, create, creation_record, find, provider
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.cluster.kind.users import ClusterUsers
from pytest_podshare.cluster.ownership import Disposition

# useless without the cluster; the lock stays, as others may wait for it, and so does kind's log
_FILES = ("kubeconfig", "made-by", "images", "kind", "kind.yaml", "pid")


def list_names(state: Path) -> tuple[str, ...]:
    """Return the names of the clusters that have files."""
    return tuple(sorted(lock.parent.name for lock in state.glob("*/lock")))


def find_abandoned(state: Path) -> tuple[str, ...]:
    """Return the names of clusters that are neither used nor kept, by their files alone.

    Whether they exist, and are podshare's, is checked before they are deleted.
    """
    settings = (KindSettings.by_name(name, state) for name in list_names(state))
    return tuple(
        candidate.name
        for candidate in settings
        if (record := creation_record.read(candidate))
        and not record.kept
        and not ClusterUsers(candidate.users_folder).active()
    )


def remove_all(settings: KindSettings, names: Collection[str], removed: list[str]) -> None:
    """Remove the abandoned clusters of those names, and add them to `removed`; never raise."""
    with contextlib.suppress(errors.PodshareError):
        existing = binary.list_clusters(settings)
        for name in names:
            other = KindSettings.by_name(name, settings.state, kind_bin=settings.kind_bin)
            disposition = remove_if_abandoned(other, existing)
            if disposition and disposition.removable:
                removed.append(f"kind cluster {name}")


def remove_if_abandoned(
    settings: KindSettings,
    existing: Collection[str],
    *,
    selected_run: str = "",
    dry_run: bool = False,
) -> Disposition | None:
    """Delete a cluster that no process uses, and its files.

    Args:
        settings: the cluster.
        existing: the names of all kind clusters.
        selected_run: a run whose cluster is deleted even if it is kept.
        dry_run: whether to change nothing.

    Returns:
        Whether the cluster may be deleted, and why; None if it does not exist.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(provider.lock(settings, 0.0))
        except errors.ClusterCreateFailed:
            return Disposition(False, "another process holds its lock")
        disposition = _disposition(settings, existing, selected_run)
        if not dry_run:
            if disposition and disposition.removable:
                _remove(settings)
            _remove_files(settings, all_files=disposition is None or disposition.removable)
        return disposition


def _disposition(
    settings: KindSettings, existing: Collection[str], selected_run: str
) -> Disposition | None:
    if users := ClusterUsers(settings.users_folder).active():
        return Disposition(False, f"run {users[0].run} is using it")
    if settings.name in existing:
        with contextlib.suppress(find.UnusableCluster):
            # deletes the record of a cluster with another certificate authority
            find.export_kubeconfig(settings)
    elif not _is_partial(settings):
        return None
    record = creation_record.read(settings)
    if record is None:
        return Disposition(False, "podshare did not create it")
    if record.kept and record.run != selected_run:
        return Disposition(False, "it is kept")
    return Disposition(True, f"run {record.run} of {record.owner or 'an unknown owner'} has ended")


def _remove(settings: KindSettings) -> None:
    if _is_partial(settings):
        # a node that kind has requested from the engine may still appear
        create.kill_orphan(settings)
        create.remove_partial(settings, create.pytest_kind_cluster(settings))
    if settings.name in binary.list_clusters(settings):
        provider.remove(settings)


def _is_partial(settings: KindSettings) -> bool:
    """Return whether the creation of the cluster was interrupted."""
    return creation_record.read(settings) is not None and not find.has_kubeconfig(settings)


def _remove_files(settings: KindSettings, *, all_files: bool) -> None:
    """Remove the drafts of killed runs, and with `all_files` those of a deleted cluster."""
    for draft in (*settings.folder.glob("*.new"), *settings.users_folder.glob("*.new")):
        draft.unlink(missing_ok=True)
    for folder in settings.folder.glob("images-*"):
        shutil.rmtree(folder, ignore_errors=True)
    if all_files:
        for name in _FILES:
            (settings.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            settings.users_folder.rmdir()
