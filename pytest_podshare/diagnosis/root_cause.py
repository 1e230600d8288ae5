"""The search for the root cause: pure functions of the facts, in order; the first match wins.

Each one returns a cause only if the facts show it. What none of them explains is `unknown`: nothing
is guessed.
"""

from __future__ import annotations

import posixpath

from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing
from pytest_podshare.diagnosis import (
    access_causes,
    lifecycle_causes,
    mount_causes,
    propagation_causes,
    storage_causes,
)
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView
from pytest_podshare.diagnosis.symptom import Symptom, is_alike


def find_cause(symptom: Symptom) -> Cause:
    """Return the first cause that explains the symptom."""
    found = (find(symptom) for find in _SEARCHES)
    return next((cause for cause in found if cause), None) or _unknown(symptom)


def find_missing_file(symptom: Symptom) -> Cause | None:
    """Find out whether the writer itself lacks the file, or the folder for it."""
    view, container = symptom.writer, symptom.writer.location.container
    path = view.location.path
    if symptom.is_refused("No such file or directory"):
        end = view.path_entries[-1].path if view.path_entries else "/"
        return Cause(
            "never written",
            f"{container} has no folder {posixpath.dirname(path)}; the path ends at {end}",
            "Check what should create the folder, and when.",
            view.location.blame,
        )
    if not view.path_entries or view.file is not None:
        return None
    folder = _describe_folder(view)
    if symptom.existed:
        return Cause(
            "removed",
            f"{container} itself no longer has {path}; {folder}",
            f"Check what else mounts the volume and deletes files, and what {container} does when"
            " it starts.",
        )
    remedy = "Check the application's configuration and log for what it writes, and where."
    if not is_alike(posixpath.basename(path), *(view.siblings or ())):
        return Cause(
            "unknown",
            f"{container} itself has no file {path}: it was never written, or was deleted;"
            f" {folder}",
            remedy,
        )
    return Cause("never written", f"{container} itself has no file {path}; {folder}", remedy)


def _describe_folder(view: ContainerView) -> str:
    if view.siblings is None:
        return "the folder could not be listed"
    names = ", ".join(view.siblings)
    return f"the folder contains {names}" if names else "the folder is empty"


def _find_missing_file_if_missing(symptom: Symptom) -> Cause | None:
    is_missing = isinstance(symptom.seen, Missing)
    is_missing |= symptom.is_refused("No such file or directory")
    return find_missing_file(symptom) if is_missing else None


def _find_other_content(symptom: Symptom) -> Cause | None:
    source, target = symptom.writer.file, symptom.reader.file
    has_content = isinstance(symptom.seen, (bytes, Content))
    if not has_content or not source or not target or source.inode != target.inode:
        return None
    is_one = source is target
    sees = f"{symptom.writer.location.container} sees" if is_one else "both containers see"
    return Cause(
        "different content",
        f"{sees} the right file, but something has changed its content",
        "Check what else writes to it, and what the Pod's own containers do when they start.",
    )


def _unknown(symptom: Symptom) -> Cause:
    views = dict.fromkeys(_describe(view) for view in symptom.facts.views)
    return Cause("unknown", "; ".join(views))


def _describe(view: ContainerView) -> str:
    """Return everything known about a location."""
    facts = [view.description]
    facts += [str(view.user)] if view.user else []
    facts += [f"mount {view.live_mount}"] if view.live_mount else ["mounts unknown"]
    path = view.location.path
    facts += [f"{view.file} ({view.file.kind})"] if view.file else [f"{path} not found"]
    return f"{view.location.container}: {', '.join(facts)}"


_SEARCHES = (
    lifecycle_causes.find_pod_problem,
    lifecycle_causes.find_stopped,
    propagation_causes.find_not_propagated,
    mount_causes.find_stale_file,
    mount_causes.find_shadowing_mount,
    mount_causes.find_symlink,
    storage_causes.find_different_folder,
    mount_causes.find_different_source,
    storage_causes.find_other_node,
    access_causes.find_permission_denied,
    access_causes.find_read_only,
    access_causes.find_no_space,
    lifecycle_causes.find_restarted,
    _find_missing_file_if_missing,
    _find_other_content,
)
