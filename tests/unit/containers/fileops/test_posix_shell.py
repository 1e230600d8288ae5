"""The shell way to write and read files, in the real shells of this machine."""

import io
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_podshare import errors
from pytest_podshare.containers.fileops import content as contents
from pytest_podshare.containers.fileops import path_walk, posix_shell, streaming
from tests.support.local_shell import SHELLS, LocalShell

REAL = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


CONTENTS = [b"", b"-n", b"some data\n", bytes(range(256)), b"%s %d \\n '\"$HOME`id`", b"x" * 70_000]
ODD_NAMES = ["with space", "it's", "-n", "-rf", "$HOME", "ä", "a\nb", "\n", "a\n", "\udcff", "*"]
# what a file may be called: any bytes but NUL and slash
NAMES = (
    st.binary(min_size=1, max_size=80)
    .map(lambda raw: raw.translate(bytes.maketrans(b"\0/", b"_.")))
    .filter(lambda raw: raw not in (b".", b".."))
    .map(os.fsdecode)
)


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: f"{len(content)}-bytes")
def test_what_is_written_is_read(here, tmp_path, content):
    """Any content passes unchanged, and nothing else is left in the folder."""
    path = str(tmp_path / "f")

    assert posix_shell.write(here, path, content) is None

    assert posix_shell.read(here, path) == content
    assert os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_can_be_written(here, tmp_path, name):
    """A name may hold any byte but NUL and slash."""
    path = f"{tmp_path}/{name}"

    assert posix_shell.write(here, path, b"content") is None

    assert posix_shell.read(here, path) == b"content"
    assert posix_shell.find(here, [str(tmp_path)], name) == [path]
    assert posix_shell.remove(here, path) is None
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
@REAL
@given(name=NAMES, content=st.binary(max_size=400), line=st.text("0123456789abcdef", min_size=1))
def test_any_name_and_any_content_pass_every_way(here, tmp_path, name, content, line):
    """Written and read by the shell, streamed, looked for, listed, and seen by Python itself."""
    folder = tempfile.mkdtemp(dir=tmp_path)
    path = f"{folder}/{name}"
    held = contents.of(content)

    assert posix_shell.write(here, path, content) is None
    assert Path(path).read_bytes() == content
    assert posix_shell.read(here, path) == content
    assert streaming.read(here, path, root=folder) == held
    assert streaming.write(here, path, [content], len(content), root=folder) == held
    assert Path(path).read_bytes() == content
    assert os.listdir(folder) == [name] == posix_shell.names_in(here, folder)
    assert posix_shell.find(here, [folder], name) == [path]
    assert posix_shell.write(here, path, line.encode()) is None
    assert posix_shell.read_line(here, path) == line.encode()
    assert path_walk.of_path(here, path)[-1].path == path
    posix_shell.discard(here, path)
    assert posix_shell.names_in(here, folder) == []


@REAL
@example(path="\x80\udcf0\\\udc90\udc80\udc80")
@given(path=NAMES)
def test_a_path_is_spelled_in_ascii_whatever_bytes_it_has(here, path):
    """As it has to be where it is an argument of an exec, which the API takes for UTF-8."""
    script = posix_shell.assigned("p", path)

    assert script.isascii()
    assert here.run(script.encode() + b'\nprintf %s "$p"').stdout == os.fsencode(path)


def test_a_new_file_is_there_at_once_and_nothing_is_left_of_it(here, tmp_path):
    """It has a draft until both are removed."""
    path = str(tmp_path / "new\nname")

    assert posix_shell.create(here, path, b"-n 0\0") is None

    assert posix_shell.read(here, path) == b"-n 0\0"
    posix_shell.discard(here, path)
    assert posix_shell.names_in(here, str(tmp_path)) == []


def test_where_there_are_no_links_a_new_file_is_written_as_any_other(here, tmp_path):
    """A file system may have none, and an image no ln."""
    (tmp_path / "ln").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "ln").chmod(0o755)
    folder = tmp_path / "f"
    folder.mkdir()

    with LocalShell(SHELLS["sh"], path=f"{tmp_path}:{os.environ['PATH']}") as linkless:
        assert posix_shell.create(linkless, f"{folder}/f", b"line") is None
        assert os.listdir(folder) == ["f"]
    assert posix_shell.create(here, f"{folder}/none/f", b"line") == posix_shell.write(
        here, f"{folder}/none/f", b"line"
    )
    assert os.listdir(folder) == ["f"]


