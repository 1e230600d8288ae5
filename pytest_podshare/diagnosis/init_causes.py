"""Causes that concern containers that have ended: nothing can be inspected in them any more."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pytest_podshare.containers.container import Container
from pytest_podshare.diagnosis import mount_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.wiring.model import Wiring

_CHECK_WRITER = "Check what {} writes, and where: its log, its paths, and its exit code."
_KINDS = {
    "Permission denied": "permission denied",
    "Read-only file system": "read-only",
    "No space left on device": "no space left",
}


def explain_wrong_order(writer: Container, reader: Container) -> Cause:
    """Explain that a container has ended before the one starts that should write for it."""
    remedy = f"Move {writer} before {reader} in initContainers."
    if writer.spec.role == "container":
        remedy = f"Make {writer} a sidecar, with restartPolicy: Always, before {reader}."
    return Cause(
        "wrong order",
        f"{reader} is an init container, and has ended before {writer} starts",
        remedy,
        (reader, None),
    )


def explain_refusal(location: FileLocation, user: str, refusal: str, wiring: Wiring) -> Cause:
    """Explain why an init container could not write or read, by what it printed.

    Args:
        location: the file.
        user: the user and group that it ran as.
        refusal: the message of its shell, perhaps followed by the folder's `ls -ld` line.
        wiring: the Pod's wiring.
    """
    kind = next((kind for words, kind in _KINDS.items() if words in refusal), "unknown")
    remedy = ""
    if kind == "permission denied":
        group = "" if wiring.fs_group is not None else "Set the Pod's fsGroup, or "
        run = "run" if group else "Run"
        remedy = f"{group}{run} {location.container} as a user that may use {location.path}."
    elif kind == "read-only":
        remedy = f"Remove readOnly from this mount of {location.container}."
    text = f"{location.container} ran as {user or 'an unknown user'}: {refusal}"
    return Cause(kind, text, remedy, location.blame)


def explain_nothing_left(writer: Container, reader: FileLocation, folder: str, times: str) -> Cause:
    """Explain why a reader sees nothing that an ended container wrote.

    Args:
        writer: the container that has ended.
        reader: the folder in the container that reads.
        folder: that folder, as the writer sees it.
        times: when the writer ran, and who says so.
    """
    for mount in reader.container.spec.mounts:
        if mount.volume != reader.volume and mount.folder.startswith(f"{reader.path.rstrip('/')}/"):
            cause = mount_causes.explain_shadowed(reader.container, mount, reader.volume)
            text = f"{cause.text}; outside of it, {writer} left nothing"
            return dataclasses.replace(cause, text=text)
    return Cause(
        "nothing left",
        f"{writer} has left nothing in {folder}; {times}",
        _CHECK_WRITER.format(writer),
    )


def explain_missing_file(writer: Container, cause: Cause) -> Cause:
    """Explain that a file is missing that an ended container should have left.

    Args:
        writer: the container that has ended.
        cause: what is known about the file: no other cause.
    """
    return dataclasses.replace(cause, kind="nothing left", remedy=_CHECK_WRITER.format(writer))


def explain_missing(location: FileLocation, seen: Sequence[str]) -> Cause:
    """Explain why an init container did not see a file, by the files that it reported."""
    mount = location.container.spec.covering_mount(location.path)
    if mount is not None and mount.volume != location.volume:
        return mount_causes.explain_shadowed(location.container, mount, location.volume)
    found = f"it found {', '.join(seen)}" if seen else "it found no file of another container"
    return Cause("unknown", f"{location.container} has ended; {found}")


def explain_same_folder(writer: FileLocation, reader: FileLocation) -> Cause:
    """Explain why a container sees a file of another, by the paths of both."""
    return Cause(
        "same folder",
        f"{reader.path} in {reader.container} is what {writer.container} wrote to {writer.path}",
        "Use a different volume or subPath for one of them.",
        reader.blame,
    )
