"""The first bytes of a file, which show that it can be opened and read."""

from __future__ import annotations

from pytest_podshare.containers.fileops import confined, posix_shell
from pytest_podshare.containers.fileops.confined import Root
from pytest_podshare.containers.fileops.posix_shell import (
    Missing,
    Refused,
    Shell,
    run_tool,
    with_ephemeral_fallback,
)

_COUNT = 64


@with_ephemeral_fallback
def read_first(shell: Shell, path: str, *, root: Root) -> bytes | Missing | Refused:
    """Return up to 64 bytes from the start of a file, or why it cannot be read."""
    read = b"head -c %d" % _COUNT
    script = confined.open_script(shell, path, root, read + b" <&3", explain=read + b' "$path"')
    done = run_tool(shell, script, "head")
    return done.stdout if done.returncode == 0 else posix_shell.parse_failure(done)
