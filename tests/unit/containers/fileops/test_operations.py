"""File operations, in this machine's real shells."""

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_podshare.containers.fileops import operations, path_walk, streaming
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from tests.support.file_names import FILE_NAMES
from tests.support.local_shell import SHELLS, LocalShell

CONTENTS = [b"", b"-n", b"some data\n", bytes(range(256)), b"%s %d \\n '\"$HOME`id`", b"x" * 70_000]
ODD_NAMES = ["with space", "it's", "-n", "-rf", "$HOME", "ä", "a\nb", "\n", "a\n", "\udcff", "*"]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: f"{len(content)}-bytes")
def test_what_is_written_is_read(shell, tmp_path, content):
    """Any content arrives unchanged, and nothing else is left in the folder."""
    path = str(tmp_path / "f")

    assert operations.write(shell, path, content) is None

    assert operations.read(shell, path) == content
    assert os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_can_be_written(shell, tmp_path, name):
    """A name may contain any byte but NUL and slash."""
    path = f"{tmp_path}/{name}"

    assert operations.write(shell, path, b"content") is None

    assert operations.read(shell, path) == b"content"
    assert operations.find(shell, [str(tmp_path)], name) == [path]
    assert operations.remove(shell, path) is None
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
@settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=FILE_NAMES, data=st.binary(max_size=400), line=st.text("0123456789abcdef", min_size=1))
def test_every_operation_takes_any_name_and_any_content(shell, tmp_path, name, data, line):
    """Python itself sees the same."""
    folder = tempfile.mkdtemp(dir=tmp_path)
    path = f"{folder}/{name}"
    content = Content.from_bytes(data)

    assert operations.write(shell, path, data) is None
    assert Path(path).read_bytes() == data
    assert operations.read(shell, path) == data
    assert streaming.read(shell, path, root=folder) == content
    assert streaming.write(shell, path, [data], len(data), root=folder) == content
    assert Path(path).read_bytes() == data
    assert os.listdir(folder) == [name] == operations.listdir(shell, folder)
    assert operations.find(shell, [folder], name) == [path]
    assert operations.write(shell, path, line.encode()) is None
    assert operations.read_line(shell, path) == line.encode()
    assert path_walk.walk(shell, path)[-1].path == path
    operations.discard(shell, path)
    assert operations.listdir(shell, folder) == []


def test_a_created_file_has_its_content_and_can_be_discarded(shell, tmp_path):
    """Its draft is removed with it."""
    path = str(tmp_path / "new\nname")

    assert operations.create(shell, path, b"-n 0\0") is None

    assert operations.read(shell, path) == b"-n 0\0"
    operations.discard(shell, path)
    assert operations.listdir(shell, str(tmp_path)) == []


def test_without_hard_links_a_file_is_created_by_write(shell, tmp_path):
    """A file system may not have them, and an image may not have ln."""
    (tmp_path / "ln").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "ln").chmod(0o755)
    folder = tmp_path / "f"
    folder.mkdir()

    with LocalShell(SHELLS["sh"], path=f"{tmp_path}:{os.environ['PATH']}") as without_links:
        assert operations.create(without_links, f"{folder}/f", b"line") is None
        assert os.listdir(folder) == ["f"]
    assert operations.create(shell, f"{folder}/none/f", b"line") == operations.write(
        shell, f"{folder}/none/f", b"line"
    )
    assert os.listdir(folder) == ["f"]


def test_a_small_file_is_written_by_one_inline_command(shell, tmp_path):
    """Sentinel files are small, and a check waits for every command."""

    class InlineOnly(LocalShell):
        """A shell that runs nothing but inline scripts."""

        run = None

    with InlineOnly(shell._argv) as inline:
        assert operations.write(inline, f"{tmp_path}/f", b"x" * 16 * 1024) is None
        assert operations.create(inline, f"{tmp_path}/g", b"line") is None
        assert operations.read_line(inline, f"{tmp_path}/g") == b"line"
        assert operations.write(inline, f"{tmp_path}/f", b"again") is None
    assert (tmp_path / "f").read_bytes() == b"again"


def test_a_name_that_looks_like_a_pattern_finds_only_itself(shell, tmp_path):
    """It does not find what the pattern would match: the control of the search."""
    for name in ("a*", "ab", "a?", "[a]", "a", "a\\*"):
        (tmp_path / name).touch()

    for name in ("a*", "a?", "[a]", "a\\*"):
        assert operations.find(shell, [str(tmp_path)], name) == [f"{tmp_path}/{name}"]


