"""Quoting, and what happens if an image lacks a tool, in this machine's real shells."""

import os

import pytest
from hypothesis import HealthCheck, example, given, settings

from pytest_podshare import errors
from pytest_podshare.containers.fileops import operations, posix_shell, streaming
from tests.support.file_names import FILE_NAMES
from tests.support.local_shell import SHELLS, LocalShell


@settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(path="\x80\udcf0\\\udc90\udc80\udc80")
@given(path=FILE_NAMES)
def test_a_variable_is_assigned_in_ascii(shell, path):
    """An exec's arguments must be UTF-8, but a path may be any bytes."""
    script = posix_shell.assign_script("p", path)

    assert script.isascii()
    assert shell.run(script.encode() + b'\nprintf %s "$p"').stdout == os.fsencode(path)


def test_a_path_with_nul_is_refused():
    """A shell would drop the NUL silently, and use another file."""
    with pytest.raises(ValueError, match="contains NUL"):
        posix_shell.quote("/v/a\0b")


@pytest.mark.parametrize(
    ("tool", "use"),
    [
        ("cat", lambda shell, path: operations.read(shell, path)),
        ("cat", lambda shell, path: streaming.read(shell, path, root=path[:-2])),
        ("mv", lambda shell, path: operations.write(shell, path, b"x")),
        ("head", lambda shell, path: streaming.write(shell, path, [b"x"], 1, root=path[:-2])),
        ("rm", lambda shell, path: operations.remove(shell, path)),
        ("stat", lambda shell, path: operations.lstat(shell, path)),
        ("ls", lambda shell, path: operations.listdir(shell, path)),
        ("find", lambda shell, path: operations.find(shell, [path], "f")),
    ],
)
def test_a_missing_tool_is_not_a_missing_file(tmp_path, tool, use):
    """An image without the tool says nothing about the volume."""
    bare = LocalShell(SHELLS["sh"], path=tmp_path / "nothing here")

    with bare, pytest.raises(errors.ToolMissing) as caught:
        use(bare, str(tmp_path / "f"))

    first, second = str(caught.value).splitlines()
    assert first == f"The image of here has no usable `{tool}`."
    assert second == f"Use an image with `{tool}`. Nothing was learned about the volume."


class ShellWithFallback(LocalShell):
    """A shell without tools, and the shell of an ephemeral container or why there is none."""

    def __init__(self, path, fallback):
        super().__init__(SHELLS["sh"], path=path)
        self.fallback = fallback

    def use_ephemeral_shell(self):
        """Switch to the other shell, or refuse."""
        if isinstance(self.fallback, Exception):
            raise self.fallback
        self.run = self.fallback.run


def test_an_ephemeral_container_does_what_the_image_cannot(tmp_path, shell):
    """The operation is repeated there."""
    (tmp_path / "f").write_bytes(b"x")

    with ShellWithFallback(tmp_path / "nothing here", shell) as bare:
        assert operations.read(bare, str(tmp_path / "f")) == b"x"


@pytest.mark.parametrize(
    ("reason", "end"), [("None can be started.", " None can be started."), ("", "")]
)
def test_the_error_says_why_there_is_no_ephemeral_container(tmp_path, reason, end):
    """The reason follows the name of the missing tool."""
    unavailable = posix_shell.EphemeralContainerUnavailable(reason)
    bare = ShellWithFallback(tmp_path / "nothing here", unavailable)

    with bare, pytest.raises(errors.ToolMissing) as caught:
        operations.read(bare, str(tmp_path / "f"))

    assert caught.value.what == f"The image of here has no usable `cat`.{end}"
