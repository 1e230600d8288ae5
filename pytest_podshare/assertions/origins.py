"""Which container changed which file, as far as times tell: a pure comparison of intervals."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Sequence

from pytest_podshare.containers.fileops.changes import Change
from pytest_podshare.containers.run_times import RunTime


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
        """Return what the folder holds, and who changed it, for example `2 older than install`."""
        parts = [f"{len(self.own)} changed by {self.writer.container}"] if self.own else []
        parts += [f"{len(self.older)} older than {self.writer.container}"] if self.older else []
        for names, count in _count(self.unclear).items():
            parts.append(f"{count} changed by {' or '.join(names)}")
        for names, count in _count(self.later).items():
            parts.append(f"{count} changed later, by {' or '.join(names) or 'none of them'}")
        return ", ".join(parts) or "nothing"


def find_origins(
    changes: Iterable[Change], writer: RunTime, others: Sequence[RunTime], *, with_folders: bool
) -> Origins:
    """Return which changes a container made, which others made, and which nobody can tell.

    Args:
        changes: the changes.
        writer: when the container ran.
        others: when others ran that can write to the same folder.
        with_folders: whether the times are exact enough for folders, which the kubelet creates
            and changes just before a container starts.
    """
    own, older = list[Change](), list[Change]()
    unclear, later = list[tuple[Change, tuple[str, ...]]](), list[tuple[Change, tuple[str, ...]]]()
    for change in changes:
        if change.is_folder and not with_folders:
            continue
        names = tuple(run.container for run in others if _may_have_made(run, change))
        if not _may_have_made(writer, change):
            if change.latest < writer.start:
                older.append(change)
            else:
                later.append((change, names))
        elif names or change.earliest < writer.start:
            unclear.append((change, (writer.container, *(names or ("something before it",)))))
        else:
            own.append(change)
    return Origins(writer, tuple(own), tuple(unclear), tuple(older), tuple(later))


def _may_have_made(run: RunTime, change: Change) -> bool:
    return run.start <= change.latest and change.earliest <= run.end


def _count(changes: Iterable[tuple[Change, tuple[str, ...]]]) -> dict[tuple[str, ...], int]:
    return dict(collections.Counter(names for _, names in changes))