def test_a_name_that_looks_like_a_pattern_finds_itself_alone(here, tmp_path):
    """And not what the pattern would match: the control for the search."""
    for name in ("a*", "ab", "a?", "[a]", "a", "a\\*"):
        (tmp_path / name).touch()

    for name in ("a*", "a?", "[a]", "a\\*"):
        assert posix_shell.find(here, [str(tmp_path)], name) == [f"{tmp_path}/{name}"]


def test_a_search_finds_every_file_of_that_name(here, tmp_path):
    """In each folder below those given, be there folders that are missing."""
    for folder in ("a", "a\nb", "c/d"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "f").touch()

    found = posix_shell.find(here, [str(tmp_path), f"{tmp_path}/none", f"{tmp_path}/c"], "f")

    assert found == sorted(f"{tmp_path}/{folder}/f" for folder in ("a", "a\nb", "c/d"))
    assert posix_shell.find(here, [str(tmp_path)], "g") == []


def test_nul_is_in_no_path():
    """A shell would drop it without a word, and take another file."""
    with pytest.raises(ValueError, match="holds NUL"):
        posix_shell.quoted("/v/a\0b")


def test_a_file_that_is_not_there_is_missing(here, tmp_path):
    """Missing is one thing, and not an error."""
    path = str(tmp_path / "f")

    assert posix_shell.read(here, path) == posix_shell.Missing()
    assert streaming.read(here, path, root=str(tmp_path)) == posix_shell.Missing()
    assert posix_shell.lstat(here, path) == posix_shell.Missing()
    assert posix_shell.names_in(here, path) == posix_shell.Missing()
    assert posix_shell.read_line(here, path) == b""


def test_a_folder_is_not_missing(here, tmp_path):
    """Whatever else the reader says is another thing, in its own words."""
    assert posix_shell.read(here, str(tmp_path)) == posix_shell.Refused("Is a directory")
    assert streaming.read(here, str(tmp_path), root=str(tmp_path)) == posix_shell.Refused(
        "Is a directory"
    )


def test_a_file_is_no_folder(here, tmp_path):
    """Nor is it one without names."""
    (tmp_path / "f").touch()

    assert posix_shell.names_in(here, str(tmp_path / "f")) == posix_shell.Refused("Not a directory")
    assert posix_shell.names_in(here, str(tmp_path)) == ["f"]


@pytest.mark.parametrize("held", [b"", b"one\n", b"one\ntwo", b"\n", b"one\n\n"])
def test_only_one_line_without_an_end_is_read_as_such(here, tmp_path, held):
    """The mutated twins of a line: all else has to be asked for in the slow way."""
    (tmp_path / "f").write_bytes(held)

    assert posix_shell.read_line(here, str(tmp_path / "f")) == b""


def test_nothing_of_one_file_is_left_for_the_next(here, tmp_path):
    """A line that was read is forgotten when the next file is not there."""
    (tmp_path / "f").write_bytes(b"  one \\n ")

    assert posix_shell.read_line(here, str(tmp_path / "f")) == b"  one \\n "
    assert posix_shell.read_line(here, str(tmp_path / "g")) == b""


@pytest.mark.parametrize("size", [10, 70_000])
def test_a_write_is_not_put_into_a_folder_of_that_name(here, tmp_path, size):
    """As mv by itself would do."""
    (tmp_path / "folder").mkdir()
    path, content = str(tmp_path / "folder"), b"x" * size

    assert posix_shell.write(here, path, content) == posix_shell.Refused("Is a directory")
    assert streaming.write(here, path, [content], size, root=str(tmp_path)) == posix_shell.Refused(
        "Is a directory"
    )
    assert [each for _, _, names in os.walk(tmp_path) for each in names] == []


def test_a_refused_write_says_why_and_leaves_nothing(here, tmp_path):
    """The reason is the system's own."""
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "f")

    streamed = streaming.write(here, path, [b"x"], 1, root=str(tmp_path))
    for refused in (posix_shell.write(here, path, b"x"), streamed):
        assert isinstance(refused, posix_shell.Refused)
        assert refused.message in (
            "Not a directory",
            "nonexistent directory",
            "Directory nonexistent",
        )
    assert os.listdir(tmp_path) == ["file"]


