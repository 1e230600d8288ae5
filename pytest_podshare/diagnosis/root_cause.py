"""Which cause holds, as pure functions of the facts, asked in order: the first that does is named.

Each says nothing unless the facts show it. What none of them explains is unknown, never guessed.
"""

from __future__ import annotations

import posixpath

from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing
from pytest_podshare.diagnosis import access_causes, lifecycle_causes, mount_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView
from pytest_podshare.diagnosis.symptom import Symptom, blame, is_alike


def first(case: Symptom) -> Cause:
    """The first cause that holds."""
    found = (ask(case) for ask in _IN_ORDER)
    return next((cause for cause in found if cause), None) or _unknown(case)


def nothing_there(case: Symptom) -> Cause | None:
    """The writer itself has no such file, or no folder for it."""
    view = case.writer
    if case.refused("No such file or directory"):
        last = view.way[-1].path if view.way else "/"
        return Cause(
            "never written",
            f"{view.place.container} has no folder {posixpath.dirname(view.place.path)}; of the way"
            f" there it has {last}",
            "See who should make the folder, and when.",
            blame(view),
        )
    if not view.way or view.file is not None:
        return None
    name, path = view.place.container, view.place.path
    near = _near(view)
    if case.written:
        return Cause(
            "removed",
            f"{name} itself no longer has what was in {path}; {near}",
            f"See what else has the volume and deletes files in it, and what {name} does when it"
            " starts.",
        )
    if not is_alike(posixpath.basename(path), *(view.nearby or ())):
        return Cause(
            "unknown",
            f"{name} itself has no {path} now: never written, or removed since; {near}",
            "See what the application writes and where: its configuration, its log.",
        )
    return Cause(
        "never written",
        f"{name} itself has no {path}; {near}",
        "See where the application writes: its configuration, its log.",
    )


def _near(view: ContainerView) -> str:
    if view.nearby is None:
        return "what else is in its folder could not be asked"
    return f"beside it: {', '.join(view.nearby)}" if view.nearby else "its folder is empty"


def _missing(case: Symptom) -> Cause | None:
    seen_none = isinstance(case.seen, Missing) or case.refused("No such file or directory")
    return nothing_there(case) if seen_none else None


def _other_content(case: Symptom) -> Cause | None:
    mine, theirs = case.writer.file, case.reader.file
    held = isinstance(case.seen, (bytes, Content))
    if not held or not mine or not theirs or mine.inode != theirs.inode:
        return None
    who = "both see" if mine is not theirs else f"{case.writer.place.container} sees"
    return Cause(
        "another content",
        f"{who} the right file, and it holds something else: somebody has written to it",
        "See who else writes to it, and what its own containers do when they start.",
    )


def _unknown(case: Symptom) -> Cause:
    told = [_told(view) for view in case.facts.views]
    return Cause("unknown", "; ".join(dict.fromkeys(told)), "")


def _told(view: ContainerView) -> str:
    """All that is known of a place, for a cause that is not."""
    facts = [f"{view.place.container} is {view.state}"]
    facts += [str(view.user)] if view.user else []
    facts += [f"mount {view.entry}"] if view.entry else ["its mounts could not be asked for"]
    facts += [f"{view.file} ({view.file.kind})"] if view.file else [f"no {view.place.path} seen"]
    return ", ".join(facts)


_IN_ORDER = (
    lifecycle_causes.fate,
    lifecycle_causes.not_running,
    mount_causes.stale,
    mount_causes.shadowed,
    mount_causes.symlink,
    mount_causes.elsewhere,
    access_causes.permission,
    access_causes.read_only,
    access_causes.no_space,
    lifecycle_causes.restarted,
    _missing,
    _other_content,
)