def test_a_search_finds_every_file_of_that_name(shell, tmp_path):
    """In all folders below the given ones, even if one of those does not exist."""
    for folder in ("a", "a\nb", "c/d"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "f").touch()

    paths = operations.find(shell, [str(tmp_path), f"{tmp_path}/none", f"{tmp_path}/c"], "f")

    assert paths == sorted(f"{tmp_path}/{folder}/f" for folder in ("a", "a\nb", "c/d"))
    assert operations.find(shell, [str(tmp_path)], "g") == []


def test_a_file_that_does_not_exist_is_missing(shell, tmp_path):
    """That is a result, not an error."""
    path = str(tmp_path / "f")

    assert operations.read(shell, path) == Missing()
    assert streaming.read(shell, path, root=str(tmp_path)) == Missing()
    assert operations.lstat(shell, path) == Missing()
    assert operations.listdir(shell, path) == Missing()
    assert operations.read_line(shell, path) == b""


def test_a_folder_is_not_missing(shell, tmp_path):
    """Any other failure is reported in the tool's own words."""
    refused = Refused("Is a directory")

    assert operations.read(shell, str(tmp_path)) == refused
    assert streaming.read(shell, str(tmp_path), root=str(tmp_path)) == refused


def test_a_file_is_not_an_empty_folder(shell, tmp_path):
    """Listing it is refused."""
    (tmp_path / "f").touch()

    assert operations.listdir(shell, str(tmp_path / "f")) == Refused("Not a directory")
    assert operations.listdir(shell, str(tmp_path)) == ["f"]


@pytest.mark.parametrize("content", [b"", b"one\n", b"one\ntwo", b"\n", b"one\n\n"])
def test_only_one_line_without_a_newline_is_read_as_a_line(shell, tmp_path, content):
    """The mutated twins: anything else must be read with `read`."""
    (tmp_path / "f").write_bytes(content)

    assert operations.read_line(shell, str(tmp_path / "f")) == b""


def test_no_line_is_left_over_from_another_file(shell, tmp_path):
    """The line of one file is forgotten when the next file does not exist."""
    (tmp_path / "f").write_bytes(b"  one \\n ")

    assert operations.read_line(shell, str(tmp_path / "f")) == b"  one \\n "
    assert operations.read_line(shell, str(tmp_path / "g")) == b""


def test_reading_a_line_needs_no_tool(tmp_path):
    """This is why it is fast."""
    (tmp_path / "f").write_bytes(b"0123")

    with LocalShell(SHELLS["sh"], path=tmp_path / "nothing here") as bare:
        assert operations.read_line(bare, str(tmp_path / "f")) == b"0123"


@pytest.mark.parametrize("size", [10, 20_000, 70_000])
def test_a_file_is_not_written_into_a_folder_of_its_name(shell, tmp_path, size):
    """A plain mv would do that."""
    (tmp_path / "folder").mkdir()
    path, content, refused = str(tmp_path / "folder"), b"x" * size, Refused("Is a directory")

    assert operations.write(shell, path, content) == refused
    assert streaming.write(shell, path, [content], size, root=str(tmp_path)) == refused
    assert [name for _, _, names in os.walk(tmp_path) for name in names] == []


def test_a_refused_write_says_why_and_leaves_nothing(shell, tmp_path):
    """The reason is the system's own."""
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "f")

    streamed = streaming.write(shell, path, [b"x"], 1, root=str(tmp_path))
    for refused in (operations.write(shell, path, b"x"), streamed):
        assert isinstance(refused, Refused)
        assert refused.message in (
            "Not a directory",
            "nonexistent directory",
            "Directory nonexistent",
        )
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("is_confined", [False, True])
def test_a_write_of_which_any_part_fails_is_refused(shell, tmp_path, is_confined):
    """Large content is printed by several commands, all of which must succeed."""

    class FirstPrintFails(LocalShell):
        """A shell in which the first printf of a script fails."""

        def run(self, script):
            fail_once = b'printf() { if [ "$p" ]; then command printf "$@"; else p=1; false; fi; }'
            return super().run(fail_once + b"\np=\n" + script)

    root = str(tmp_path) if is_confined else None
    with FirstPrintFails(shell._argv) as failing:
        result = operations.write(failing, f"{tmp_path}/f", b"x" * 40_000, root=root)

    assert isinstance(result, Refused)
    assert os.listdir(tmp_path) == []


