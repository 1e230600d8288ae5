"""Facts about this machine. Changes nothing; parsing is in pure functions."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

SYS_RESOURCE = 24  # the number of CAP_SYS_RESOURCE in linux/capability.h


def can_grant(capability: int, status: str) -> bool:
    """Return whether the process with this ``/proc/<pid>/status`` can pass on the capability.

    The bounding set decides, and for root the effective set too. An ordinary user's effective set
    is empty on every machine, so it says nothing about the machine.
    """
    fields = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    sets = ["CapBnd"]
    if fields.get("Uid", "").split()[:1] == ["0"]:
        sets.append("CapEff")
    return all(int(fields.get(name, "0"), 16) >> capability & 1 for name in sets)


def has_sys_resource(pid: int | str = "self") -> bool:
    """Return whether the process can start containers with CAP_SYS_RESOURCE (``--privileged``)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # no /proc: not Linux, where engines run in a virtual machine of their own
    return can_grant(SYS_RESOURCE, status)


def pids_of(program: str) -> list[int]:
    """Return the IDs of all visible processes of a program."""
    pids = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().strip() == program:
                pids.append(int(comm.parent.name))
        except OSError:  # the process has ended
            continue
    return pids


def is_root() -> bool:
    """Return whether this process may install packages and start services."""
    return os.geteuid() == 0


def is_debian_like() -> bool:
    """Return whether packages are installed by apt."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-query") is not None


def codename(os_release: str | None = None) -> str:
    """Return the Debian release, such as ``bookworm``, or "" on any other system."""
    text = Path("/etc/os-release").read_text() if os_release is None else os_release
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    return fields.get("VERSION_CODENAME", "") if fields.get("ID") == "debian" else ""


def parse_version(text: str) -> tuple[int, ...]:
    """Return the first version number in a text: ``kind v0.33.0 go1.26`` gives ``(0, 33, 0)``."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def format_version(version: tuple[int, ...]) -> str:
    """Return a version number as text: ``(0, 33, 0)`` gives ``0.33.0``."""
    return ".".join(str(part) for part in version)
