"""Identify processes, so that any other process can tell whether they still run."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path

_PROC = Path("/proc")


@dataclasses.dataclass(frozen=True)
class Process:
    """A process, identified beyond the reuse of its ID.

    Args:
        pid: the process ID.
        start_time: when it started, as the kernel reports it; "" if unknown.
        pid_namespace: where the ID is valid: the machine's boot ID and the PID namespace; "" if
            unknown.
    """

    pid: int
    start_time: str
    pid_namespace: str

    @classmethod
    def current(cls) -> Process:
        """Return the calling process."""
        pid = os.getpid()
        return cls(pid, start_time(pid) or "", _pid_namespace())

    def is_running(self) -> bool | None:
        """Return whether it still runs; None if its ID belongs to another machine or container."""
        return is_tag_running(self.tag)

    @property
    def tag(self) -> str:
        """Return the process as a short text for an annotation."""
        return f"{self.pid} {self.start_time} {_digest(self.pid_namespace)}"


def is_tag_running(tag: str) -> bool | None:
    """Return whether the process with that tag still runs; None if it runs elsewhere."""
    pid, _, rest = tag.partition(" ")
    started, _, digest = rest.partition(" ")
    namespace = _pid_namespace()
    if not pid.isascii() or not pid.isdigit() or not namespace or digest != _digest(namespace):
        return None
    return start_time(int(pid)) == started


def start_time(pid: int) -> str | None:
    """Return when a process of this PID namespace started; None if it has ended."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    # the first field is the state: a zombie has ended, and only its parent has not noticed
    return None if fields[0] in "ZX" else fields[19]


def _pid_namespace() -> str:
    try:
        boot_id = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot_id} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _digest(pid_namespace: str) -> str:
    return hashlib.sha256(pid_namespace.encode()).hexdigest()[:16] if pid_namespace else "-"
