"""Processes, so that one that has ended can be told from one that runs, whoever asks."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path

_PROC = Path("/proc")


@dataclasses.dataclass(frozen=True)
class Process:
    """A process, named so that no later one is taken for it.

    Args:
        pid: its id, which another process may have by now.
        started: when it started, as the kernel tells it; "" where that is not known.
        space: where the id means something: one boot of one machine, one namespace of ids; "" where
            that is not known.
    """

    pid: int
    started: str
    space: str


def this() -> Process:
    """The one that asks."""
    pid = os.getpid()
    return Process(pid, started(pid) or "", space())


def runs(process: Process) -> bool | None:
    """Whether it still runs; None where its id cannot be asked for, as from another container."""
    if not process.space or process.space != space():
        return None
    return started(process.pid) == process.started


def tag(process: Process) -> str:
    """A process in a few words, for objects that others can read."""
    return f"{process.pid} {process.started} {_digest(process.space)}"


def tag_runs(tag: str) -> bool | None:
    """Whether the process of a tag still runs; None where it cannot be asked for."""
    pid, _, rest = tag.partition(" ")
    began, _, where = rest.partition(" ")
    here = space()
    if not pid.isascii() or not pid.isdigit() or not here or where != _digest(here):
        return None
    return started(int(pid)) == began


def started(pid: int) -> str | None:
    """When a process of this space started; None if there is none of that id, or a dead one."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    # its state and its start; a zombie has ended, and waits for its parent to notice
    return None if fields[0] in "ZX" else fields[19]


def space() -> str:
    """This boot of this machine and this namespace of ids; "" where the system does not tell."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _digest(space: str) -> str:
    return hashlib.sha256(space.encode()).hexdigest()[:16] if space else "-"
