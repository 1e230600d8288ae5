"""Reading and writing files of any size, with only a part of them in memory at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from pytest_podshare.containers.fileops import operations, posix_shell
from pytest_podshare.containers.fileops.confined import Root
from pytest_podshare.containers.fileops.content import Content, HashingWriter
from pytest_podshare.containers.fileops.draft import Draft
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused, ShellSession
from pytest_podshare.kube.exec.protocol import Completed


class _StreamingShell(ShellSession, Protocol):
    """A shell that passes on output and input in chunks."""

    def stream(self, script: bytes, sink: Callable[[bytes], object]) -> Completed:
        """Run a POSIX shell script and pass on its stdout as it arrives."""
        ...

    def feed(self, script: str, chunks: Iterable[bytes]) -> Completed:
        """Run a POSIX shell script that reads these bytes from stdin, but never to the end."""
        ...


@posix_shell.with_ephemeral_fallback
def read(
    shell: _StreamingShell,
    path: str,
    sink: Callable[[bytes], object] | None = None,
    *,
    root: Root,
) -> Content | Missing | Refused:
    """Read a whole file in chunks.

    Args:
        shell: the container's shell.
        path: the file.
        sink: takes the chunks; None to compute the digest only. If it raises, reading ends.
        root: the mount that symlinks must not leave.

    Returns:
        Its size and digest, or why it could not be read. `sink` may have received a part of it by
        then.
    """
    writer = HashingWriter(sink)
    done = shell.stream(operations.read_script(shell, path, root), writer)
    return operations.read_failure(shell, done) or writer.content


def write(
    shell: _StreamingShell, path: str, chunks: Iterable[bytes], size: int, *, root: Root
) -> Content | Refused:
    """Write a file so that a reader sees all of it or nothing.

    The content goes through an exec of its own into a draft, which is renamed once it is complete.

    Args:
        shell: the container's shell.
        path: the file.
        chunks: its content.
        size: the number of bytes in all chunks.
        root: the mount that symlinks must not leave.

    Returns:
        What was written, or why it was not.

    Raises:
        ValueError: the chunks have another size.
    """
    draft, writer = Draft(shell, path, root), HashingWriter()
    fill = draft.fill_script(b"head -c %d" % size).decode("ascii")
    try:
        done = shell.feed(fill, _checked(chunks, size, writer))
        posix_shell.check_tool(shell, done, "head")
        if done.returncode == 0:
            rename = draft.rename_script(lambda file: _check_size_script(file, size))
            done = posix_shell.run_tool(shell, rename, "mv")
    except BaseException:
        operations.discard(shell, draft.path)
        raise
    return writer.content if done.returncode == 0 else draft.discard(done)


def _checked(chunks: Iterable[bytes], size: int, writer: HashingWriter) -> Iterator[bytes]:
    """Yield the chunks; if there are too few, `head` would wait for ever for the rest."""
    for chunk in chunks:
        writer(chunk)
        if writer.size > size:
            break
        yield chunk
    if writer.size != size:
        raise ValueError(
            f"expected {size} bytes of content, got {writer.size}: did it change while it was read?"
        )


def _check_size_script(file: bytes, size: int) -> bytes:
    """Return the script that exits if a file is incomplete: a lost connection looks like its end.

    In every POSIX system, `ls -ln` prints the size as its fifth word, without reading the file.
    """
    words = b"set -f; set -- $(ls -ln %s)\n" % file
    return words + b'[ "$5" = %d ] || { echo "sh: only $5 bytes arrived" >&2; exit 1; }\n' % size
