"""Content of any size, in this machine's real shells."""

import io
import os

import pytest

from pytest_podshare.containers.fileops import operations, streaming
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Refused
from tests.support.local_shell import LocalShell


def test_incomplete_content_does_not_get_the_files_name(shell, tmp_path):
    """A lost connection looks like the end of the content."""

    class Breaking(LocalShell):
        """A shell whose connection breaks silently after the first chunk."""

        def feed(self, script, chunks):
            return super().feed(script, [next(iter(chunks))])

    with Breaking(shell._argv) as breaking:
        chunks = [b"x" * 10, b"y" * 10]
        refused = streaming.write(breaking, f"{tmp_path}/f", chunks, 20, root=str(tmp_path))

    assert refused == Refused("only 10 bytes arrived")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("chunks", [[b"short"], [b"much", b"too", b"long"]])
def test_content_of_an_unexpected_size_is_an_error(shell, tmp_path, chunks):
    """The file changed while it was read, so nothing is written."""
    with pytest.raises(ValueError, match="expected 8 bytes of content, got"):
        streaming.write(shell, f"{tmp_path}/f", chunks, 8, root=str(tmp_path))

    shell.run(b":")
    assert os.listdir(tmp_path) == []


def test_content_is_never_read_as_commands(shell, tmp_path):
    """Not even the rest that a program leaves when it ends early."""
    content = b"\ntouch %s/pwned\n" % bytes(tmp_path) * 5000
    path = str(tmp_path / "none" / "f")

    refused = streaming.write(shell, path, [content], len(content), root=str(tmp_path))
    assert isinstance(refused, Refused)
    assert isinstance(operations.write(shell, path, content), Refused)

    assert shell.run(b"echo on").stdout == b"on\n"
    assert os.listdir(tmp_path) == []


def test_content_is_passed_on_in_chunks(shell, tmp_path):
    """The size and digest are those of all chunks."""
    (tmp_path / "f").write_bytes(b"0123456789" * 100_000)
    copy = io.BytesIO()

    content = streaming.read(shell, f"{tmp_path}/f", copy.write, root=str(tmp_path))

    assert content == Content.from_bytes(copy.getvalue())
    assert len(copy.getvalue()) == 1_000_000
