"""Causes in what a file system refuses: modes and owners, read-only mounts, no space."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pytest_podshare.containers.fileops.path_walk import PathEntry
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView
from pytest_podshare.diagnosis.symptom import Symptom, blame, volume_of
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.model import Wiring

_ENTER, _WRITE, _READ = 1, 2, 4
_VERBS = {_READ: "read", _WRITE: "write", _ENTER: "enter"}


def permission(case: Symptom) -> Cause | None:
    """Who owns what keeps the user out."""
    if not case.refused("Permission denied"):
        return None
    view = case.reader
    who = f"{view.place.container} is {view.user or 'a user that could not be asked for'}"
    barred = _barrier(view, case.writing)
    if barred is None:
        return Cause(
            "permission denied",
            f"{who}, and no mode on the way to {view.place.path} tells why",
            "See SELinux, AppArmor, capabilities and the mount's own options.",
        )
    entry, bits = barred
    return Cause("permission denied", f"{who}; {entry}", _grant(case.wiring, entry, bits))


def _grant(wiring: Wiring, entry: PathEntry, bits: int) -> str:
    """What would let the user in; fsGroup gives a group to the volume, never a mode to a file."""
    one_user = "run both containers as one user"
    missing = bits & ~(entry.mode >> 3)
    if missing:
        verbs = " and ".join(verb for bit, verb in _VERBS.items() if missing & bit)
        wider = entry.mode | bits << 3
        group = "" if wiring.fs_group is not None else " and set the Pod's fsGroup"
        return (
            f"Its mode lets no group {verbs} it: let who makes it give it mode {wider:04o}{group},"
            f" or {one_user}."
        )
    if wiring.fs_group is None:
        return (
            "Set the Pod's fsGroup: both containers then have that group, and what is made in the"
            f" volume belongs to it; or {one_user}."
        )
    return (
        f"Let who makes it leave it the group {wiring.fs_group} of the Pod's fsGroup (it has"
        f" {entry.gid}), or {one_user}."
    )


def _barrier(view: ContainerView, writing: bool) -> tuple[PathEntry, int] | None:
    """The first thing on the way that its mode keeps the user from, and what was needed of it."""
    if view.user is None:
        return None
    for entry, bits in _needed(view, writing):
        if not view.user.is_permitted(bits, entry):
            return entry, bits
    return None


def _needed(view: ContainerView, writing: bool) -> Iterator[tuple[PathEntry, int]]:
    for entry in view.way:
        if entry.path == view.place.path:
            yield entry, _WRITE if writing else _READ
        elif entry.kind == "directory":
            last = entry.path == posixpath.dirname(view.place.path)
            yield entry, _ENTER | _WRITE if writing and last else _ENTER


def read_only(case: Symptom) -> Cause | None:
    """The mount, or the volume, takes no writes."""
    if not case.refused("Read-only file system"):
        return None
    view = case.reader
    mount, entry = view.place.mount, view.entry
    by_spec = mount is not None and mount.read_only
    live = f"; its table of mounts says {entry}" if entry else ""
    return Cause(
        "read-only",
        f"{view.place.container} mounts volume {volume_of(view)} read-only"
        + (" (readOnly: true)" if by_spec else ", though not by readOnly of its mount")
        + live,
        f"Drop readOnly from this mount of {view.place.container}."
        if by_spec
        else "See the volume's source: ConfigMaps, Secrets and images are never writable.",
        blame(view),
    )


def no_space(case: Symptom) -> Cause | None:
    """The file system is full."""
    if not case.refused("No space left on device"):
        return None
    entry, name = case.reader.entry, volume_of(case.reader)
    volume = case.wiring.volume(name)
    if entry is None or entry.size is None:
        what, remedy = "lies in a file system that is full", "Make room on the node."
    else:
        limit = f" (sizeLimit: {volume.size_limit})" if volume and volume.size_limit else ""
        what = f"is a tmpfs of {quantity.format_bytes(entry.size)}{limit}, and full"
        remedy = "Raise its sizeLimit, within the memory limits, or let what fills it remove files."
    return Cause("no space left", f"volume {name} {what}", remedy, blame(case.reader))
