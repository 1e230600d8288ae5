"""Volumes that are meant to be shared, and are not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules import path_mentions, similar_names
from pytest_podshare.check.rules.finding import Remark, of_mount, of_volume, rule
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

_MEANT_TO_BE = frozenset(
    {"share", "shared", "sharing", "exchange", "xchange", "common", "handoff", "handover"}
    | {"transfer", "sync", "ipc", "socket", "sockets", "sock", "pipe", "fifo", "mailbox"}
)
# below which many images have a folder of their own
_EVERYWHERE = frozenset(
    {"/", "/bin", "/dev", "/etc", "/home", "/lib", "/mnt", "/opt", "/proc", "/root", "/run"}
    | {"/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/local", "/var", "/var/lib", "/var/log"}
)


@rule("warning")
def unused_volume(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A volume that no container mounts."""
    used = {mount.volume for _, mount in wiring.mounts()}
    for container in wiring.containers:
        used |= {device.volume for device in container.devices}
        used |= {key.volume for key in container.file_keys}
    # an injected container's mounts are asked for there
    told = " ".join(map(str, template.annotations.values()))
    for volume in wiring.volumes:
        if volume.name not in used and volume.name not in told:
            yield of_volume(
                volume,
                f" ({volume.kind}) is mounted by no container",
                "Mount it where it is needed, or remove it.",
            )


@rule("warning")
def volume_not_shared(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A volume that is meant to be shared, by its name or path, and that one container mounts."""
    for volume, container, mount in _lone(wiring):
        if _is_meant_to_be_shared(volume, mount):
            yield of_mount(
                container,
                mount,
                ", and no other container does",
                f"Mount {volume.name!r} in the container that is to share it.",
            )


@rule("info")
def volume_of_one_container(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """An emptyDir that one container among several mounts, and that does not look like scratch."""
    for volume, container, mount in _lone(wiring):
        if container.role == "init" or container.read_only_root:
            continue
        if not _is_meant_to_be_shared(volume, mount):
            yield of_mount(
                container,
                mount,
                ", and no other container does",
                "Mount it in a second one if they are to share it.",
            )


@rule("warning")
def init_output_unread(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """An init container fills an emptyDir that nobody mounts after it."""
    for volume, container, mount in _lone(wiring):
        if (
            container.role != "init"
            or mount.read_only
            or not path_mentions.may_write(container, mount)
        ):
            continue
        if not _is_meant_to_be_shared(volume, mount):
            yield of_mount(
                container,
                mount,
                ", and no container after it does",
                f"Mount {volume.name!r} in the container that needs what the init container made.",
            )


@rule("warning")
def volume_near_miss(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """Two containers each mount a volume of their own, where one volume was meant."""
    lone = sorted(_lone(wiring), key=lambda each: wiring.containers.index(each[1]))
    for (volume, one, mine), (other, two, theirs) in itertools.combinations(lone, 2):
        same_path = path_mentions.normal(mine.path) == path_mentions.normal(theirs.path)
        hands_over = same_path and one.role == "init" and two.role != "init"
        if one is not two and (hands_over or similar_names.is_typo(volume.name, other.name)):
            yield of_mount(
                two,
                theirs,
                f", and container {one.name!r} mounts volume {volume.name!r} at {mine.path}: "
                "they share nothing",
                "Mount one volume in both.",
            )


@rule("warning")
def consumer_without_mount(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A container's command names a path of a volume that only other containers mount."""
    for container in wiring.containers:
        mine = {mount.volume for mount in container.mounts}
        seen: set[str] = set()
        for path in path_mentions.spoken_of(container):
            found = _elsewhere(wiring, container, path)
            if found is None or found[1].volume in mine | seen:
                continue
            owner, mount = found
            seen.add(mount.volume)
            yield Remark(
                f"container {container.name!r} speaks of {path}, which is volume "
                f"{mount.volume!r} in container {owner.name!r} and nothing here",
                f"Mount {mount.volume!r} at {mount.path} in {container.name!r} as well.",
                container.position,
                container.name,
                mount.volume,
                path,
            )


@rule("warning")
def no_writer(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """An emptyDir that every container mounts read-only stays empty."""
    for volume in wiring.volumes:
        mounts = wiring.mounts_of(volume.name)
        if volume.starts_empty and mounts and all(each.read_only for _, each in mounts):
            who = ", ".join(dict.fromkeys(repr(container.name) for container, _ in mounts))
            yield of_volume(
                volume,
                f" is mounted read-only by all that mount it ({who}), so that it stays empty",
                "Remove `readOnly: true` from the mount of the container that fills it.",
            )


@rule("warning")
def reader_before_writer(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """An init container reads an emptyDir that is filled only by containers after it."""
    for volume in wiring.volumes:
        if not volume.starts_empty:
            continue
        for container, mount in wiring.mounts_of(volume.name):
            if not mount.read_only:
                break
            later = [
                each.name
                for each, other in wiring.mounts_of(volume.name)
                if not other.read_only and each is not container
            ]
            if container.role == "init" and later:
                yield of_mount(
                    container,
                    mount,
                    f" read-only, before {later[0]!r} starts, which is the first to write there",
                    f"Put what {container.name!r} needs there before, or move it behind.",
                )


@rule("warning")
def termination_message_in_volume(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A termination message in a shared volume, where the other containers see an empty file."""
    for container in wiring.containers:
        path = container.termination_message_path
        mount = path_mentions.holder(container, path) if path else None
        if mount is None:
            continue
        others = [each for each, _ in wiring.mounts_of(mount.volume) if each is not container]
        if others:
            yield of_mount(
                container,
                mount,
                f", and its termination message is {path}: container {others[0].name!r} "
                "sees an empty file there",
                "Give terminationMessagePath a path of its own, or leave it out.",
            )


def _lone(wiring: Wiring) -> Iterator[tuple[VolumeSpec, ContainerSpec, VolumeMount]]:
    """The emptyDirs that one container among several mounts, but for its scratch space."""
    if len(wiring.containers) < 2:
        return
    keys = {key.volume for container in wiring.containers for key in container.file_keys}
    for volume in wiring.volumes:
        pairs = wiring.mounts_of(volume.name)
        names = {container.name for container, _ in pairs}
        mounts = tuple(mount for _, mount in pairs)
        if not volume.starts_empty or len(names) != 1 or volume.name in keys:
            continue
        # a name that says so counts for more than a path in /run
        is_shared = _is_meant_to_be_shared(volume, mounts[0])
        if not path_mentions.is_scratch(volume, () if is_shared else mounts):
            yield volume, *pairs[0]


def _is_meant_to_be_shared(volume: VolumeSpec, mount: VolumeMount) -> bool:
    return bool(path_mentions.words_of(volume.name, mount.path) & _MEANT_TO_BE)


def _elsewhere(
    wiring: Wiring, container: ContainerSpec, path: str
) -> tuple[ContainerSpec, VolumeMount] | None:
    """Where another container has a shared volume at that path, of a container that has none."""
    if path in _EVERYWHERE or path_mentions.holder(container, path) is not None:
        return None
    for other, mount in wiring.mounts():
        volume = wiring.volume(mount.volume)
        if other is container or volume is None or not volume.starts_empty:
            continue
        at = path_mentions.normal(mount.path)
        if at in _EVERYWHERE or path_mentions.is_scratch(volume, (mount,)):
            continue
        if path_mentions.is_within(path, at):
            return other, mount
    return None
