"""Causes in what the file system denies: modes and owners, read-only mounts, a full disk."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pytest_podshare.containers.fileops.path_walk import PathEntry
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.model import VolumeSpec, Wiring

_ENTER, _WRITE, _READ = 1, 2, 4
_VERBS = {_READ: "read", _WRITE: "write to", _ENTER: "enter"}


def find_permission_denied(symptom: Symptom) -> Cause | None:
    """Find the file or folder whose owner and mode deny access."""
    if not symptom.is_refused("Permission denied"):
        return None
    view = symptom.reader
    user = f"{view.location.container} runs as {view.user or 'an unknown user'}"
    barrier = _find_barrier(symptom)
    if barrier is None:
        return Cause(
            "permission denied",
            f"{user}, and the modes on the path {view.location.path} do not explain the refusal",
            "Check SELinux, AppArmor, capabilities and the mount options.",
        )
    volume = symptom.wiring.volume(view.location.volume)
    if volume is not None and not volume.is_written_by_containers:
        remedy = _suggest_mode(symptom.wiring, volume)
    else:
        remedy = _suggest_grant(symptom.wiring, *barrier)
    return Cause("permission denied", f"{user}; {barrier[0]}", remedy)


def _suggest_mode(wiring: Wiring, volume: VolumeSpec) -> str:
    """Return a remedy for a volume that only the kubelet fills; fsGroup lets the group read it."""
    field = f"Raise the defaultMode of volume {volume.name}, or the mode of its item"
    if wiring.fs_group is None:
        return f"Set the Pod's fsGroup, whose group the kubelet lets read the files. {field}."
    return f"{field}."


def _suggest_grant(wiring: Wiring, entry: PathEntry, bits: int) -> str:
    """Return a remedy; fsGroup sets the group of a volume's files, but not their mode."""
    same_user = "or run both containers as the same user"
    missing = bits & ~(entry.mode >> 3)
    if missing:
        verbs = " and ".join(verb for bit, verb in _VERBS.items() if missing & bit)
        mode = f"{entry.mode | bits << 3:04o}"
        group = "" if wiring.fs_group is not None else " and set the Pod's fsGroup"
        return (
            f"Create {entry.path} with mode {mode}, so that its group can {verbs} it,{group}"
            f"{',' if group else ''} {same_user}."
        )
    if wiring.fs_group is None:
        return (
            "Set the Pod's fsGroup, so that both containers belong to the group of the volume's"
            f" files, {same_user}."
        )
    return (
        f"Create {entry.path} with group {wiring.fs_group}, the Pod's fsGroup, instead of"
        f" {entry.gid}, {same_user}."
    )


def _find_barrier(symptom: Symptom) -> tuple[PathEntry, int] | None:
    """Return the first entry of the path whose mode denies access, and the mode bits required."""
    view = symptom.reader
    if view.user is None:
        return None
    for entry, bits in _list_required_bits(symptom):
        if not view.user.is_permitted(bits, entry):
            return entry, bits
    return None


def _list_required_bits(symptom: Symptom) -> Iterator[tuple[PathEntry, int]]:
    view, is_write = symptom.reader, symptom.is_write
    for entry in view.path_entries:
        if entry.path == view.location.path:
            # connecting to a socket takes the permission to write to it (unix(7))
            bits = _WRITE if is_write or symptom.is_connection else _READ
            yield entry, bits | _ENTER if entry.kind == "directory" else bits
        elif entry.kind == "directory":
            is_parent = entry.path == posixpath.dirname(view.location.path)
            yield entry, _ENTER | _WRITE if is_write and is_parent else _ENTER


def find_read_only(symptom: Symptom) -> Cause | None:
    """Find out why the file system is read-only."""
    if not symptom.is_refused("Read-only file system"):
        return None
    view, location = symptom.reader, symptom.reader.location
    mounts = f"{location.container} mounts volume {location.volume}"
    live = f"; live mount: {view.live_mount}" if view.live_mount else ""
    if location.mount is not None and location.mount.read_only:
        text = f"{mounts} with readOnly: true"
        remedy = f"Remove readOnly from this mount of {location.container}."
    else:
        text = f"{mounts} read-only, although the volumeMount does not set readOnly"
        remedy = "Check the volume's source: ConfigMaps, Secrets and images are never writable."
    return Cause("read-only", text + live, remedy, location.blame)


def find_no_space(symptom: Symptom) -> Cause | None:
    """Find out which file system is full."""
    if not symptom.is_refused("No space left on device"):
        return None
    live, location = symptom.reader.live_mount, symptom.reader.location
    volume = symptom.wiring.volume(location.volume)
    if live is None or live.size is None:
        text, remedy = "is on a full file system", "Free space on the node."
    else:
        limit = f" (sizeLimit: {volume.size_limit})" if volume and volume.size_limit else ""
        text = f"is a tmpfs of {quantity.format_bytes(live.size)}{limit}, which is full"
        remedy = "Raise its sizeLimit, within the memory limits, or delete files from it."
    return Cause("no space left", f"volume {location.volume} {text}", remedy, location.blame)
