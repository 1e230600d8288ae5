"""The shell way: POSIX sh and the few programs every image with a shell has."""

from __future__ import annotations

import dataclasses
import posixpath
import secrets
import shlex
from collections.abc import Sequence
from typing import Protocol

from pytest_podshare import errors
from pytest_podshare.kube.framing import Completed

# bytes per printf: a command line of a shell may be limited to 128 KiB, and a byte takes four
_PIECE = 16 * 1024
_PAGE = 4096
# what strerror(3) makes of ENOENT in the C locale, in glibc and in musl
_NOT_THERE = "No such file or directory"


class Shell(Protocol):
    """What the probe needs of a container: its name, and a shell."""

    name: str

    def run(self, script: bytes) -> Completed:
        """Run a POSIX shell script."""
        ...


@dataclasses.dataclass(frozen=True)
class Refused:
    """The container may not do it, in the words of its own tools (`Read-only file system`)."""

    message: str

    def __str__(self) -> str:
        return self.message


@dataclasses.dataclass(frozen=True)
class Missing:
    """There is nothing at that path."""

    def __str__(self) -> str:
        return "missing"


def write(shell: Shell, path: str, content: bytes) -> Refused | None:
    """Write a file so that a reader sees all of it or nothing.

    The content goes to a temporary name in the same folder and is renamed, which is atomic only
    within one mount (rename(2)).

    Returns:
        None when it was written, else why it was not.

    Raises:
        ToolMissing: the image has no `mv`.
    """
    target = _quoted(path)
    draft = _quoted(posixpath.join(posixpath.dirname(path), f".podshare-{secrets.token_hex(6)}"))
    pieces = [content[at : at + _PIECE] for at in range(0, len(content), _PIECE)] or [b""]
    lines = [b"set -e", b": > " + draft]
    lines += [b"printf '" + _octal(piece) + b"' >> " + draft for piece in pieces]
    lines += [b"mv " + draft + b" " + target]
    done = _run(shell, b"\n".join(lines), "mv")
    if done.returncode == 0:
        return None
    shell.run(b"rm -f " + draft)
    return Refused(_words(done.stderr))


def fill(shell: Shell, path: str, size: int) -> Refused | None:
    """Write that many zero bytes, rounded up to whole pages, replacing what is there.

    Raises:
        ToolMissing: the image has no `dd`.
    """
    pages = -(-size // _PAGE)
    script = b"LC_ALL=C dd if=/dev/zero of=%s bs=%d count=%d status=none"
    done = _run(shell, script % (_quoted(path), _PAGE, pages), "dd")
    return None if done.returncode == 0 else Refused(_words(done.stderr))


def read(shell: Shell, path: str) -> bytes | Missing | Refused:
    """Read a whole file.

    Returns:
        Its content, or why there is none.

    Raises:
        ToolMissing: the image has no `cat`; says nothing about the file.
    """
    # asking whether it is there would call a file missing that lies in a forbidden folder
    done = _run(shell, b"LC_ALL=C cat " + _quoted(path), "cat")
    if done.returncode == 0:
        return done.stdout
    why = _words(done.stderr)
    return Missing() if why == _NOT_THERE else Refused(why)


def find(shell: Shell, folders: Sequence[str], name: str) -> list[str]:
    """Where a file of that name is below these folders, with its path.

    Raises:
        ToolMissing: the image has no `find`.
    """
    places = b" ".join(_quoted(folder) for folder in folders)
    # a folder that is not there, or may not be entered, holds nothing that could be seen
    script = b"find %s -name %s 2>/dev/null\ncode=$?; [ $code -lt 126 ] || exit $code"
    done = _run(shell, script % (places, _quoted(name)), "find")
    return sorted(set(done.stdout.decode(errors="surrogateescape").splitlines()))


@dataclasses.dataclass(frozen=True)
class Stat:
    """Owner, group and permission bits (with setuid, setgid, sticky) of a file or folder."""

    uid: int
    gid: int
    mode: int


def stat(shell: Shell, path: str) -> Stat | None:
    """Who owns what is at that path, symlinks followed; None if it cannot be told.

    Raises:
        ToolMissing: the image has no `stat`.
    """
    done = _run(shell, b"stat -L -c '%u %g %a' " + _quoted(path), "stat")
    if done.returncode != 0:
        return None
    uid, gid, mode = done.stdout.split()
    return Stat(int(uid), int(gid), int(mode, 8))


def remove(shell: Shell, path: str) -> Refused | None:
    """Remove a file; one that is not there is removed already."""
    done = _run(shell, b"rm -f " + _quoted(path), "rm")
    return None if done.returncode == 0 else Refused(_words(done.stderr))


def _run(shell: Shell, script: bytes, tool: str) -> Completed:
    done = shell.run(script)
    if done.returncode in (126, 127):
        raise errors.ToolMissing(
            f"The image of {shell.name} has no usable `{tool}`: {_words(done.stderr)}",
            f"Use an image with `{tool}`; nothing was learned about the volume.",
        )
    return done


def _octal(content: bytes) -> bytes:
    """The content as a printf format: every byte as an octal escape, which any sh knows."""
    return b"".join(b"\\%03o" % byte for byte in content)


def _quoted(path: str) -> bytes:
    return shlex.quote(path).encode("utf-8", "surrogateescape")


def _words(stderr: bytes) -> str:
    """The reason at the end of `cat: can't open '/x': Permission denied`."""
    return " ".join(stderr.decode(errors="replace").split()).split(": ")[-1] or "no word of why"
