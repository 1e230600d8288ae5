"""Content of any size, in and out of a container, of which only a part is ever at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from pytest_podshare.containers.fileops import confined, posix_shell
from pytest_podshare.containers.fileops.content import Content, HashingWriter
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.kube.exec.protocol import Completed


class Streaming(posix_shell.Session, Protocol):
    """What large content needs of a container: an open shell, and both ways for bytes."""

    def stream(self, script: bytes, to: Callable[[bytes], object]) -> Completed:
        """Run a POSIX shell script and hand on its stdout as it comes."""
        ...

    def feed(self, script: str, pieces: Iterable[bytes]) -> Completed:
        """Run a POSIX shell script that reads these bytes, and knows where they end."""
        ...


@posix_shell.with_ephemeral_fallback
def read(
    container: Streaming,
    path: str,
    to: Callable[[bytes], object] | None = None,
    *,
    root: str,
) -> Content | Missing | Refused:
    """Read a whole file, part by part.

    Args:
        container: where it is.
        path: the file.
        to: takes the parts; None to have the file measured only. What it raises ends the reading.
        root: the path of the mount that no link may lead out of.

    Returns:
        Its size and digest, or why there is none; `to` may have got a part of it by then.

    Raises:
        ToolMissing: the image has no `cat`; says nothing about the file.
    """
    gauge = HashingWriter(to)
    done = container.stream(confined.reading(container, path, root), gauge)
    refused = posix_shell.read_refused(container, done)
    return gauge.content if refused is None else refused


def write(
    container: Streaming, path: str, pieces: Iterable[bytes], size: int, *, root: str
) -> Content | Refused:
    """Write a file so that a reader sees all of it or nothing.

    The content goes through an exec of its own to a temporary name in the same folder, which is
    renamed when all of it is there.

    Args:
        container: where it is to be.
        path: the file.
        pieces: its content.
        size: how many bytes that is.
        root: the path of the mount that no link may lead out of.

    Returns:
        What was written, or why it was not.

    Raises:
        ToolMissing: the image has no `head`, or no `mv`.
        ValueError: the pieces are not of that size.
    """
    draft = posix_shell.draft_of(path)
    gauge = HashingWriter()
    made = confined.entered(container, path, root, confined.drafted(draft, b"head -c %d" % size))
    try:
        done = container.feed(made.decode("ascii"), _measured(pieces, size, gauge))
        posix_shell.check_tool(container, done, "head")
        if done.returncode == 0:
            named = _checked(draft, size) + confined.renamed(draft, path)
            done = posix_shell.run(container, confined.entered(container, path, root, named), "mv")
    except BaseException:
        posix_shell.discard(container, draft)
        raise
    if done.returncode == 0:
        return gauge.content
    return confined.write_refused(container, path, draft, done, root)


def _measured(pieces: Iterable[bytes], size: int, gauge: HashingWriter) -> Iterator[bytes]:
    """The pieces; too few would be waited for without end, too many would be cut off."""
    for piece in pieces:
        gauge(piece)
        if gauge.size > size:
            break
        yield piece
    if gauge.size != size:
        raise ValueError(f"a content of {size} bytes has {gauge.size}: did it change meanwhile?")


def _checked(draft: str, size: int) -> bytes:
    """The script that goes on if a draft is whole: a connection that breaks looks like an end.

    `ls -ln` has the size in its fifth word in every POSIX system, and does not read the file.
    """
    words = b"set -f; set -- $(ls -ln %s)\n" % posix_shell.quoted(confined.here(draft))
    return words + b'[ "$5" = %d ] || { echo "sh: only $5 bytes came" >&2; exit 1; }\n' % size
