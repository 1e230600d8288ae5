"""Mounts that the API server refuses."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules.finding import Remark, of_container, of_mount, rule
from pytest_podshare.wiring.model import ContainerSpec, VolumeDevice, VolumeMount, Wiring

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

_PROPAGATIONS = ("None", "HostToContainer", "Bidirectional")
_RECURSIONS = ("Disabled", "IfPossible", "Enabled")


@rule("error")
def mount_without_volume(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A container mounts a volume that the Pod does not declare."""
    declared = _declared(wiring)
    for container, mount in wiring.mounts():
        if mount.volume not in declared:
            matter = ", which the Pod does not declare"
            yield of_mount(container, mount, matter, _nearest(mount.volume, declared))


@rule("error")
def duplicate_mount_path(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A container mounts two volumes, or one volume twice, at the same path."""
    for container in wiring.containers:
        first: dict[str, VolumeMount] = {}
        for mount in container.mounts:
            other = first.setdefault(mount.path, mount)
            if other is not mount and mount.path:
                where = f" (line {other.position.line})" if other.position else ""
                matter = f", where it mounts {other.volume!r} already{where}"
                yield of_mount(container, mount, matter, "Remove one of them, or move it.")


@rule("error")
def invalid_mount_path(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A mount has an empty mountPath, or the root of the container, where no runtime mounts."""
    for container, mount in wiring.mounts():
        if mount.path and not mount.path.strip("/"):
            yield of_mount(
                container, mount, ", which no runtime mounts over", "Mount it at a folder."
            )
        if not mount.path:
            yield of_mount(
                container, mount, " at an empty path", "Say where in the container: mountPath."
            )


@rule("error")
def invalid_sub_path(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A subPath that is absolute, steps back with `..`, or stands beside a subPathExpr."""
    for container, mount in wiring.mounts():
        if mount.expression and mount.sub_path != mount.expression:
            matter = " with both a subPath and a subPathExpr"
            yield of_mount(container, mount, matter, "Keep one of them.")
        for field, value in (("subPath", mount.sub_path), ("subPathExpr", mount.expression)):
            if field == "subPath" and value == mount.expression:
                continue
            if value.startswith("/"):
                matter = f" with {field} {value!r}, which is absolute"
                fix = f"Write it from the volume's root: {value.lstrip('/')!r}."
                yield of_mount(container, mount, matter, fix)
            if ".." in value.split("/"):
                matter = f" with {field} {value!r}, which steps out with '..'"
                yield of_mount(container, mount, matter, "Name a folder within the volume.")


@rule("error")
def invalid_mount_propagation(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A mountPropagation that there is not, or that only a privileged container may have."""
    for container, mount in wiring.mounts():
        value = mount.propagation
        if value and value not in _PROPAGATIONS:
            matter = f" with mountPropagation {value!r}, which there is not"
            yield of_mount(container, mount, matter, f"Use one of {', '.join(_PROPAGATIONS)}.")
        if value == "Bidirectional" and not container.privileged:
            matter = " with mountPropagation Bidirectional, without being privileged"
            yield of_mount(container, mount, matter, "Use HostToContainer, or leave it out.")


@rule("error")
def invalid_recursive_read_only(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A recursiveReadOnly that there is not, or on a mount that cannot have it."""
    for container, mount in wiring.mounts():
        value = mount.recursive_read_only
        if value and value not in _RECURSIONS:
            matter = f" with recursiveReadOnly {value!r}, which there is not"
            yield of_mount(container, mount, matter, f"Use one of {', '.join(_RECURSIONS)}.")
        if value not in ("Enabled", "IfPossible"):
            continue
        if not mount.read_only:
            matter = f" with recursiveReadOnly {value}, and not readOnly"
            yield of_mount(container, mount, matter, "Add `readOnly: true`.")
        if mount.propagation not in ("", "None"):
            matter = f" with recursiveReadOnly {value} and mountPropagation {mount.propagation}"
            yield of_mount(container, mount, matter, "Remove one of them.")


@rule("error")
def invalid_volume_device(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A block device that is no claim's, is mounted as well, or has no path of its own."""
    declared = _declared(wiring)
    claims = {each.name for each in wiring.volumes if each.is_claim}
    for container in wiring.containers:
        for index, device in enumerate(container.devices):
            for matter, fix in _device_troubles(container, index, declared, claims):
                remark = of_container(container, f" has the device {device.volume!r}", fix)
                yield dataclasses.replace(
                    remark,
                    message=remark.message + matter,
                    at=device.position or container.position,
                    volume=device.volume,
                    path=device.path,
                )


def _device_troubles(
    container: ContainerSpec, index: int, declared: set[str], claims: set[str]
) -> Iterator[tuple[str, str]]:
    device, before = container.devices[index], container.devices[:index]
    mounted: tuple[VolumeMount | VolumeDevice, ...] = (*container.mounts, *before)
    if device.volume not in declared:
        yield ", which the Pod does not declare", _nearest(device.volume, declared)
    elif device.volume not in claims:
        yield ", which is no claim's", "Mount it, or make it of a claim with volumeMode Block."
    if any(each.volume == device.volume for each in mounted):
        yield ", and mounts it as well", "Remove one of them."
    if not device.path:
        yield " at an empty path", "Say where in the container: devicePath."
    elif ".." in device.path.split("/"):
        yield f" at {device.path}, which steps back with '..'", "Write the path without."
    elif any(each.path == device.path for each in mounted):
        yield f" at {device.path}, where something is already", "Move one of them."


@rule("error")
def invalid_file_key(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A variable comes from a file in a volume that is not declared, or is no emptyDir."""
    declared = _declared(wiring)
    for container in wiring.containers:
        for key in container.file_keys:
            volume = wiring.volume(key.volume)
            if volume is not None and volume.kind == "emptyDir":
                continue
            matter = f" takes variable {key.variable!r} from a file in volume {key.volume!r}, "
            matter += "which the Pod does not declare" if volume is None else "which is no emptyDir"
            fix = _nearest(key.volume, declared) if volume is None else "Use an emptyDir."
            remark = of_container(container, matter, fix)
            yield dataclasses.replace(
                remark, at=key.position or container.position, volume=key.volume
            )


def _declared(wiring: Wiring) -> set[str]:
    """The names of the Pod's volumes; a StatefulSet's claims are some as well."""
    return {volume.name for volume in wiring.volumes}


def _nearest(name: str, declared: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(declared), n=1)
    if near:
        return f"Did you mean {near[0]!r}? If not, declare {name!r} under volumes."
    return f"Declare {name!r} under volumes, or remove this."
