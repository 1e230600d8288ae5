"""Volumes that should be shared but are not."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare.check.rules.container_paths import used_paths, used_volumes
from pytest_podshare.check.rules.finding import Issue, Severity, mount_issue, rule, volume_issue
from pytest_podshare.check.rules.heuristics import looks_like_scratch
from pytest_podshare.check.rules.lone_volumes import (
    LoneVolume,
    list_lone_volumes,
    list_near_misses,
)
from pytest_podshare.check.rules.shared_names import suggests_sharing
from pytest_podshare.wiring.folders import is_within
from pytest_podshare.wiring.kubelet_mounts import find_kubelet_mount
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.templates import Template

# folders that many images have
COMMON_FOLDERS = frozenset(
    {"/", "/bin", "/dev", "/etc", "/home", "/lib", "/mnt", "/opt", "/proc", "/root", "/run"}
    | {"/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/local", "/var", "/var/lib", "/var/log"}
    | {"/c:", "/c:/inetpub", "/c:/program files", "/c:/programdata", "/c:/users", "/c:/windows"}
)


@rule("warning")
def unused_volume(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A volume is not mounted by any container."""
    used = used_volumes(wiring)
    unused = [volume for volume in wiring.volumes if volume.name not in used]
    # annotations configure the mounts of injected containers
    annotations = " ".join(map(str, template.annotations.values())) if unused else ""
    for volume in unused:
        if volume.name not in annotations:
            detail = f" ({volume.kind}) is not mounted by any container"
            fix = "Mount it where it is needed, or remove it."
            # the Pod needs no other object for it
            severity: Severity | None = "info" if volume.kind == "emptyDir" else None
            yield volume_issue(volume, detail, fix, severity=severity)


@rule("warning")
def volume_not_shared(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Only one container mounts a volume whose name or path suggests that it is shared."""
    for lone in list_lone_volumes(wiring):
        if _suggests_sharing(wiring, lone):
            fix = f"Mount {lone.volume.name!r} in the container that should share it."
            detail = ", but no other container mounts it"
            yield mount_issue(lone.container, lone.mount, detail, fix)


@rule("info", by_default=False)
def volume_of_one_container(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Only one of several containers mounts an emptyDir that does not look like scratch space."""
    for lone in list_lone_volumes(wiring):
        if lone.container.role == "init" or lone.container.read_only_root:
            continue
        if not _suggests_sharing(wiring, lone):
            fix = "If another container should share it, mount it there as well."
            detail = ", but no other container mounts it"
            yield mount_issue(lone.container, lone.mount, detail, fix)


@rule("warning")
def init_output_unread(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """An init container fills an emptyDir that no later container mounts."""
    for lone in list_lone_volumes(wiring):
        if lone.container.role != "init" or not lone.is_filled or _suggests_sharing(wiring, lone):
            continue
        name = lone.volume.name
        if name not in {first.volume.name for first, _ in list_near_misses(wiring)}:
            fix = f"Mount {name!r} in the container that needs the init container's output."
            detail = ", but no later container mounts it"
            yield mount_issue(lone.container, lone.mount, detail, fix)


@rule("warning")
def volume_near_miss(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Two containers mount two volumes where one shared volume was probably meant."""
    for first, second in list_near_misses(wiring):
        writer = first.container.name
        what = "mounts"
        if first.container.role == "init" and first.is_filled:
            what = "fills"
        detail = (
            f", but container {writer!r} {what} volume {first.volume.name!r} at "
            f"{first.mount.path}: they share nothing"
        )
        yield mount_issue(second.container, second.mount, detail, "Mount the same volume in both.")


@rule("warning")
def consumer_without_mount(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A container mentions a path of a volume that only other containers mount."""
    for container in wiring.containers:
        known = {mount.volume for mount in container.mounts}
        for path in used_paths(wiring, container):
            found = _find_elsewhere(wiring, container, path)
            if found is None or found[1].volume in known:
                continue
            if find_kubelet_mount(template, container, path) is not None:
                continue
            owner, mount = found
            known.add(mount.volume)
            yield Issue(
                f"container {container.name!r} mentions {path}, which is in volume "
                f"{mount.volume!r} in container {owner.name!r}, but does not mount that volume",
                f"Mount {mount.volume!r} at {mount.path} in {container.name!r} as well.",
                container.position,
                container.name,
                mount.volume,
                path,
            )


@rule("warning")
def no_writer(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """An emptyDir stays empty because every container mounts it read-only."""
    for volume in wiring.volumes:
        mounts = wiring.mounts_of(volume.name)
        if not volume.starts_empty or not mounts or not all(mount.read_only for _, mount in mounts):
            continue
        near_misses = {second.volume.name for _, second in list_near_misses(wiring)}
        if volume.name not in near_misses:
            names = ", ".join(dict.fromkeys(repr(container.name) for container, _ in mounts))
            detail = f" is read-only in every container that mounts it ({names}), so it stays empty"
            fix = "Remove `readOnly: true` from the mount of the container that fills it."
            yield volume_issue(volume, detail, fix)


@rule("warning")
def reader_before_writer(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """An init container reads an emptyDir that only later containers fill."""
    for volume in wiring.volumes:
        if not volume.starts_empty:
            continue
        for container, mount in wiring.mounts_of(volume.name):
            if not mount.read_only:
                break
            later = [
                writer.name
                for writer, other in wiring.mounts_of(volume.name)
                if not other.read_only and writer is not container
            ]
            if container.role == "init" and later:
                yield mount_issue(
                    container,
                    mount,
                    f" read-only, but {later[0]!r}, the first container that writes to it, "
                    "starts later",
                    f"Fill the volume before {container.name!r} runs, or run "
                    f"{container.name!r} later.",
                )


@rule("warning")
def termination_message_in_volume(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A termination message is in a shared volume, where other containers see an empty file."""
    for container in wiring.containers:
        path = container.termination_message_path
        mount = container.covering_mount(path) if path else None
        # a mount at the path itself is a finding of hidden-mount
        if mount is None or mount.folder == mount.normalize(path):
            continue
        others = [other for other, _ in wiring.mounts_of(mount.volume) if other is not container]
        if others:
            detail = (
                f" and has its termination message at {path}, where container "
                f"{others[0].name!r} sees an empty file"
            )
            fix = "Set terminationMessagePath to a path outside the volume, or remove it."
            yield mount_issue(container, mount, detail, fix)


def _suggests_sharing(wiring: Wiring, lone: LoneVolume) -> bool:
    return suggests_sharing(wiring, lone.volume, lone.container, lone.mount)


def _find_elsewhere(
    wiring: Wiring, container: ContainerSpec, path: str
) -> tuple[ContainerSpec, VolumeMount] | None:
    """Return another container's mount of a shared volume that contains an unmounted path."""
    if path in COMMON_FOLDERS or container.covering_mount(path) is not None:
        return None
    for other, mount, volume in wiring.declared_mounts:
        if other is container or not mount.covers(path) or mount.folder in COMMON_FOLDERS:
            continue
        if _is_shared_storage(wiring, volume, path) and not looks_like_scratch(volume, (mount,)):
            return other, mount
    return None


def _is_shared_storage(wiring: Wiring, volume: VolumeSpec, path: str) -> bool:
    """Return whether containers share files through a volume, and a path can be one of them."""
    if volume.kind != "hostPath":
        return volume.starts_empty or volume.is_claim
    # it may be a path on the node, such as the --kubelet-registration-path of a CSI driver
    hosts = (str(other.facts.get("path")) for other in wiring.volumes if other.kind == "hostPath")
    return not any(is_within(path, host) for host in hosts)
