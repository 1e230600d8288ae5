"""Guesses from names, paths and commands: what is a file, what is scratch, and who writes."""

from __future__ import annotations

import posixpath
import re

from pytest_podshare.check.rules.container_paths import command_line
from pytest_podshare.wiring.folders import is_below
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

_WORD = re.compile(r"[^A-Za-z0-9]+")
_FILE_SUFFIXES = frozenset(
    {"yaml", "yml", "json", "toml", "ini", "conf", "cfg", "cnf", "properties", "xml", "env"}
    | {"txt", "log", "csv", "crt", "cer", "key", "pem", "p12", "jks", "sh", "py", "js", "php"}
    | {"html", "sql", "db", "sqlite", "sock", "pid", "lock"}
)
_SEGMENT = re.compile(r"[;|&\n]+")
# what precedes a path that is written to
_WRITES = re.compile(
    r">\s*[\"']?$|\b(?:cp|mv|tee|touch|mkdir|install|ln|git|wget|curl|tar|unzip|rsync|dd|chmod|chown)\b"
)

# folders whose content is private to a container
_PRIVATE_FOLDERS = ("/tmp/", "/var/tmp/", "/run/", "/var/run/", "/var/cache/", "/dev/shm/")
_SCRATCH_WORDS = frozenset(
    {"tmp", "temp", "tmpdir", "tempdir", "cache", "caches", "scratch", "run", "shm", "dshm"}
    | {"work", "workdir", "empty", "emptydir", "pid", "pids", "lock", "locks", "spool"}
)


def looks_like_file(path: str) -> bool:
    """Return whether a path has the suffix of a file."""
    stem, dot, suffix = path.rpartition("/")[2].rpartition(".")
    return bool(dot) and suffix.lower() in _FILE_SUFFIXES and bool(stem.strip("."))


def split_words(*texts: str) -> frozenset[str]:
    """Return the words in names and paths, in lower case."""
    return frozenset(word.lower() for text in texts for word in _WORD.split(text) if word)


def looks_like_scratch(volume: VolumeSpec, mounts: tuple[VolumeMount, ...]) -> bool:
    """Return whether a volume is private to one container, by its name or by all of its paths."""
    if names_scratch(volume.name):
        return True
    return bool(mounts) and all(_is_private(mount.folder) for mount in mounts)


def names_scratch(name: str) -> bool:
    """Return whether a name or a path contains a word for scratch space."""
    return bool(split_words(name) & _SCRATCH_WORDS)


def _is_private(path: str) -> bool:
    is_scratch = names_scratch(posixpath.basename(path))
    return is_scratch or f"{path}/".startswith(_PRIVATE_FOLDERS)


def may_write(container: ContainerSpec, mount: VolumeMount) -> bool:
    """Return whether a command writes to a mount, or does not mention it at all."""
    is_mentioned = False
    for segment in _SEGMENT.split(command_line(container)):
        before, found, _ = segment.partition(mount.path or "/")
        if found and _WRITES.search(before):
            return True
        is_mentioned = is_mentioned or bool(found)
    return not is_mentioned


def may_be_filled_before(wiring: Wiring, container: ContainerSpec, mount: VolumeMount) -> bool:
    """Return whether an init container or sidecar before a container can write to its mount."""
    for earlier in wiring.containers:
        if earlier is container or earlier.role == "container":
            return False
        for other in earlier.mounts_of(mount.volume):
            if not other.read_only and is_below(mount.sub_folders, other.sub_folders):
                return True
    return False
