"""The files below a folder, with the times at which they last changed."""

from __future__ import annotations

import dataclasses
import os
import posixpath
import re
import secrets
import stat as modes

from pytest_podshare.containers.fileops import posix_shell
from pytest_podshare.containers.fileops.posix_shell import (
    Missing,
    Refused,
    Shell,
    quote,
    run_tool,
    with_ephemeral_fallback,
)

# entries that are listed: enough for an application's own files, and read in a moment
LIMIT = 20_000
# seconds: a change gets the time of the last clock tick, of which there are at least 100 a second
TICK = 0.01
_ENTRY = re.compile(rb"([0-9a-f]+) (\d+) (\d+) ([^|\n]*)\|(.*)", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Change:
    """The last change of a file, folder or link: of its content, its mode, its owner or its name.

    Args:
        path: its path.
        earliest: it did not change earlier, in seconds since the epoch.
        latest: it did not change later.
        mode: its type and permissions, as in `st_mode`.
        size: its bytes.
    """

    path: str
    earliest: float
    latest: float
    mode: int
    size: int

    def __str__(self) -> str:
        """Return `the folder /data with mode 0755`; for what is not a regular file."""
        kind = "link" if modes.S_ISLNK(self.mode) else "special file"
        permissions = f"{modes.S_IMODE(self.mode):04o}"
        return f"the {'folder' if self.is_folder else kind} {self.path} with mode {permissions}"

    @property
    def is_file(self) -> bool:
        """Return whether it is a regular file."""
        return modes.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        """Return whether it is a folder."""
        return modes.S_ISDIR(self.mode)


@with_ephemeral_fallback
def list_changes(shell: Shell, path: str) -> list[Change] | Missing | Refused:
    """Return the changes of a folder and of everything below it, or of a single file.

    Other file systems that are mounted below are left out. A change time (ctime) is set by the
    kernel alone: unlike a modification time, `cp -p`, `tar` and `touch` cannot set it.
    """
    # a name may contain a newline, and what follows it must not pass for another entry
    token = secrets.token_hex(8).encode()
    name = quote(shell.resolve_path(path))
    print_stat = b"stat -c '%s %%f %%s %%Z %%z|%%n'" % token
    script = b"LC_ALL=C; TZ=UTC; export LC_ALL TZ\n"
    script += b"if ! [ -d %s ]; then %s %s; exit; fi\n" % (name, print_stat, name)
    # without `find`, or without the permission to list it, a folder would seem to be empty
    # of the two, only `ls` says why
    script += b"ls %s/. > /dev/null && cd %s && %s . || exit\n" % (name, name, print_stat)
    script += b"command -v find > /dev/null || exit 127\n"
    script += b"find . -xdev ! -name . -exec %s {} + 2> /dev/null | head -n %d" % (
        print_stat,
        LIMIT,
    )
    done = run_tool(shell, script, "stat")
    if done.returncode != 0:
        return posix_shell.parse_failure(done)
    found = (
        _ENTRY.fullmatch(entry.removesuffix(b"\n")) for entry in done.stdout.split(token + b" ")
    )
    return [_change(path, *match.groups()) for match in found if match]


def parse_time(seconds: str, text: str) -> tuple[float, float]:
    """Return between which times a time lies that `stat -c '%Z %z'` printed."""
    fraction = re.search(r":\d\d(\.\d+)", text)
    if fraction is None:
        return float(seconds), float(seconds) + 1
    earliest = float(seconds) + float(fraction[1])
    return earliest, earliest + TICK


def _change(folder: str, *fields: bytes) -> Change:
    mode, size, seconds, text, name = (os.fsdecode(field) for field in fields)
    earliest, latest = parse_time(seconds, text)
    # a single file is listed under the path that the shell uses for it
    path = posixpath.normpath(posixpath.join(folder, name)) if name.startswith(".") else folder
    return Change(path, earliest, latest, int(mode, 16), int(size))