def test_a_content_that_ends_early_is_not_given_its_name(here, tmp_path):
    """A connection that breaks looks like the end of a content."""

    class Breaking(LocalShell):
        """One whose connection breaks after some bytes, without a word."""

        def feed(self, script, pieces):
            return super().feed(script, [next(iter(pieces))])

    with Breaking(here._argv) as breaking:
        pieces = [b"x" * 10, b"y" * 10]
        refused = streaming.write(breaking, f"{tmp_path}/f", pieces, 20, root=str(tmp_path))

    assert refused == posix_shell.Refused("only 10 bytes came")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("pieces", [[b"short"], [b"much", b"too", b"long"]])
def test_a_content_of_another_size_than_was_said_is_an_error(here, tmp_path, pieces):
    """The file changed while it was read: nothing is written."""
    with pytest.raises(ValueError, match="a content of 8 bytes has"):
        streaming.write(here, f"{tmp_path}/f", pieces, 8, root=str(tmp_path))

    here.run(b":")
    assert os.listdir(tmp_path) == []


def test_content_is_never_taken_for_commands(here, tmp_path):
    """Whatever of it is left by a program that ended early."""
    content = b"\ntouch %s/pwned\n" % bytes(tmp_path) * 5000
    path = str(tmp_path / "none" / "f")

    refused = streaming.write(here, path, [content], len(content), root=str(tmp_path))
    assert isinstance(refused, posix_shell.Refused)
    assert isinstance(posix_shell.write(here, path, content), posix_shell.Refused)

    assert here.run(b"echo on").stdout == b"on\n"
    assert os.listdir(tmp_path) == []


def test_a_content_is_handed_on_in_parts(here, tmp_path):
    """And what the one who takes them raises is not kept back."""
    (tmp_path / "f").write_bytes(b"0123456789" * 100_000)
    into = io.BytesIO()

    held = streaming.read(here, f"{tmp_path}/f", into.write, root=str(tmp_path))

    assert held == contents.of(into.getvalue())
    assert len(into.getvalue()) == 1_000_000


def test_what_a_file_is_can_be_told(here, tmp_path):
    """In the words of pytest-testinfra; of a link, where it leads."""
    (tmp_path / "f").write_bytes(b"12345")
    (tmp_path / "f").chmod(0o4640)
    (tmp_path / "a\nb").symlink_to("no such\nfile")
    os.mkfifo(tmp_path / "pipe")
    known = (tmp_path / "f").stat()

    file, link, pipe, folder = (
        posix_shell.lstat(here, f"{tmp_path}{name}") for name in ("/f", "/a\nb", "/pipe", "")
    )

    assert (file.uid, file.gid, file.mode, file.size) == (known.st_uid, known.st_gid, 0o4640, 5)
    assert file.mtime == int(known.st_mtime)
    assert file.user == Path(tmp_path, "f").owner()
    assert file.group == Path(tmp_path, "f").group()
    assert (file.is_file, file.is_directory, file.is_symlink, file.linked_to) == (
        True,
        False,
        False,
        "",
    )
    assert (link.is_symlink, link.linked_to, link.is_file) == (True, "no such\nfile", False)
    assert (pipe.is_pipe, pipe.is_socket, pipe.kind) == (True, False, stat.S_IFIFO)
    assert (folder.is_directory, folder.is_file) == (True, False)
    assert posix_shell.stat(here, f"{tmp_path}/a\nb") is None
    assert posix_shell.stat(here, f"{tmp_path}/f") == file


