"""Causes in mount propagation: a file system in the volume that does not reach a container."""

from __future__ import annotations

import posixpath

from pytest_podshare.containers.container import Container
from pytest_podshare.diagnosis import mount_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.wiring import propagation
from pytest_podshare.wiring.model import VolumeMount

KIND = "not propagated"


def find_not_propagated(symptom: Symptom) -> Cause | None:
    """Find a file system that the writer has in the volume, and the reader has not."""
    writer, reader = symptom.writer, symptom.reader
    mount, other = writer.location.mount, reader.location.mount
    source, target = writer.live_mount, reader.live_mount
    if writer is reader or mount is None or other is None or source is None or target is None:
        return None
    is_declared = propagation.is_sent(mount) or propagation.is_received(other)
    is_nested = mount_causes.is_nested_mount(source, writer, mount)
    if not is_declared or not is_nested or source.device == target.device:
        return None
    point = _find_mount_point(writer, source.path, reader)
    has = "the folder below it"
    if mount_causes.is_nested_mount(target, reader, other):
        has = f"another file system ({target.fs_type})"
    text = (
        f"in {writer.location.container}, a file system ({source.fs_type}) is mounted at"
        f" {source.path}, but {reader.location.container} has {has} at {point}"
    )
    if not propagation.is_sent(mount):
        return explain_not_sent(writer.location.container, mount, f"{text}; ")
    if not propagation.is_received(other):
        return _explain_not_received(reader.location.container, other, f"{text}; ")
    return Cause(
        KIND,
        f"{text}, although both mounts of volume {mount.volume} propagate mounts",
        "Check that the kubelet's folder is a shared mount on the node (findmnt -o PROPAGATION).",
    )


def explain_not_sent(container: Container, mount: VolumeMount, facts: str = "") -> Cause:
    """Explain that a container mounts a volume without propagating mounts to others."""
    return Cause(
        KIND,
        f"{facts}{_describe(container, mount)}, which propagates no mounts to other containers",
        f"Set mountPropagation: Bidirectional on this mount of {container}, and make the container"
        " privileged.",
        (container, mount),
    )


def _explain_not_received(container: Container, mount: VolumeMount, facts: str) -> Cause:
    return Cause(
        KIND,
        f"{facts}{_describe(container, mount)}, which receives no mounts while it runs",
        f"Set mountPropagation: HostToContainer on this mount of {container}.",
        (container, mount),
    )


def _describe(container: Container, mount: VolumeMount) -> str:
    value = mount.propagation
    has = f"with mountPropagation {value}" if value else "without mountPropagation"
    return f"{container} mounts volume {mount.volume} {has}"


def _find_mount_point(writer: ContainerView, path: str, reader: ContainerView) -> str:
    """Return the reader's path of a folder that the writer has above the location."""
    inside = posixpath.relpath(writer.location.path, path)
    return reader.location.path if inside == "." else reader.location.path[: -len(inside) - 1]
