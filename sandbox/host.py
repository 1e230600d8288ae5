"""Facts about this machine. Reading only; pure functions where there is something to parse."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

SYS_RESOURCE = 24  # the number of CAP_SYS_RESOURCE in linux/capability.h


def can_have(capability: int, status: str) -> bool:
    """Whether a process with this ``/proc/<pid>/status`` can give a child the capability.

    What counts is the bounding set, and for root the effective set too: an ordinary account has
    an empty effective set on every machine, which says nothing about the machine.
    """
    fields = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    sets = ["CapBnd"]
    if fields.get("Uid", "").split()[:1] == ["0"]:
        sets.append("CapEff")
    return all(int(fields.get(name, "0"), 16) >> capability & 1 for name in sets)


def has_sys_resource(pid: int | str = "self") -> bool:
    """Whether the process can start containers with CAP_SYS_RESOURCE, as ``--privileged`` does."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # no /proc: not Linux, and engines there live in a machine of their own
    return can_have(SYS_RESOURCE, status)


def pids_of(program: str) -> list[int]:
    """The running processes of this program, as far as this process can see them."""
    found = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().strip() == program:
                found.append(int(comm.parent.name))
        except OSError:  # it ended meanwhile
            continue
    return found


def is_root() -> bool:
    """Whether this process may install packages and start services."""
    return os.geteuid() == 0


def is_debian_like() -> bool:
    """Whether packages are installed by apt."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-query") is not None


def codename(os_release: str | None = None) -> str:
    """The Debian release, for example ``bookworm``; empty on any other system."""
    text = Path("/etc/os-release").read_text() if os_release is None else os_release
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    return fields.get("VERSION_CODENAME", "") if fields.get("ID") == "debian" else ""


def cgroup_version() -> int:
    """2 where the unified hierarchy is mounted, else 1."""
    return 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1


def version(text: str) -> tuple[int, ...]:
    """The first version number in a text: ``kind v0.33.0 go1.26`` gives ``(0, 33, 0)``."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()
