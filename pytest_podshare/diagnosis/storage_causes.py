"""Causes in what is behind the volumes of two Pods: their claims, and their nodes."""

from __future__ import annotations

import contextlib
import posixpath

from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.diagnosis import mount_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.pods.volume_storage import storage_of, volume_name_of
from pytest_podshare.wiring.model import VolumeMount, VolumeSpec
from pytest_podshare.wiring.storage import Storage

_SHARE = "Use the same claim in both Pods, in one namespace."
_MEET = "Keep both Pods on one node, or use a claim that both nodes can access (ReadWriteMany)."


def explain_separate_pods(writer: Container, reader: Container, volume: str | None) -> Cause:
    """Return why two containers of different Pods share no folder, by the specs of the Pods."""
    mounts = [mount for mount in writer.spec.mounts if volume in (None, mount.volume)]
    written = [mount for mount in mounts if _is_shareable(writer, mount)]
    for mount in written:
        if (cause := _explain_same_storage(writer, mount, reader)) is not None:
            return cause
    for mount in written or mounts:
        spec = writer.pod.wiring.volume(mount.volume)
        if spec is not None and (written or spec.is_written_by_containers):
            return _explain_different_storage(writer, mount, spec, reader)
    return Cause(
        "not mounted",
        f"{writer} mounts no volume {volume!r}"
        if volume
        else f"{writer} mounts no volume that it can write to",
        f"Mount one claim in {writer} and {reader}.",
        (writer, None),
    )


def _is_shareable(container: Container, mount: VolumeMount) -> bool:
    return storage_of(container.pod, mount.volume) is not None


def _explain_same_storage(writer: Container, mount: VolumeMount, reader: Container) -> Cause | None:
    """Explain which folders are mounted if the Pods have a volume of the same storage."""
    storage = storage_of(writer.pod, mount.volume)
    names = [
        volume.name
        for volume in reader.pod.wiring.volumes
        if storage_of(reader.pod, volume.name) == storage
    ]
    for name in names:
        for target in reader.spec.mounts_of(name):
            return mount_causes.explain_different_sub_path(
                mount.volume, (writer, mount.sub_path), (reader, target.sub_path), (reader, target)
            )
    if not names:
        return None
    return Cause(
        "not mounted",
        f"the Pod of {reader} has {storage} as volume {names[0]!r}, but {reader} does not mount it",
        f"Add a volumeMount of {names[0]!r} to {reader}.",
        (reader, None),
    )


def _explain_different_storage(
    writer: Container, mount: VolumeMount, spec: VolumeSpec, reader: Container
) -> Cause:
    storage = storage_of(writer.pod, mount.volume)
    if storage is None:
        return Cause(
            "different volume",
            f"volume {mount.volume!r} of {writer} is {describe_kind(spec)}, and each Pod has its"
            " own",
            _SHARE,
            (writer, mount),
        )
    others = [
        (target, other)
        for target in reader.spec.mounts
        if (other := storage_of(reader.pod, target.volume)) is not None
    ]
    texts = [f"volume {mount.volume!r} of {writer} is {describe(writer, storage)}"]
    texts += [
        f"volume {target.volume!r} of {reader} is {describe(reader, other)}"
        for target, other in others
    ] or [f"{reader} mounts nothing that Pods can share"]
    # a folder of another node can have the same path
    meet = any(storage.is_on_node and other.is_on_node and storage != other for _, other in others)
    blame = (reader, others[0][0]) if others else (reader, None)
    return Cause("different volume", "; ".join(texts), _MEET if meet else _SHARE, blame)


def describe_kind(volume: VolumeSpec) -> str:
    """Return `an emptyDir`, `a csi`, …."""
    return f"{'an' if volume.kind[0] in 'aeiou' else 'a'} {volume.kind}"


def describe(container: Container, storage: Storage) -> str:
    """Return `claim 'uploads' of namespace web (PersistentVolume pvc-…)`, or other storage."""
    if storage.key[0] != "claim":
        return str(storage)
    volume = ""
    with contextlib.suppress(errors.ClusterError):
        volume = volume_name_of(container.pod, storage)
    bound = f" (PersistentVolume {volume})" if volume else ""
    return f"{storage} of namespace {storage.key[1]}{bound}"


def find_same_storage(writer: FileLocation, reader: FileLocation) -> Cause | None:
    """Find out whether the volumes that two Pods have at two locations are the same storage."""
    mount = reader.container.spec.covering_mount(reader.path)
    storage = storage_of(writer.container.pod, writer.volume)
    if mount is None or storage is None or writer.container.pod is reader.container.pod:
        return None
    if storage_of(reader.container.pod, mount.volume) != storage:
        return None
    return Cause(
        "same folder",
        f"volume {writer.volume!r} of {writer.container} and volume {mount.volume!r} of"
        f" {reader.container} are the same: {describe(writer.container, storage)}",
        "Use a claim for each Pod (a StatefulSet's volumeClaimTemplates), or different subPaths.",
        (reader.container, mount),
    )


def find_different_folder(symptom: Symptom) -> Cause | None:
    """Find out whether two Pods on one node have different folders of the same storage."""
    writer, reader = symptom.writer, symptom.reader
    source, target = writer.live_mount, reader.live_mount
    if source is None or target is None or not _has_same_storage(symptom):
        return None
    if symptom.is_on_two_nodes or source.device != target.device:
        return None
    if source.locate(writer.location.path) == target.locate(reader.location.path):
        return None
    parent = posixpath.commonpath([source.root, target.root])
    folders = (posixpath.relpath(root, parent) for root in (source.root, target.root))
    from_folder, to_folder = ("" if folder == "." else folder for folder in folders)
    return mount_causes.explain_different_sub_path(
        writer.location.volume,
        (writer.location.container, from_folder),
        (reader.location.container, to_folder),
        reader.location.blame,
    )


def _has_same_storage(symptom: Symptom) -> bool:
    """Return whether the locations are in volumes of two Pods with the same storage."""
    source, target = symptom.writer.location, symptom.reader.location
    storage = storage_of(source.container.pod, source.volume)
    is_same = storage is not None and storage == storage_of(target.container.pod, target.volume)
    return is_same and source.container.pod is not target.container.pod


def find_other_node(symptom: Symptom) -> Cause | None:
    """Find out whether storage has different content on the nodes of the two Pods."""
    writer, reader = symptom.writer, symptom.reader
    if not symptom.is_on_two_nodes or not _has_same_storage(symptom):
        return None
    if writer.file is None or reader.file is not None or not reader.path_entries:
        return None
    storage = storage_of(writer.location.container.pod, writer.location.volume)
    nodes = [view.location.container.pod.node for view in (writer, reader)]
    return Cause(
        "different volume",
        f"both Pods have {storage}, but {writer.location.container} is on node {nodes[0]},"
        f" {reader.location.container} is on node {nodes[1]}, and only the first has the file",
        "Use storage that both nodes can access (ReadWriteMany), or keep the Pods on one node.",
        reader.location.blame,
    )
