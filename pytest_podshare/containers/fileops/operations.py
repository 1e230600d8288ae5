"""File operations, made of POSIX sh and a few tools that every image with a shell has.

With a `root`, which names a mount, an operation fails with `confined.OUTSIDE` instead of following
a symlink out of that mount, even one that another process puts there meanwhile. Without a `root`
it follows every symlink, as the container's own processes do.

An operation raises ToolMissing if the image lacks its tool; then nothing is known about the file.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Mapping, Sequence

from pytest_podshare import errors
from pytest_podshare.containers.fileops import confined, posix_shell
from pytest_podshare.containers.fileops.confined import Root
from pytest_podshare.containers.fileops.draft import Draft
from pytest_podshare.containers.fileops.posix_shell import (
    Missing,
    Refused,
    Shell,
    ShellSession,
    quote,
    run_tool,
    with_ephemeral_fallback,
)
from pytest_podshare.containers.fileops.stat import Stat
from pytest_podshare.kube.exec.protocol import Completed

_PAGE = 4096
# a file whose folder does not exist does not exist either
_NO_FOLDER = (Missing(), Refused("Not a directory"))


@with_ephemeral_fallback
def write(
    shell: ShellSession, path: str, content: bytes, *, root: Root | None = None
) -> Refused | None:
    """Write a file so that a reader sees all of it or nothing.

    The shell prints the content itself; for large content use `streaming`.

    Returns:
        None if the file was written, else why it was not.
    """
    draft = Draft(shell, path, root)
    if (
        root is None
        and len(content) <= posix_shell.CHUNK_SIZE
        and shell.run_inline(draft.inline_script(content)).returncode == 0
    ):
        return None
    # slower, but reports errors
    done = run_tool(shell, draft.write_script(posix_shell.print_script(content)), "mv")
    return None if done.returncode == 0 else draft.discard(done)


def create(shell: ShellSession, path: str, content: bytes) -> Refused | None:
    """Write a small file under a name that is not in use; faster than `write`.

    The draft gets its final name by `ln`, which starts faster than `mv`: that first loads libraries
    for copies between file systems. `discard` removes both names.

    Returns:
        None if the file was written, else why it was not.
    """
    name = shell.resolve_path(path, follow=False)
    draft = quote(_second_name(name))
    script = b"printf '%s' > %s && ln %s %s"
    script %= posix_shell.escape_printf(content), draft, draft, quote(name)
    if shell.run_inline(script).returncode == 0:
        return None
    # no `ln`, a file system without hard links, or an error that `write` can explain
    discard(shell, path)
    return write(shell, path, content)


def discard(shell: ShellSession, path: str) -> None:
    """Remove a file that `create` wrote before the next command runs, without waiting for it."""
    with contextlib.suppress(errors.PodshareError):
        name = shell.resolve_path(path, follow=False)
        shell.enqueue(b"rm -f %s %s" % (quote(name), quote(_second_name(name))))


def _second_name(name: str) -> str:
    folder, base = posixpath.split(name)
    return posixpath.join(folder, f".{base}")


@with_ephemeral_fallback
def write_zeros(shell: Shell, path: str, size: int) -> Refused | None:
    """Write that many zero bytes, rounded up to whole pages, replacing the file's content."""
    pages = -(-size // _PAGE)
    script = b"LC_ALL=C dd if=/dev/zero of=%s bs=%d count=%d status=none"
    done = run_tool(shell, script % (quote(shell.resolve_path(path)), _PAGE, pages), "dd")
    return None if done.returncode == 0 else Refused(posix_shell.parse_reason(done.stderr))


@with_ephemeral_fallback
def read(shell: Shell, path: str, *, root: Root | None = None) -> bytes | Missing | Refused:
    """Read a whole file.

    Returns:
        Its content, or why it could not be read.
    """
    done = shell.run(read_script(shell, path, root))
    return read_failure(shell, done) or done.stdout


def read_script(shell: Shell, path: str, root: Root | None) -> bytes:
    """Return the script that prints a file."""
    if root is not None:
        return confined.open_script(shell, path, root, b"cat <&3", explain=b'cat "$path"')
    # a test of existence first would report a file in a forbidden folder as missing
    return b"LC_ALL=C cat " + quote(shell.resolve_path(path))


def read_failure(shell: Shell, done: Completed) -> Missing | Refused | None:
    """Return why a file could not be printed; None if it was."""
    posix_shell.check_tool(shell, done, "cat")
    return None if done.returncode == 0 else posix_shell.parse_failure(done)


def read_line(shell: ShellSession, path: str) -> bytes:
    """Read a file that consists of one line without a newline, without any tool of the image.

    A shell cannot hold NUL, and gives no reason here if a file cannot be read. If the result is not
    what was expected, use `read`.

    Returns:
        The content; empty if the file has more than one line or does not exist.
    """
    script = b'line=; ! IFS= read -r line < %s && printf %%s "$line"'
    return shell.run_inline(script % quote(shell.resolve_path(path))).stdout


@with_ephemeral_fallback
def find(shell: Shell, folders: Sequence[str], name: str) -> list[str]:
    """Return the paths of all files of a name below these folders."""
    resolved = {shell.resolve_path(folder, follow=False): folder for folder in folders}
    starts = b" ".join(quote(folder) for folder in resolved)
    pattern = quote(re.sub(r"([][*?\\])", r"\\\1", name))
    # a folder that does not exist or cannot be entered has no visible files
    script = b"LC_ALL=C find %s -name %s -print0 2>/dev/null"
    script += b"\ncode=$?; [ $code -lt 126 ] || exit $code"
    done = run_tool(shell, script % (starts, pattern), "find")
    return sorted({_unresolve(path, resolved) for path in posix_shell.split_names(done.stdout)})


@with_ephemeral_fallback
def list_files(shell: Shell, folder: str, *, max_size: int | None = None) -> list[str]:
    """Return the paths of all regular files in a folder, at any depth; symlinks are left out.

    Args:
        shell: the shell.
        folder: the folder, or a single file.
        max_size: leave out larger files; in bytes, rounded up to blocks of 512.
    """
    resolved = shell.resolve_path(folder)
    smaller = b"" if max_size is None else b" -size -%d" % (-(-max_size // 512) + 1)
    # folders that cannot be entered have no visible files
    script = b"LC_ALL=C find -H %s -type f%s -print0 2>/dev/null" % (quote(resolved), smaller)
    script += b"\ncode=$?; [ $code -lt 126 ] || exit $code"
    done = run_tool(shell, script, "find")
    return [_unresolve(path, {resolved: folder}) for path in posix_shell.split_names(done.stdout)]


def _unresolve(path: str, resolved: Mapping[str, str]) -> str:
    """Return the container's name for a path that was found below a resolved folder."""
    parents = [folder for folder in resolved if f"{path}/".startswith(f"{folder.rstrip('/')}/")]
    nearest = max(parents, key=len)
    return resolved[nearest] + path[len(nearest) :]


@with_ephemeral_fallback
def listdir(
    shell: Shell, folder: str, *, root: Root | None = None
) -> list[str] | Missing | Refused:
    """Return the sorted names in a folder, or why it could not be listed."""
    if root is None:
        script = _list_script(quote(shell.resolve_path(folder)))
    else:
        then = _list_script(b"/proc/self/fd/3")
        script = confined.open_script(shell, folder, root, then, explain=b'ls -A "$path/"')
    done = run_tool(shell, script, "ls")
    if done.returncode != 0:
        return posix_shell.parse_failure(done)
    return sorted(posix_shell.split_names(done.stdout))


def _list_script(folder: bytes) -> bytes:
    script = b"LC_ALL=C ls -A %s/ > /dev/null || exit\ncd %s || exit\n" % (folder, folder)
    # ls prints one name per line, which splits a name that contains a newline
    script += b'for name in .* *; do case "$name" in .|..) continue;; esac\n'
    return script + b'if [ -e "$name" ] || [ -L "$name" ]; then printf "%s\\0" "$name"; fi; done'


@with_ephemeral_fallback
def stat(shell: Shell, path: str) -> Stat | None:
    """Return the status of a file, following symlinks; None if it cannot be read."""
    done = run_tool(shell, _stat_script(quote(shell.resolve_path(path)), b"-L"), "stat")
    return Stat.parse(done.stdout) if done.returncode == 0 else None


@with_ephemeral_fallback
def lstat(shell: Shell, path: str, *, root: Root | None = None) -> Stat | Missing | Refused:
    """Return the status of a file or symlink, or why it cannot be read."""

    def print_stat(name: str) -> bytes:
        file = quote(name)
        target = b"if [ -L %s ]; then readlink %s; fi" % (file, file)
        return _stat_script(file) + b" || exit\n" + target

    script = confined.enter_script(shell, path, root, print_stat, explain=b'stat "$path/."')
    done = run_tool(shell, script, "stat")
    return Stat.parse(done.stdout) if done.returncode == 0 else posix_shell.parse_failure(done)


def _stat_script(file: bytes, option: bytes = b"") -> bytes:
    return b"LC_ALL=C stat %s -c '%%u %%g %%f %%s %%Y %%U %%G' %s" % (option, file)


@with_ephemeral_fallback
def remove(shell: Shell, path: str, *, root: Root | None = None) -> Refused | None:
    """Remove a file, unless it does not exist.

    Returns:
        None if the file does not exist any more, else why it could not be removed.
    """
    script = confined.enter_script(shell, path, root, lambda name: b"LC_ALL=C rm -f " + quote(name))
    done = run_tool(shell, script, "rm")
    if done.returncode == 0 or posix_shell.parse_failure(done) in _NO_FOLDER:
        return None
    return Refused(posix_shell.parse_reason(done.stderr))
