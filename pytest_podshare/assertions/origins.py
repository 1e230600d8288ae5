"""Which container changed which file, as far as times tell: a pure comparison of intervals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from pytest_podshare.containers.fileops.changes import Change
from pytest_podshare.containers.run_times import RunTime
from pytest_podshare.wiring.model import VolumeMount

# paths that a failure shows of each group
_SHOWN = 3


@dataclasses.dataclass(frozen=True)
class Origins:
    """The changes in a folder, by who can have made them.

    Args:
        writer: the container in question.
        own: what only this container can have changed last.
        unclear: what it or another may have changed last, with the names of all of them.
        older: what has not changed since it started.
        later: what changed after it had ended, with the names of those that may have done so.
    """

    writer: RunTime
    own: tuple[Change, ...]
    unclear: tuple[tuple[Change, tuple[str, ...]], ...]
    older: tuple[Change, ...]
    later: tuple[tuple[Change, tuple[str, ...]], ...]

    def __str__(self) -> str:
        """Return who changed what the folder holds, for example `older than install: /v/file`."""
        parts = _describe(f"changed by {self.writer.container}", self.own)
        parts += _describe(f"older than {self.writer.container}", self.older)
        for names, changes in _group(self.unclear).items():
            parts += _describe(f"changed by {join_names(names, 'or')}", changes)
        for names, changes in _group(self.later).items():
            who = join_names(names, "or") if names else "the kubelet"
            parts += _describe(f"changed later, by {who}", changes)
        return "; ".join(parts) or "nothing"


def find_origins(
    changes: Iterable[Change], writer: RunTime, others: Sequence[RunTime], *, with_folders: bool
) -> Origins:
    """Return which changes a container made, which others made, and which nobody can tell.

    Args:
        changes: the changes.
        writer: when the container ran.
        others: when others ran that can write to the same folder.
        with_folders: whether the times are exact enough to tell its folders from those that the
            kubelet creates and changes just before a container starts.
    """
    own, older = list[Change](), list[Change]()
    unclear, later = list[tuple[Change, tuple[str, ...]]](), list[tuple[Change, tuple[str, ...]]]()
    for change in changes:
        names = tuple(run.container for run in others if _may_have_made(run, change))
        if change.is_folder and not with_folders:
            names += ("the kubelet",)
        if not _may_have_made(writer, change):
            if change.latest < writer.first_start:
                older.append(change)
            else:
                later.append((change, names))
        elif names or not writer.overlaps(change.earliest, change.earliest):
            unclear.append((change, (writer.container, *(names or ("something before it",)))))
        else:
            own.append(change)
    return Origins(writer, tuple(own), tuple(unclear), tuple(older), tuple(later))


def join_names(names: Iterable[str], word: str) -> str:
    """Return names as a list in prose: `a, b or c`."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} {word} {last}" if first else last


def leave_out_mounts(
    changes: Iterable[Change], folder: str, volume: str, mounts: Iterable[VolumeMount]
) -> list[Change]:
    """Return the changes without those of other mounts inside the folder.

    Other volumes may be on the same file system. The folders around their mount points are left
    out as well, because the runtime may have created the mount points.

    Args:
        changes: the changes below the folder.
        folder: the folder, as the container sees it.
        volume: name of the volume that has the folder.
        mounts: what the container mounts.
    """
    inside = [m for m in mounts if m.folder.startswith(f"{folder.rstrip('/')}/")]
    points = [mount.folder for mount in inside]
    others = tuple(f"{mount.folder}/" for mount in inside if mount.volume != volume)
    return [
        change
        for change in changes
        if not change.path.startswith(others)
        if not any(f"{point}/".startswith(f"{change.path}/") for point in points)
    ]


def _may_have_made(run: RunTime, change: Change) -> bool:
    return run.overlaps(change.earliest, change.latest)


def _group(
    changes: Iterable[tuple[Change, tuple[str, ...]]],
) -> Mapping[tuple[str, ...], Sequence[Change]]:
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change, names in changes:
        groups.setdefault(names, []).append(change)
    return groups


def _describe(what: str, changes: Sequence[Change]) -> list[str]:
    paths = sorted(change.path for change in changes)
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return [f"{what}: {', '.join(paths[:_SHOWN])}{more}"] if paths else []
