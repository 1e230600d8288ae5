"""Mounts that the API server rejects."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from pytest_podshare.check.rules.container_paths import used_volumes
from pytest_podshare.check.rules.finding import Issue, mount_issue, rule
from pytest_podshare.check.rules.similar_names import is_typo
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, Wiring
from pytest_podshare.wiring.templates import Template

_PROPAGATIONS = ("None", "HostToContainer", "Bidirectional")
_RECURSIONS = ("Disabled", "IfPossible", "Enabled")
_UNDECLARED = ", but the Pod declares no such volume"


@rule("error")
def mount_without_volume(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A container mounts a volume that the Pod does not declare."""
    for container, mount in wiring.mounts():
        if wiring.volume(mount.volume) is None:
            yield mount_issue(container, mount, _UNDECLARED, _suggest(mount.volume, wiring))


@rule("error")
def duplicate_mount_path(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A container has two mounts at the same path."""
    for container in wiring.containers:
        by_path: dict[str, VolumeMount] = {}
        for mount in container.mounts:
            first = by_path.setdefault(mount.path, mount)
            if first is not mount and mount.path:
                line = f" (line {first.position.line})" if first.position else ""
                detail = f", where it already mounts {first.volume!r}{line}"
                yield mount_issue(container, mount, detail, "Remove or move one of them.")


@rule("error")
def invalid_mount_path(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mountPath is empty, or the container's root, where no runtime can mount a volume."""
    for container, mount in wiring.mounts():
        if not mount.path:
            fix = "Set mountPath to a path in the container."
            yield mount_issue(container, mount, " with an empty mountPath", fix)
        elif not mount.path.strip("/"):
            detail = ", where no container runtime can mount a volume"
            yield mount_issue(container, mount, detail, "Mount it at a folder.")


@rule("error")
def invalid_sub_path(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A subPath is absolute, contains `..`, or is combined with a subPathExpr."""
    for container, mount in wiring.sub_path_mounts:
        if mount.expression and mount.sub_path != mount.expression:
            detail = " with both a subPath and a subPathExpr"
            yield mount_issue(container, mount, detail, "Keep one of them.")
        for field, value in (("subPath", mount.sub_path), ("subPathExpr", mount.expression)):
            if field == "subPath" and value == mount.expression:
                continue
            if value.startswith("/"):
                fix = f"Make it relative to the volume: {value.lstrip('/')!r}."
                detail = f" with {field} {value!r}, which is absolute"
                yield mount_issue(container, mount, detail, fix)
            if ".." in value.split("/"):
                detail = f" with {field} {value!r}, which contains '..'"
                yield mount_issue(container, mount, detail, "Name a folder inside the volume.")


@rule("error")
def invalid_mount_propagation(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mountPropagation has an unknown value, or requires a privileged container."""
    for container, mount in wiring.mounts():
        value = mount.propagation
        if value and value not in _PROPAGATIONS:
            detail = f" with mountPropagation {value!r}, which is not a valid value"
            yield mount_issue(container, mount, detail, f"Use one of {', '.join(_PROPAGATIONS)}.")
        if value == "Bidirectional" and not container.privileged:
            detail = " with mountPropagation Bidirectional, but is not privileged"
            fix = "Use HostToContainer, or remove mountPropagation."
            yield mount_issue(container, mount, detail, fix)


@rule("error")
def invalid_recursive_read_only(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A recursiveReadOnly has an unknown value, or is not allowed for its mount."""
    for container, mount in wiring.mounts():
        value = mount.recursive_read_only
        if value and value not in _RECURSIONS:
            detail = f" with recursiveReadOnly {value!r}, which is not a valid value"
            yield mount_issue(container, mount, detail, f"Use one of {', '.join(_RECURSIONS)}.")
        if value not in ("Enabled", "IfPossible"):
            continue
        if not mount.read_only:
            detail = f" with recursiveReadOnly {value}, but without readOnly"
            yield mount_issue(container, mount, detail, "Add `readOnly: true`.")
        if mount.propagation not in ("", "None"):
            detail = f" with recursiveReadOnly {value} and mountPropagation {mount.propagation}"
            yield mount_issue(container, mount, detail, "Remove one of them.")


@rule("error")
def invalid_volume_device(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A block device is not a claim, is also mounted, or has an invalid or duplicate devicePath."""
    for container in wiring.containers:
        for index, device in enumerate(container.devices):
            for detail, fix in _device_issues(wiring, container, index):
                message = f"container {container.name!r} has device {device.volume!r}{detail}"
                yield Issue(
                    message, fix, device.position, container.name, device.volume, device.path
                )


def _device_issues(
    wiring: Wiring, container: ContainerSpec, index: int
) -> Iterator[tuple[str, str]]:
    device, before = container.devices[index], container.devices[:index]
    others = (*container.mounts, *before)
    volume = wiring.volume(device.volume)
    if volume is None:
        yield _UNDECLARED, _suggest(device.volume, wiring)
    elif not volume.is_claim:
        yield ", which is not a claim", "Mount it, or use a claim with volumeMode Block."
    if any(other.volume == device.volume for other in others):
        yield ", which it already uses", "Remove one of them."
    if not device.path:
        yield " with an empty devicePath", "Set devicePath to a path in the container."
    elif ".." in device.path.split("/"):
        yield f" at {device.path}, which contains '..'", "Write the path without '..'."
    elif any(other.path == device.path for other in others):
        yield f" at {device.path}, which is already in use", "Move one of them."


@rule("error")
def invalid_file_key(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A variable comes from a file in a volume that is not an emptyDir, or is not declared."""
    for container in wiring.containers:
        for key in container.file_keys:
            volume = wiring.volume(key.volume)
            if volume is not None and volume.kind == "emptyDir":
                continue
            problem, fix = ", which is not an emptyDir", "Use an emptyDir."
            if volume is None:
                problem, fix = _UNDECLARED, _suggest(key.volume, wiring)
            message = (
                f"container {container.name!r} takes variable {key.variable!r} from a file in "
                f"volume {key.volume!r}{problem}"
            )
            yield Issue(message, fix, key.position, container.name, key.volume)


def _suggest(name: str, wiring: Wiring) -> str:
    declared = sorted({volume.name for volume in wiring.volumes})
    near = difflib.get_close_matches(name, declared, n=len(declared) or 1)
    if not near:
        return f"Declare {name!r} under volumes, or remove this reference."
    # a volume that nothing uses is the one that was meant, unless another differs only by a typo
    used = used_volumes(wiring)
    best = min(near, key=lambda other: (not is_typo(name, other), other in used))
    return f"Did you mean {best!r}? If not, declare {name!r} under volumes."
