"""Reading and writing one block of a block device, by `dd`, which every image with a shell has."""

from __future__ import annotations

from pytest_podshare.containers.fileops import posix_shell
from pytest_podshare.containers.fileops.posix_shell import (
    Missing,
    Refused,
    Shell,
    quote,
    run_tool,
    with_ephemeral_fallback,
)

# bytes: a sector, the least that a disk writes
SIZE = 512
# reported in place of a tool's own error message
NO_DEVICE = Refused("not a block device")
BEYOND_END = Refused("the block is beyond the end of the device")


@with_ephemeral_fallback
def read(shell: Shell, path: str, index: int) -> bytes | Missing | Refused:
    """Return a block of a device, counted from 0, or why it could not be read."""
    # opening it first gives the reason why it cannot be read in the words of the shell
    script = b"{ dd bs=%d skip=%d count=1 2> /dev/null; } < %s" % (SIZE, index, _name(shell, path))
    done = run_tool(shell, _check(shell, path) + script, "dd")
    if done.returncode != 0:
        return posix_shell.parse_failure(done)
    return done.stdout if len(done.stdout) == SIZE else BEYOND_END


@with_ephemeral_fallback
def write(shell: Shell, path: str, index: int, content: bytes) -> Missing | Refused | None:
    """Write a block of a device, and wait until the device has it.

    Returns:
        None if it was written, else why it was not.
    """
    # `1<>` writes without truncating, and fails if the device cannot be written to
    script = b"{ %s; } | { dd bs=%d seek=%d count=1 conv=notrunc,fsync 2> /dev/null; } 1<> %s"
    script %= posix_shell.print_script(content), SIZE, index, _name(shell, path)
    done = run_tool(shell, _check(shell, path) + script, "dd")
    return None if done.returncode == 0 else posix_shell.parse_failure(done)


def _name(shell: Shell, path: str) -> bytes:
    return quote(shell.resolve_path(path))


def _check(shell: Shell, path: str) -> bytes:
    """Return the script that fails if there is no device, before a shell creates a file there."""
    name = _name(shell, path)
    return (
        b"export LC_ALL=C\n"
        b"if [ ! -e %s ]; then echo 'sh: No such file or directory' >&2; exit 1; fi\n"
        b"if [ ! -b %s ]; then echo 'sh: %s' >&2; exit 1; fi\n"
    ) % (name, name, str(NO_DEVICE).encode())
