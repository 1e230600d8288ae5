"""The shell way to write and read files, in the real shells of this machine."""

import os
import shutil
import subprocess

import pytest

from pytest_podshare import errors
from pytest_podshare.kube.framing import Completed
from pytest_podshare.probe import shell

SHELLS = {"sh": ["sh"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}


class Local:
    """A shell of this machine in place of one in a container."""

    def __init__(self, argv, path=None):
        self.name = "here"
        self._argv = argv
        self._path = path

    def run(self, script):
        """Run a script as a session would."""
        environ = {**os.environ, "LANG": "de_DE.UTF-8"}
        if self._path is not None:
            environ["PATH"] = str(self._path)
        done = subprocess.run(self._argv, input=script, capture_output=True, env=environ)
        return Completed(done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=SHELLS)
def here(request):
    """Each kind of shell that this machine has."""
    argv = SHELLS[request.param]
    if shutil.which(argv[0]) is None:
        pytest.skip(f"no {argv[0]} on this machine")
    return Local([shutil.which(argv[0]), *argv[1:]])


CONTENTS = [b"", b"some data\n", bytes(range(256)), b"%s %d \\n '\"$HOME`id`", b"x" * 70_000]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: f"{len(content)}-bytes")
def test_what_is_written_is_read(here, tmp_path, content):
    """Any content passes unchanged, and nothing else is left in the folder."""
    path = str(tmp_path / "f")

    assert shell.write(here, path, content) is None

    assert shell.read(here, path) == content
    assert os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize("name", ["with space", "it's", "-n", "$HOME", "ä", "a\nb", "\udcff"])
def test_any_name_can_be_written(here, tmp_path, name):
    """A name may hold any byte but NUL and slash."""
    path = f"{tmp_path}/{name}"

    assert shell.write(here, path, b"content") is None

    assert shell.read(here, path) == b"content"
    assert shell.remove(here, path) is None
    assert os.listdir(tmp_path) == []


def test_a_file_that_is_not_there_is_missing(here, tmp_path):
    """Missing is one thing, and not an error."""
    assert shell.read(here, str(tmp_path / "f")) == shell.Missing()


def test_a_folder_is_not_missing(here, tmp_path):
    """Whatever else the reader says is another thing, in its own words."""
    assert shell.read(here, str(tmp_path)) == shell.Refused("Is a directory")


def test_a_refused_write_says_why_and_leaves_nothing(here, tmp_path):
    """The reason is the system's own."""
    (tmp_path / "file").touch()

    refused = shell.write(here, str(tmp_path / "file" / "f"), b"x")

    assert isinstance(refused, shell.Refused)
    assert refused.message in ("Not a directory", "nonexistent directory", "Directory nonexistent")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_forbidden_folder_is_not_a_missing_file(tmp_path):
    """Whoever may not look into a folder does not know what is missing there."""
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv on this machine")
    (tmp_path / "f").write_bytes(b"x")
    for folder in (*tmp_path.parents, tmp_path):
        if folder.is_relative_to("/tmp") and folder != folder.parent:
            folder.chmod(0o755)
    tmp_path.chmod(0o700)
    nobody = Local(["setpriv", "--reuid=65534", "--clear-groups", "sh"])

    assert shell.read(nobody, str(tmp_path / "f")) == shell.Refused("Permission denied")


@pytest.mark.parametrize(
    ("tool", "act"),
    [
        ("cat", lambda here, path: shell.read(here, path)),
        ("mv", lambda here, path: shell.write(here, path, b"x")),
        ("rm", lambda here, path: shell.remove(here, path)),
    ],
)
def test_a_missing_tool_is_never_a_missing_file(tmp_path, tool, act):
    """An image without the program says nothing about the volume."""
    bare = Local([shutil.which("sh")], path=tmp_path / "nothing here")

    with pytest.raises(errors.ToolMissing) as caught:
        act(bare, str(tmp_path / "f"))

    first, second = str(caught.value).splitlines()
    assert first.startswith(f"The image of here has no usable `{tool}`: ")
    assert second == f"Use an image with `{tool}`; nothing was learned about the volume."
