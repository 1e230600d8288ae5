"""The volumes that containers use, the paths of mounts, and the paths in commands."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from pytest_podshare.wiring.folders import is_below
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, Wiring

_PATH = re.compile(r"(?<![\w.:/@$})%*-])/[\w.@+-]+(?:/[\w.@+-]+)*")
# a single name after a slash is an option there: `cmd /C`
_WINDOWS_PATH = re.compile(
    r"(?<![\w.])[A-Za-z]:[\\/](?:[\w.@+\\/-]*\w)?|(?<![\w.:/])(?:/[\w.@+-]+){2,}"
)
_SOCKET_SCHEME = re.compile(r"\bunix:(?://)?(?=/)")


def overlap(first: VolumeMount, second: VolumeMount) -> bool:
    """Return whether one of two mounts of a volume contains the other."""
    one, other = first.sub_folders, second.sub_folders
    return is_below(one, other) or is_below(other, one)


def used_volumes(wiring: Wiring) -> frozenset[str]:
    """Return the names of the volumes that containers mount, attach, or take variables from."""
    names = {mount.volume for _, mount in wiring.mounts()}
    for container in wiring.containers:
        names.update([device.volume for device in container.devices])
        names.update([key.volume for key in container.file_keys])
    return frozenset(names)


def command_line(container: ContainerSpec) -> str:
    """Return the command and arguments of a container as one line."""
    return " ".join(container.command)


@functools.lru_cache(maxsize=1024)
def _find_paths(text: str, on_windows: bool = False) -> tuple[str, ...]:
    pattern = _WINDOWS_PATH if on_windows else _PATH
    if "unix:" in text:
        text = _SOCKET_SCHEME.sub(" ", text)
    return tuple(dict.fromkeys(pattern.findall(text)))


def mentioned_paths(container: ContainerSpec) -> Iterator[str]:
    """Yield the absolute paths in the command and the environment of a container."""
    for text in (*container.command, *container.env.values()):
        if "/" in text:
            yield from _find_paths(text)


def used_paths(wiring: Wiring, container: ContainerSpec) -> Iterator[str]:
    """Yield the absolute paths that a container mentions, and probably uses itself.

    They are in its command, variables, hooks, probes and workingDir.

    Charts give several containers the same variables. Such a variable only counts if the command
    of the container refers to it.
    """
    texts = list(container.command)
    for name, value in container.env.items():
        if not _is_common(wiring, container, name, value) or re.search(
            rf"\$[({{]?{re.escape(name)}\b", command_line(container)
        ):
            texts.append(value)
    for words in container.exec_commands:
        texts += words
    texts.append(container.working_dir)
    for text in texts:
        if "/" in text or (wiring.on_windows and "\\" in text):
            yield from _find_paths(text, wiring.on_windows)


def _is_common(wiring: Wiring, container: ContainerSpec, name: str, value: str) -> bool:
    """Return whether a variable with a path is that of another container as well."""
    return "/" in value and any(
        other.env.get(name) == value for other in wiring.containers if other is not container
    )
