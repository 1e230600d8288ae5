"""What comes first, and what is still there after a restart or a rotation."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules import path_mentions
from pytest_podshare.check.rules.finding import Remark, of_container, of_mount, rule
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.shared_mounts import find_shared_mounts

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

_SHIPPERS = ("fluent", "filebeat", "promtail", "vector", "alloy", "logstash", "otel", "telegraf")
_READS = re.compile(r"\b(?:tail|less|inotifywait)\b")
_TAIL = re.compile(r"\btail\b((?:\s+(?!/)[^\s;|&]+)*)\s+[\"']?(/[^\s;|&\"']+)")
_BY_DESCRIPTOR = re.compile(
    r"(?:^|\s)(?:-[a-zA-EG-Z0-9]*f[a-zA-EG-Z0-9+]*|--follow(?:=descriptor)?)(?=\s|$)"
)
_REMOVES = re.compile(r"\b(?:rm|unlink)\b")
_SOCKET = re.compile(r"\.sock(?:et)?$")


@rule("warning")
def sidecar_not_awaited(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A sidecar fills a volume for containers that start before it has: it has no startupProbe."""
    for index, sidecar in enumerate(wiring.containers):
        if sidecar.role != "sidecar" or sidecar.post_start or "startupProbe" in sidecar.probes:
            continue
        if _is_reader(sidecar):
            continue
        for mount in sidecar.mounts:
            volume = wiring.volume(mount.volume)
            if volume is None or not _is_filled_by(wiring, volume, mount, index):
                continue
            # logs go the other way, and scratch goes nowhere
            if path_mentions.words_of(volume.name, mount.path) & {"log", "logs"}:
                continue
            if path_mentions.is_scratch(volume, (mount,)):
                continue
            after = _first_after(wiring, index, mount)
            if after is not None:
                yield of_mount(
                    sidecar,
                    mount,
                    f" without a startupProbe, and container {after.name!r}, which mounts it too, "
                    "does not wait for what is to be there",
                    "Give the sidecar a startupProbe that looks for the file.",
                )


@rule("warning")
def tail_by_descriptor(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """`tail -f` of a file that another container writes: it loses it when it is rotated or late."""
    for container in wiring.containers:
        for options, path in dict.fromkeys(_TAIL.findall(path_mentions.command(container))):
            mount = path_mentions.holder(container, path)
            if mount is None or not _BY_DESCRIPTOR.search(options):
                continue
            volume = wiring.volume(mount.volume)
            if volume is None or not volume.is_written_by_containers:
                continue
            if any(each is not container for each, _ in wiring.mounts_of(mount.volume)):
                yield of_mount(
                    container,
                    mount,
                    f", and follows {path} by `tail -f`, which ends if it is not there yet and "
                    "stays with the old file when it is rotated",
                    "Use `tail -F`.",
                )


@rule("info")
def socket_left_behind(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A socket in a volume outlives its server's crash, and is in the way of the next."""
    seen: set[tuple[str, str]] = set()
    for container in wiring.containers:
        for path in path_mentions.spoken_of(container):
            mount = path_mentions.holder(container, path) if _SOCKET.search(path) else None
            volume = wiring.volume(mount.volume) if mount else None
            if mount is None or volume is None:
                continue
            if not (volume.starts_empty or volume.is_claim):
                continue
            name = posixpath.basename(path)
            if (volume.name, name) in seen or _removes(wiring, name):
                continue
            seen.add((volume.name, name))
            yield of_container(
                container,
                f" has the socket {path} in volume {volume.name!r}: it is still there when its "
                "server has crashed",
                "Let the server remove it before it binds, as most do.",
                path=path,
            )


def _is_reader(sidecar: ContainerSpec) -> bool:
    """Whether a sidecar looks like one that ships what others write."""
    about = f"{sidecar.name} {posixpath.basename(sidecar.image)}".lower()
    return any(each in about for each in _SHIPPERS) or bool(
        _READS.search(path_mentions.command(sidecar))
    )


def _is_filled_by(wiring: Wiring, volume: VolumeSpec, mount: VolumeMount, index: int) -> bool:
    """Whether nobody can have filled the volume before that container."""
    if not volume.starts_empty or mount.read_only:
        return False
    earlier = wiring.containers[:index]
    return not any(
        not each.read_only for container in earlier for each in container.mounts_of(volume.name)
    )


def _first_after(wiring: Wiring, index: int, mount: VolumeMount) -> ContainerSpec | None:
    """The first container after it that meets it in the volume; one that reads, if there is."""
    sidecar = wiring.containers[index]
    after = [
        each
        for each in wiring.containers[index + 1 :]
        if any(
            meeting.volume.name == mount.volume
            for meeting in find_shared_mounts(wiring, sidecar.name, each.name)
        )
    ]
    readers = [each for each in after if all(m.read_only for m in each.mounts_of(mount.volume))]
    return next(iter((*readers, *after)), None)


def _removes(wiring: Wiring, name: str) -> bool:
    """Whether some command removes a file, and speaks of that one."""
    commands = map(path_mentions.command, wiring.containers)
    return any(name in command and _REMOVES.search(command) for command in commands)
