"""Causes in the mounts: what a path is really in, according to the containers' mount tables."""

from __future__ import annotations

import posixpath

from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.containers.fileops.path_walk import PathEntry
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.wiring import propagation
from pytest_podshare.wiring.model import VolumeMount

# the volume and folder of any other mount
_NONE = ("", "")


def find_stale_file(symptom: Symptom) -> Cause | None:
    """Find a mount of a single file whose name another file has now."""
    writer, reader = symptom.writer, symptom.reader
    mount, source = reader.live_mount, writer.live_mount
    if mount is None or mount.path != reader.location.path or writer is reader:
        return None
    is_on_same_device = (
        source is not None and source.device == mount.device and not symptom.is_on_two_nodes
    )
    is_other = writer.file and reader.file and writer.file.inode != reader.file.inode
    if not (mount.root.endswith("//deleted") or (is_other and is_on_same_device)):
        return None
    return Cause(
        "stale file",
        f"{reader.location.container} mounts the single file {posixpath.basename(mount.path)} of"
        f" volume {reader.location.volume} and still sees the file that existed when it started;"
        f" {writer.location.container} has replaced the file by a rename",
        "Mount the folder instead of the file.",
        reader.location.blame,
    )


def find_shadowing_mount(symptom: Symptom) -> Cause | None:
    """Find a mount that hides the file."""
    for view in symptom.facts.views:
        live, mount, container = view.live_mount, view.location.mount, view.location.container
        if live is None or mount is None or not _is_hidden_by(live, view, mount):
            continue
        if _is_propagated(symptom, live, view, mount):
            continue
        for other in container.spec.mounts:
            if other.folder == live.path and other.volume != mount.volume:
                return explain_shadowed(container, other, mount.volume)
        return Cause(
            "shadowed",
            f"in {container}, a file system ({live.fs_type}) is mounted at {live.path} and hides"
            f" what volume {mount.volume} has there; the manifest has no such mount, so"
            f" {container} itself or its runtime created it",
            f"Check what {container} mounts there when it starts.",
        )
    return None


def explain_shadowed(container: Container, mount: VolumeMount, volume: str) -> Cause:
    """Explain that a container mounts another volume over a part of a volume."""
    return Cause(
        "shadowed",
        f"in {container}, volume {mount.volume} is mounted at {mount.folder} and hides what volume"
        f" {volume} has there",
        "Move one of the two mounts to a path outside the other.",
        (container, mount),
    )


def _is_hidden_by(live: MountEntry, view: ContainerView, mount: VolumeMount) -> bool:
    """Return whether a path is in a live mount inside, or on top of, the expected mount."""
    same_path = [entry for entry in view.mount_table if entry.path == mount.folder]
    is_covered = (
        len(same_path) > 1 and same_path[-1].source != same_path[0].source and live is same_path[-1]
    )
    return is_covered or (live.path != mount.folder and mount.covers(live.path))


def is_nested_mount(live: MountEntry, view: ContainerView, mount: VolumeMount) -> bool:
    """Return whether a path is in a live mount in the expected one that the spec does not have."""
    others = [other.folder for other in view.location.container.spec.mounts if other is not mount]
    return _is_hidden_by(live, view, mount) and live.path not in others


def _is_propagated(
    symptom: Symptom, live: MountEntry, view: ContainerView, mount: VolumeMount
) -> bool:
    """Return whether a live mount in the expected one belongs to the volume, and is in all views.

    It hides the same folder in all of them then, as the manifest says.
    """
    devices = {other.live_mount.device for other in symptom.facts.views if other.live_mount}
    is_declared = propagation.has_nested_mounts(symptom.wiring, mount)
    return is_declared and len(devices) == 1 and is_nested_mount(live, view, mount)


def find_different_source(symptom: Symptom) -> Cause | None:
    """Find out whether the two paths are in different folders, according to the live mounts."""
    for view in symptom.facts.views:
        is_on_root = view.live_mount is None or view.live_mount.path == "/"
        if view.mount_table and view.location.mount and is_on_root:
            container, mount = view.location.container, view.location.mount
            return Cause(
                "not mounted",
                f"{view.location} is in {container}'s own root file system, although the spec"
                f" mounts volume {mount.volume} at {mount.path}",
                "Find out what unmounted it.",
                view.location.blame,
            )
    writer, reader = symptom.writer, symptom.reader
    source, target = writer.live_mount, reader.live_mount
    if source is None or target is None or symptom.is_on_two_nodes:
        return None
    paths = writer.location.path, reader.location.path
    if source.locate(paths[0]) == target.locate(paths[1]):
        return None
    (volume, folder), (other, other_folder) = source.volume or _NONE, target.volume or _NONE
    if volume and volume == other and source.device == target.device:
        return explain_different_sub_path(
            volume,
            (writer.location.container, folder),
            (reader.location.container, other_folder),
            reader.location.blame,
        )
    return Cause(
        "different volume",
        f"{writer.location} is in {_describe(source)}, {reader.location} is in {_describe(target)}",
        "Mount the same volume in both containers.",
        reader.location.blame,
    )


def explain_different_sub_path(
    volume: str,
    writer: tuple[Container, str],
    reader: tuple[Container, str],
    blame: tuple[Container, VolumeMount] | None,
) -> Cause:
    """Explain that two containers mount different folders of a volume; "" is its root folder."""
    folders = [
        f"folder {folder!r}" if folder else "the root folder" for _, folder in (writer, reader)
    ]
    return Cause(
        "different subPath",
        f"{writer[0]} mounts {folders[0]} of volume {volume}, but {reader[0]} mounts {folders[1]}",
        "Use the same subPath in both mounts.",
        blame,
    )


def find_symlink(symptom: Symptom) -> Cause | None:
    """Find a symlink on the path that leads out of the volume."""
    for view in symptom.facts.views:
        for link in view.path_entries:
            if (target := _find_target_outside(link, view)) is not None:
                return Cause(
                    "symlink leaves the volume",
                    f"{link.path} in {view.location.container} is a symlink to {link.target};"
                    f" {symptom.reader.location.container} looks for {target} in its own root file"
                    f" system, not in volume {view.location.volume}",
                    "Use a relative symlink that stays inside the volume, or a regular file.",
                )
    return None


def _describe(mount: MountEntry) -> str:
    if mount.path == "/":
        return f"its own root file system ({mount.fs_type})"
    if mount.volume:
        name, folder = mount.volume
        return f"folder {folder!r} of volume {name}" if folder else f"volume {name}"
    return f"a separate file system ({mount.fs_type})"


def _find_target_outside(link: PathEntry, view: ContainerView) -> str | None:
    """Return the target of a symlink in the volume if it is outside the volume."""
    mount = view.location.mount
    if link.kind != "symbolic link" or mount is None or not mount.covers(link.path):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
    return None if mount.covers(target) else target