def test_the_way_to_a_file_has_links_with_any_names(here, tmp_path):
    """One of several lines would shift all that comes after it."""
    (tmp_path / "folder\nof two").mkdir()
    (tmp_path / "link").symlink_to("folder\nof two")
    (tmp_path / "link" / "f").touch()

    way = path_walk.of_path(here, f"{tmp_path}/link/f")

    assert [each.target for each in way[-2:]] == ["folder\nof two", ""]
    assert [each.kind for each in way[-2:]] == ["symbolic link", "regular empty file"]


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
    refused, path = posix_shell.Refused("Permission denied"), str(tmp_path / "f")
    nobody = ["setpriv", "--reuid=65534", "--clear-groups"]

    with LocalShell(SHELLS["sh"], user=nobody) as shut_out:
        assert posix_shell.read(shut_out, path) == refused
        assert streaming.read(shut_out, path, root=str(tmp_path)) == refused
        assert posix_shell.lstat(shut_out, path) == refused
        assert posix_shell.names_in(shut_out, str(tmp_path)) == refused
        assert posix_shell.write(shut_out, path, b"x") == refused
        assert streaming.write(shut_out, path, [b"x"], 1, root=str(tmp_path)) == refused


@pytest.fixture
def small(tmp_path):
    """A file system of one page."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    mounted = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(tmp_path)]
    if subprocess.run(mounted, capture_output=True).returncode != 0:
        pytest.skip("cannot mount here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("size", [5_000, 100_000])
def test_a_full_file_system_is_named_and_no_draft_stays(here, small, size):
    """A shell's printf says nothing of it, and busybox' head calls it an I/O error."""
    path, full = f"{small}/f", posix_shell.Refused("No space left on device")
    assert posix_shell.write(here, path, b"x" * 4096) is None
    assert posix_shell.remove(here, path) is None

    assert posix_shell.write(here, path, b"x" * size) == full
    assert streaming.write(here, path, [b"x" * size], size, root=str(small)) == full

    assert os.listdir(small) == []


@pytest.mark.parametrize(
    ("tool", "act"),
    [
        ("cat", lambda here, path: posix_shell.read(here, path)),
        ("cat", lambda here, path: streaming.read(here, path, root=path[:-2])),
        ("mv", lambda here, path: posix_shell.write(here, path, b"x")),
        ("head", lambda here, path: streaming.write(here, path, [b"x"], 1, root=path[:-2])),
        ("rm", lambda here, path: posix_shell.remove(here, path)),
        ("stat", lambda here, path: posix_shell.lstat(here, path)),
        ("ls", lambda here, path: posix_shell.names_in(here, path)),
        ("find", lambda here, path: posix_shell.find(here, [path], "f")),
    ],
)
def test_a_missing_tool_is_never_a_missing_file(tmp_path, tool, act):
    """An image without the program says nothing about the volume."""
    bare = LocalShell(SHELLS["sh"], path=tmp_path / "nothing here")

    with bare, pytest.raises(errors.ToolMissing) as caught:
        act(bare, str(tmp_path / "f"))

    first, second = str(caught.value).splitlines()
    assert first == f"The image of here has no usable `{tool}`."
    assert second == f"Use an image with `{tool}`; nothing was learned about the volume."


class WithEphemeral(LocalShell):
    """A shell without programs, and one of an ephemeral container in its place."""

    def __init__(self, path, other):
        super().__init__(SHELLS["sh"], path=path)
        self.other = other

    def use_ephemeral_shell(self):
        """Go on with the other one; refuse where there is none."""
        if isinstance(self.other, Exception):
            raise self.other
        self.run = self.other.run


def test_what_the_image_lacks_an_ephemeral_container_does(tmp_path, here):
    """The question is asked again, and answered."""
    (tmp_path / "f").write_bytes(b"x")

    with WithEphemeral(tmp_path / "nothing here", here) as bare:
        assert posix_shell.read(bare, str(tmp_path / "f")) == b"x"


@pytest.mark.parametrize(("why", "says"), [("None can be had.", " None can be had."), ("", "")])
def test_without_one_the_error_says_why_there_is_none(tmp_path, why, says):
    """After the program that is missing."""
    unavailable = posix_shell.EphemeralContainerUnavailable(why)
    bare = WithEphemeral(tmp_path / "nothing here", unavailable)

    with bare, pytest.raises(errors.ToolMissing) as caught:
        posix_shell.read(bare, str(tmp_path / "f"))

    assert caught.value.what == f"The image of here has no usable `cat`.{says}"


def test_reading_a_line_needs_no_tool(tmp_path):
    """Which is why it is quick."""
    (tmp_path / "f").write_bytes(b"0123")

    with LocalShell(SHELLS["sh"], path=tmp_path / "nothing here") as bare:
        assert posix_shell.read_line(bare, str(tmp_path / "f")) == b"0123"
