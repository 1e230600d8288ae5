"""Causes in the mounts: what a path really lies in, by the containers' own tables."""

from __future__ import annotations

import posixpath

from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.containers.fileops.path_walk import PathEntry
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView, FileLocation
from pytest_podshare.diagnosis.symptom import Symptom, blame, is_inside, volume_of
from pytest_podshare.wiring.model import VolumeMount

_LINK = "symbolic link"


def stale(case: Symptom) -> Cause | None:
    """A single file is mounted, and another one has its name by now."""
    mine, theirs = case.writer, case.reader
    entry = theirs.entry
    if entry is None or entry.path != theirs.place.path or mine is theirs:
        return None
    deleted = entry.root.endswith("//deleted")
    another = bool(mine.file and theirs.file and mine.file.inode != theirs.file.inode)
    if not (deleted or (another and _same_file_system(mine, theirs))):
        return None
    name, volume = posixpath.basename(entry.path), volume_of(theirs)
    return Cause(
        "stale file",
        f"{theirs.place.container} mounts the single file {name} of volume {volume}, and still has"
        f" the one that was there when it started; {mine.place.container} has put another in its"
        " place by rename",
        "Mount the folder instead of the file.",
        blame(theirs),
    )


def shadowed(case: Symptom) -> Cause | None:
    """Another mount lies over it."""
    for view in case.facts.views:
        entry, mount, name = view.entry, view.place.mount, view.place.container
        if entry is None or mount is None or not _hides(entry, view, mount):
            continue
        over = f"is mounted at {entry.path}, over what volume {mount.volume} has there"
        for other in case.wiring.container(str(name)).mounts:
            if other.path == entry.path and other.volume != mount.volume:
                return Cause(
                    "shadowed",
                    f"in {name} volume {other.volume} {over}",
                    "Move one of the two mounts out of the other.",
                    (name, other),
                )
        return Cause(
            "shadowed",
            f"in {name} a {entry.fs_type} {over}; the manifest does not say so: {name} itself or"
            " its runtime has mounted it",
            f"See what {name} mounts there when it starts.",
        )
    return None


def _hides(entry: MountEntry, view: ContainerView, mount: VolumeMount) -> bool:
    """Whether a path lies in something that is mounted within, or over, the mount meant."""
    same = [each for each in view.entries if each.path == mount.path]
    twice = len(same) > 1 and same[-1].source != same[0].source and entry is same[-1]
    return twice or is_inside(entry.path, mount.path)


def elsewhere(case: Symptom) -> Cause | None:
    """The two paths lie in different folders, by the live mounts."""
    for view in case.facts.views:
        if view.entries and view.place.mount and (not view.entry or view.entry.path == "/"):
            return Cause(
                "not mounted",
                f"{view.place} lies in {view.place.container}'s own root file system, although the"
                f" spec mounts volume {view.place.mount.volume} at {view.place.mount.path}",
                "See what unmounted it.",
                blame(view),
            )
    mine, theirs = case.writer.entry, case.reader.entry
    if mine is None or theirs is None:
        return None
    here, there = _source(mine, case.writer.place), _source(theirs, case.reader.place)
    if here == there:
        return None
    same = mine.device == theirs.device and mine.volume and theirs.volume
    if same and mine.volume and theirs.volume and mine.volume[0] == theirs.volume[0]:
        return Cause(
            "different subPath",
            f"{case.writer.place.container} has {_folder(mine)} of volume {mine.volume[0]},"
            f" {case.reader.place.container} has {_folder(theirs)}",
            "Give both mounts the same subPath.",
            blame(case.reader),
        )
    return Cause(
        "another volume",
        f"{case.writer.place} is in {_described(mine)}, {case.reader.place} in"
        f" {_described(theirs)}",
        "Mount the same volume in both.",
        blame(case.reader),
    )


def symlink(case: Symptom) -> Cause | None:
    """A link on the way leads out of the volume."""
    for view in case.facts.views:
        for link in view.way:
            if (to := _leaves(link, view)) is not None:
                reader = case.reader.place.container
                return Cause(
                    "symlink leaves the volume",
                    f"{link.path} of {view.place.container} is a symlink to {link.target}, and"
                    f" {reader} looks for {to} in its own root file system, not in volume"
                    f" {volume_of(view)}",
                    "Link by a relative path within the volume, or write there in place.",
                )
    return None


def _same_file_system(mine: ContainerView, theirs: ContainerView) -> bool:
    return bool(mine.entry and theirs.entry and mine.entry.device == theirs.entry.device)


def _source(entry: MountEntry, place: FileLocation) -> tuple[str, str]:
    """The file's place in its file system, by the mount that it lies in."""
    inside = posixpath.relpath(place.path, entry.path)
    return entry.device, posixpath.normpath(posixpath.join(entry.root, inside))


def _folder(entry: MountEntry) -> str:
    sub = entry.volume[1] if entry.volume else ""
    return f"the folder {sub!r}" if sub else "the whole"


def _described(entry: MountEntry) -> str:
    if entry.path == "/":
        return f"its own root file system ({entry.fs_type})"
    if entry.volume:
        name, folder = entry.volume
        return f"volume {name}" + (f", folder {folder!r}" if folder else "")
    return f"a {entry.fs_type} of its own"


def _leaves(link: PathEntry, view: ContainerView) -> str | None:
    """Where a link in the volume leads, if that is outside of it."""
    mount = view.place.mount
    inside = mount is not None and (link.path == mount.path or is_inside(link.path, mount.path))
    if link.kind != _LINK or not inside or mount is None:
        return None
    to = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
    return None if to == mount.path or is_inside(to, mount.path) else to
