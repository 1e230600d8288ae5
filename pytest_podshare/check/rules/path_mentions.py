"""Paths: which mount holds one, which of them a command speaks of, and what looks like scratch."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator

from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

_PATH = re.compile(r"(?<![\w.:/@$})%*-])/[\w.@+-]+(?:/[\w.@+-]+)*")
_SOCKET_SCHEME = re.compile(r"\bunix:(?://)?(?=/)")
_WORD = re.compile(r"[^A-Za-z0-9]+")
_FILES = frozenset(
    {".yaml", ".yml", ".json", ".toml", ".ini", ".conf", ".cfg", ".cnf", ".properties", ".xml"}
    | {".env", ".txt", ".log", ".csv", ".crt", ".cer", ".key", ".pem", ".p12", ".jks", ".sh"}
    | {".py", ".js", ".php", ".html", ".sql", ".db", ".sqlite", ".sock", ".pid", ".lock"}
)
_SEGMENT = re.compile(r"[;|&\n]+")
# what makes the path after it one that is written to
_WRITES = re.compile(
    r">\s*[\"']?$|\b(?:cp|mv|tee|touch|mkdir|install|ln|git|wget|curl|tar|unzip|rsync|dd|chmod|chown)\b"
)

# folders in which everything is for the container alone
_OWN = ("/tmp", "/var/tmp", "/run", "/var/run", "/var/cache", "/dev/shm")
_SCRATCH = frozenset(
    {"tmp", "temp", "tmpdir", "tempdir", "cache", "caches", "scratch", "run", "shm", "dshm"}
    | {"work", "workdir", "empty", "emptydir", "pid", "pids", "lock", "locks", "spool"}
)


@functools.lru_cache(maxsize=4096)
def normal(path: str) -> str:
    """A path as the kubelet takes it: absolute, without doubled or trailing slashes."""
    return posixpath.normpath("/" + path.strip("/"))


def is_within(path: str, folder: str) -> bool:
    """Whether a normal path is that folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@functools.lru_cache(maxsize=4096)
def parts(sub_path: str) -> tuple[str, ...]:
    """The folders of a subPath."""
    return tuple(each for each in sub_path.split("/") if each not in ("", "."))


def holder(container: ContainerSpec, path: str) -> VolumeMount | None:
    """The mount of the container that a path lies in, the deepest one."""
    holders = [each for each in container.mounts if is_within(normal(path), normal(each.path))]
    return max(holders, key=lambda each: len(normal(each.path)), default=None)


def command(container: ContainerSpec) -> str:
    """What the container runs, in one line."""
    return " ".join(container.command)


@functools.lru_cache(maxsize=1024)
def _paths_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_PATH.findall(_SOCKET_SCHEME.sub(" ", text))))


def spoken_of(container: ContainerSpec) -> Iterator[str]:
    """The absolute paths that its command and its variables name."""
    for text in (*container.command, *container.env.values()):
        if "/" in text:
            yield from _paths_in(text)


def is_file(path: str) -> bool:
    """Whether a path looks like a file's, by its suffix."""
    name = posixpath.basename(path)
    stem, suffix = posixpath.splitext(name)
    return suffix.lower() in _FILES and bool(stem)


def may_write(container: ContainerSpec, mount: VolumeMount) -> bool:
    """Whether its command may write to a mount: it says nothing of it, or writes there."""
    speaks = False
    for segment in _SEGMENT.split(command(container)):
        before, found, _ = segment.partition(mount.path or "/")
        if found and _WRITES.search(before):
            return True
        speaks = speaks or bool(found)
    return not speaks


def before(wiring: Wiring, container: ContainerSpec) -> Iterator[ContainerSpec]:
    """The containers that have started, or ended, before that one starts."""
    for each in wiring.containers:
        if each is container or each.role == "container":
            return
        yield each


def may_fill(container: ContainerSpec, mount: VolumeMount) -> bool:
    """Whether a container may write where that mount is, in the volume."""
    mine = parts(mount.sub_path)
    return any(
        not each.read_only and mine[: len(parts(each.sub_path))] == parts(each.sub_path)
        for each in container.mounts_of(mount.volume)
    )


def words_of(*texts: str) -> frozenset[str]:
    """The words that names and paths are made of."""
    return frozenset(word.lower() for text in texts for word in _WORD.split(text) if word)


def is_scratch(volume: VolumeSpec, mounts: tuple[VolumeMount, ...]) -> bool:
    """Whether a volume looks like one container's own: by its name, or all paths it has."""
    if words_of(volume.name) & _SCRATCH:
        return True
    return bool(mounts) and all(_is_own(mount.path) for mount in mounts)


def _is_own(path: str) -> bool:
    if any(is_within(normal(path), folder) for folder in _OWN):
        return True
    return bool(words_of(posixpath.basename(normal(path))) & _SCRATCH)
