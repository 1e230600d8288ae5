"""Start order, log rotation, and what remains after a restart."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pytest_podshare.check.rules.container_paths import command_line, mentioned_paths
from pytest_podshare.check.rules.finding import Issue, container_issue, mount_issue, rule
from pytest_podshare.check.rules.heuristics import looks_like_scratch, split_words
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.shared_mounts import find_shared_mount
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
def sidecar_not_awaited(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A sidecar without a startupProbe fills a volume for containers that do not wait for it."""
    for index, sidecar in enumerate(wiring.containers):
        if sidecar.role != "sidecar" or sidecar.post_start or "startupProbe" in sidecar.probes:
            continue
        if _is_reader(sidecar):
            continue
        for mount in sidecar.mounts:
            volume = wiring.volume(mount.volume)
            if volume is None or not _is_first_writer(wiring, volume, mount, index):
                continue
            # the sidecar reads logs, and shares no scratch space
            if split_words(volume.name, mount.path) & {"log", "logs"}:
                continue
            if looks_like_scratch(volume, (mount,)):
                continue
            later = _find_later_reader(wiring, index, mount)
            if later is not None:
                detail = (
                    f" but has no startupProbe: container {later.name!r}, which mounts it too, "
                    "may start before it is filled"
                )
                fix = "Add a startupProbe that checks for the file."
                yield mount_issue(sidecar, mount, detail, fix)


@rule("warning", on_windows=False)
def tail_by_descriptor(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A container runs `tail -f` on another's file, which fails if the file is late or rotated."""
    for container in wiring.containers:
        for options, path in dict.fromkeys(_TAIL.findall(command_line(container))):
            mount = container.covering_mount(path)
            if mount is None or not _BY_DESCRIPTOR.search(options):
                continue
            volume = wiring.volume(mount.volume)
            if volume is None or volume.lifetime is None or not volume.is_written_by_containers:
                continue
            if any(other is not container for other, _ in wiring.mounts_of(mount.volume)):
                detail = (
                    f" and follows {path} with `tail -f`, which exits if the file does not exist "
                    "yet and stays with the old file after a rotation"
                )
                fix = "Use `tail -F`."
                yield mount_issue(container, mount, detail, fix)


@rule("info", on_windows=False)
def socket_left_behind(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A socket in a volume remains when its server crashes, and can block the next start."""
    seen: set[tuple[str, str]] = set()
    for container in wiring.containers:
        for path in mentioned_paths(container):
            mount = container.covering_mount(path) if _SOCKET.search(path) else None
            volume = wiring.volume(mount.volume) if mount else None
            if volume is None or not (volume.starts_empty or volume.is_claim):
                continue
            name = posixpath.basename(path)
            if (volume.name, name) in seen or _is_removed(wiring, name):
                continue
            seen.add((volume.name, name))
            detail = (
                f" uses the socket {path} in volume {volume.name!r}, where it remains if its "
                "server crashes"
            )
            fix = "Make sure that the server removes it before it binds; most servers do."
            yield container_issue(container, detail, fix, path=path)


def _is_reader(sidecar: ContainerSpec) -> bool:
    """Return whether a sidecar seems to ship what other containers write."""
    names = f"{sidecar.name} {posixpath.basename(sidecar.image)}".lower()
    reads = _READS.search(command_line(sidecar))
    return bool(reads) or any(shipper in names for shipper in _SHIPPERS)


def _is_first_writer(wiring: Wiring, volume: VolumeSpec, mount: VolumeMount, index: int) -> bool:
    """Return whether no container before the one at this index can have filled the volume."""
    if not volume.starts_empty or mount.read_only:
        return False
    earlier = (spec.mounts_of(volume.name) for spec in wiring.containers[:index])
    return all(other.read_only for mounts in earlier for other in mounts)


def _find_later_reader(wiring: Wiring, index: int, mount: VolumeMount) -> ContainerSpec | None:
    """Return a later container that shares the mount, a read-only one if possible."""
    sidecar = wiring.containers[index]
    writer: ContainerSpec | None = None
    for container in wiring.containers[index + 1 :]:
        if find_shared_mount(wiring, sidecar.name, container.name, mount.volume) is not None:
            if all(other.read_only for other in container.mounts_of(mount.volume)):
                return container
            writer = writer or container
    return writer


def _is_removed(wiring: Wiring, name: str) -> bool:
    """Return whether a command that mentions the file removes files."""
    commands = map(command_line, wiring.containers)
    return any(name in command and _REMOVES.search(command) for command in commands)