def test_the_status_of_a_file_is_read(shell, tmp_path):
    """The attributes are pytest-testinfra's; a symlink has a target."""
    (tmp_path / "f").write_bytes(b"12345")
    (tmp_path / "f").chmod(0o4640)
    (tmp_path / "a\nb").symlink_to("no such\nfile")
    os.mkfifo(tmp_path / "pipe")
    known = (tmp_path / "f").stat()

    file, link, pipe, folder = (
        operations.lstat(shell, f"{tmp_path}{name}") for name in ("/f", "/a\nb", "/pipe", "")
    )

    assert (file.uid, file.gid, file.mode, file.size) == (known.st_uid, known.st_gid, 0o4640, 5)
    assert file.mtime == int(known.st_mtime)
    assert file.user == Path(tmp_path, "f").owner()
    assert file.group == Path(tmp_path, "f").group()
    assert (file.is_file, file.is_directory, file.is_symlink) == (True, False, False)
    assert file.linked_to == ""
    assert (link.is_symlink, link.linked_to, link.is_file) == (True, "no such\nfile", False)
    assert (pipe.is_pipe, pipe.is_socket, pipe.kind) == (True, False, stat.S_IFIFO)
    assert (folder.is_directory, folder.is_file) == (True, False)
    assert operations.stat(shell, f"{tmp_path}/a\nb") is None
    assert operations.stat(shell, f"{tmp_path}/f") == file


def test_symlinks_on_the_way_to_a_file_may_have_any_target(shell, tmp_path):
    """A newline in a target does not shift the entries after it."""
    (tmp_path / "folder\nof two").mkdir()
    (tmp_path / "link").symlink_to("folder\nof two")
    (tmp_path / "link" / "f").touch()

    entries = path_walk.walk(shell, f"{tmp_path}/link/f")

    assert [entry.target for entry in entries[-2:]] == ["folder\nof two", ""]
    assert [entry.kind for entry in entries[-2:]] == ["symbolic link", "regular empty file"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_file_in_a_forbidden_folder_is_not_missing(tmp_path):
    """A user without access to a folder does not know what is missing there."""
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv on this machine")
    (tmp_path / "f").write_bytes(b"x")
    for folder in (*tmp_path.parents, tmp_path):
        if folder.is_relative_to("/tmp") and folder != folder.parent:
            folder.chmod(0o755)
    tmp_path.chmod(0o700)
    refused, path = Refused("Permission denied"), str(tmp_path / "f")
    nobody = ["setpriv", "--reuid=65534", "--clear-groups"]

    with LocalShell(SHELLS["sh"], user=nobody) as shell:
        assert operations.read(shell, path) == refused
        assert streaming.read(shell, path, root=str(tmp_path)) == refused
        assert operations.lstat(shell, path) == refused
        assert operations.listdir(shell, str(tmp_path)) == refused
        assert operations.write(shell, path, b"x") == refused
        assert streaming.write(shell, path, [b"x"], 1, root=str(tmp_path)) == refused


def test_all_regular_files_of_a_folder_are_listed(shell, tmp_path):
    """Not those behind symlinks, which may lead anywhere, except for the folder itself."""
    folder = tmp_path / "real"
    (folder / "deep\ner").mkdir(parents=True)
    (folder / "deep\ner" / "f").write_bytes(b"x" * 1024)
    (folder / "large").write_bytes(b"x" * 5000)
    (folder / "link").symlink_to("large")
    (tmp_path / "v").symlink_to("real")
    volume = f"{tmp_path}/v"

    listed = operations.list_files(shell, volume)

    assert sorted(listed) == [f"{volume}/deep\ner/f", f"{volume}/large"]
    assert operations.list_files(shell, volume, max_size=1024) == [f"{volume}/deep\ner/f"]
    assert operations.list_files(shell, f"{volume}/large") == [f"{volume}/large"]
    assert operations.list_files(shell, f"{tmp_path}/none") == []


@pytest.fixture
def small_volume(tmp_path):
    """Mount a file system of one page."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    command = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(tmp_path)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("cannot mount here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("size", [5_000, 100_000])
def test_a_full_file_system_is_reported_and_no_draft_is_left(shell, small_volume, size):
    """A shell's printf has no message for it, and busybox's head calls it an I/O error."""
    root = str(small_volume)
    path, full = f"{root}/f", Refused("No space left on device")
    assert operations.write(shell, path, b"x" * 4096) is None
    assert operations.remove(shell, path) is None

    assert operations.write(shell, path, b"x" * size) == full
    assert operations.write(shell, path, b"x" * size, root=root) == full
    assert streaming.write(shell, path, [b"x" * size], size, root=root) == full

    assert os.listdir(small_volume) == []
