"""Paths in a container: which mount holds one, and which ones the container mentions."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator

from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

_PATH = re.compile(r"(?<![\w.:/@$})%*-])/[\w.@+-]+(?:/[\w.@+-]+)*")
_SOCKET_SCHEME = re.compile(r"\bunix:(?://)?(?=/)")


@functools.lru_cache(maxsize=4096)
def normalize(path: str) -> str:
    """Return a path as the kubelet uses it: absolute, without doubled or trailing slashes."""
    return posixpath.normpath("/" + path.strip("/"))


def is_within(path: str, folder: str) -> bool:
    """Return whether a normalized path is a folder or inside that folder."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@functools.lru_cache(maxsize=4096)
def split_sub_path(sub_path: str) -> tuple[str, ...]:
    """Return the names of the folders in a subPath."""
    return tuple(name for name in sub_path.split("/") if name not in ("", "."))


def is_below(parts: tuple[str, ...], folder: tuple[str, ...]) -> bool:
    """Return whether a split subPath is a folder or inside that folder."""
    return parts[: len(folder)] == folder


def overlap(first: VolumeMount, second: VolumeMount) -> bool:
    """Return whether one of two mounts of a volume contains the other."""
    parts, others = split_sub_path(first.sub_path), split_sub_path(second.sub_path)
    return is_below(parts, others) or is_below(others, parts)


def declared_mounts(
    wiring: Wiring,
) -> Iterator[tuple[ContainerSpec, VolumeMount, VolumeSpec]]:
    """Yield all mounts of declared volumes, with their containers and volumes."""
    for container, mount in wiring.mounts():
        volume = wiring.volume(mount.volume)
        if volume is not None:
            yield container, mount, volume


def find_mount(container: ContainerSpec, path: str) -> VolumeMount | None:
    """Return the deepest mount of a container that contains a path; None for none."""
    path = normalize(path)
    holders = [mount for mount in container.mounts if is_within(path, normalize(mount.path))]
    return max(holders, key=lambda mount: len(normalize(mount.path)), default=None)


def command_line(container: ContainerSpec) -> str:
    """Return the command and arguments of a container as one line."""
    return " ".join(container.command)


@functools.lru_cache(maxsize=1024)
def _find_paths(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_PATH.findall(_SOCKET_SCHEME.sub(" ", text))))


def mentioned_paths(container: ContainerSpec) -> Iterator[str]:
    """Yield the absolute paths in the command and the environment of a container."""
    for text in (*container.command, *container.env.values()):
        if "/" in text:
            yield from _find_paths(text)
