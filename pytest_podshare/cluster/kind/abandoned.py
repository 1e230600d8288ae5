"""Kind clusters that killed runs have left, and the files beside them.

A cluster goes that has our record, bears the certificate authority of its kubeconfig, is used by
no process that counts, and is not kept.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster.kind import binary, create, creation_record, find, provider
from pytest_podshare.cluster.kind.binary import KindSettings
from pytest_podshare.cluster.kind.users import ClusterUsers
from pytest_podshare.cluster.ownership import Disposition

# what is of no use without the cluster; the lock is another process's to wait for, and the log
# tells why there is none
_FILES = ("kubeconfig", "made-by", "images", "kind", "kind.yaml", "pid")


def names(state: Path) -> tuple[str, ...]:
    """The clusters that there are files of."""
    return tuple(sorted(each.parent.name for each in state.glob("*/lock")))


def orphans(state: Path) -> tuple[str, ...]:
    """The clusters whose files say that nobody uses them, and that they are not kept; asks nobody.

    Whether they are there, and ours, is found out when they are cleared.
    """
    settings = (KindSettings.of(name, state) for name in names(state))
    return tuple(
        each.name
        for each in settings
        if (its := creation_record.read(each))
        and not its.kept
        and not ClusterUsers(each.leases).held()
    )


def clear_all(settings: KindSettings, which: Collection[str], removed: list[str]) -> None:
    """Delete those of other names that nobody uses, as the next run does; never raises.

    Args:
        settings: those of a cluster.
        which: the names of the others.
        removed: gets what was removed.
    """
    with contextlib.suppress(errors.PodshareError):
        there = binary.clusters(settings)
        for name in which:
            fate = clear(KindSettings.of(name, settings.state, kind_bin=settings.kind_bin), there)
            if fate and fate.goes:
                removed.append(f"kind cluster {name}")


def clear(
    settings: KindSettings, there: Collection[str], *, named: str = "", dry: bool = False
) -> Disposition | None:
    """Delete a cluster that nobody uses, and what lies beside it.

    Args:
        settings: which one.
        there: the names of all kind clusters.
        named: a run whose kept cluster goes as well.
        dry: only say what would become of it.

    Returns:
        What became of it, and why; None if there is no such cluster.

    Raises:
        ClusterError: kind could not.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(provider.locked(settings, 0.0))
        except errors.ClusterCreateFailed:
            return Disposition(False, "another process works on it")
        fate = _fate(settings, there, named)
        if not dry:
            if fate and fate.goes:
                _remove(settings)
            _tidy(settings, gone=fate is None or fate.goes)
        return fate


def _fate(settings: KindSettings, there: Collection[str], named: str) -> Disposition | None:
    if users := ClusterUsers(settings.leases).held():
        return Disposition(False, f"run {users[0].run} uses it")
    if settings.name in there:
        with contextlib.suppress(find.UnusableCluster):
            # the record is void where the cluster bears another authority
            find.write_kubeconfig(settings)
    elif not _half_made(settings):
        return None
    its = creation_record.read(settings)
    if its is None:
        return Disposition(False, "podshare did not make it")
    if its.kept and its.run != named:
        return Disposition(False, "it is kept")
    return Disposition(True, f"run {its.run} of {its.owner or 'somebody'} has ended")


def _remove(settings: KindSettings) -> None:
    if _half_made(settings):
        # a node that the engine was asked for may still appear
        create.stop_orphan(settings)
        create.remove_half_made(settings, create.engine(settings))
    if settings.name in binary.clusters(settings):
        provider.remove(settings)


def _half_made(settings: KindSettings) -> bool:
    return creation_record.read(settings) is not None and not find.size(settings)


def _tidy(settings: KindSettings, *, gone: bool) -> None:
    """Remove files that a killed run was writing, and all of a cluster that is gone."""
    for draft in (*settings.folder.glob("*.new"), *settings.leases.glob("*.new")):
        draft.unlink(missing_ok=True)
    for folder in settings.folder.glob("images-*"):
        shutil.rmtree(folder, ignore_errors=True)
    if gone:
        for name in _FILES:
            (settings.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            settings.leases.rmdir()
