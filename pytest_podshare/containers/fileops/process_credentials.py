"""The credentials of processes in a container: /proc/PID/status (proc_pid_status(5))."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from pytest_podshare import errors
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.posix_shell import Shell, quote

# bit of CAP_DAC_OVERRIDE (capabilities(7))
_DAC_OVERRIDE = 1 << 1
_FIELD = re.compile(r"^(Uid|Gid|Groups|CapEff):[ \t]*(.*)$", re.MULTILINE)
# without any tool of the image; each process ends with an empty line
_PRINT = b"""print_status() {
  while read -r line; do
    case $line in Uid:*|Gid:*|Groups:*|CapEff:*) printf '%s\\n' "$line";; esac
  done < "$1"
  echo
}
"""
# the map of a container without a user namespace of its own (user_namespaces(7))
_WHOLE_MAP = "0 0 4294967295"


@dataclasses.dataclass(frozen=True)
class Credentials:
    """What decides about a process's access to files.

    Args:
        user: the IDs that the kernel uses for files.
        ignores_modes: whether it has CAP_DAC_OVERRIDE, so that no mode stops it.
        is_mapped: whether it is in a user namespace, where user IDs are not those of the node.
    """

    user: User
    ignores_modes: bool
    is_mapped: bool = False


def read_credentials(shell: Shell, process: str = "self") -> Credentials:
    """Return the credentials of a process, by default those with which commands run.

    Raises:
        ToolMissing: the container has no /proc.
    """
    script = _PRINT + b"print_status %s && read -r map < %s && echo $map" % (
        quote(shell.resolve_path(f"/proc/{process}/status")),
        quote(shell.resolve_path("/proc/self/uid_map")),
    )
    printed = shell.run(script).stdout.decode(errors="replace")
    status, _, uid_map = printed.partition("\n\n")
    found = next(_parse(status), None)
    if found is None:
        raise errors.ToolMissing(
            f"The user of {shell.name} is unknown, because /proc/{process}/status cannot be read.",
            "Use a container that has /proc",
        )
    return dataclasses.replace(found, is_mapped=uid_map.strip() != _WHOLE_MAP)


def list_credentials(shell: Shell) -> list[Credentials]:
    """Return the different credentials of all processes that the container's shell sees."""
    script = b'for file in /proc/[0-9]*/status; do [ ! -r "$file" ] || print_status "$file"; done'
    printed = shell.run(_PRINT + b"{ " + script + b"; } 2> /dev/null").stdout.decode(
        errors="replace"
    )
    return list(dict.fromkeys(_parse(printed)))


def _parse(printed: str) -> Iterator[Credentials]:
    for process in printed.split("\n\n"):
        fields = dict(_FIELD.findall(process))
        if not {"Uid", "Gid", "CapEff"} <= fields.keys():
            # it has ended meanwhile
            continue
        # the last of four is the ID for files
        uid, gid = (int(fields[key].split()[3]) for key in ("Uid", "Gid"))
        groups = map(int, fields.get("Groups", "").split())
        user = User(uid, tuple(dict.fromkeys((gid, *groups))))
        yield Credentials(user, bool(int(fields["CapEff"], 16) & _DAC_OVERRIDE))
