"""The changes below a folder, listed by this machine's real shells."""

import os
import shutil
import socket
import stat
import time

import pytest

from pytest_podshare.containers.fileops import changes
from pytest_podshare.containers.fileops.changes import list_changes, parse_time
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from tests.support.local_shell import SHELLS, LocalShell


def listed(shell, folder):
    """Return the changes by their paths below the folder; "." is the folder itself."""
    return {os.path.relpath(change.path, folder): change for change in list_changes(shell, folder)}


NAMES = ("plain", "a b", " ", "a|b", "|", "two\nlines", "\n", ".hidden", "-n", "$(id)", "'", "ü")


def test_every_name_is_listed_as_it_is(shell, tmp_path):
    """Whatever it contains."""
    for name in NAMES:
        (tmp_path / name).write_text(name)

    found = listed(shell, str(tmp_path))

    assert found.keys() == {".", *NAMES}
    assert {found[name].size for name in NAMES} == {len(name.encode()) for name in NAMES}


def test_a_name_cannot_pass_for_another_entry(shell, tmp_path):
    """What follows a newline in it looks like a line of the listing."""
    name = "x\n81a4 3 4102444800 2100-01-01 00:00:00.0|.\ny"
    (tmp_path / name).write_text("x")

    assert listed(shell, str(tmp_path)).keys() == {".", name}


def test_entries_of_every_kind_are_listed_but_not_followed(shell, tmp_path):
    """A link is listed itself, and what a folder contains."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("four")
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = listed(shell, str(tmp_path))

    types = {name: stat.filemode(change.mode)[0] for name, change in found.items()}
    assert types == {
        ".": "d",
        "folder": "d",
        "folder/file": "-",
        "empty": "-",
        "link": "l",
        "dangling": "l",
        "fifo": "p",
        "socket": "s",
    }
    assert (found["folder/file"].is_file, found["folder/file"].size) == (True, 4)
    assert found["folder"].is_folder


def test_the_change_time_cannot_be_set(shell, tmp_path):
    """It is the time at which the file got its old modification time."""
    before = time.time()
    file = tmp_path / "file"
    file.write_text("old")
    os.utime(file, (1, 1))
    copy = shutil.copy2(file, tmp_path / "copy")
    after = time.time()

    found = listed(shell, str(tmp_path))

    assert copy.stat().st_mtime == 1
    for name in ("file", "copy"):
        # a change gets the time of the clock tick before it
        assert found[name].latest >= before
        assert found[name].earliest <= after
        assert 0 < found[name].latest - found[name].earliest <= 1


def test_a_change_of_the_mode_alone_is_a_change(shell, tmp_path):
    """As is one of the owner: permissions are what some init containers leave."""
    file = tmp_path / "file"
    file.touch()
    first = listed(shell, str(tmp_path))["file"]
    time.sleep(1.1)
    file.chmod(0o640)

    second = listed(shell, str(tmp_path))["file"]

    assert second.earliest > first.latest
    assert stat.S_IMODE(second.mode) == 0o640


def test_a_single_file_is_listed_under_its_path(shell, tmp_path):
    """As a reader mounts one by its subPath."""
    file = tmp_path / "a b"
    file.write_text("12345")

    (change,) = list_changes(shell, str(file))

    assert (change.path, change.size, change.is_file) == (str(file), 5, True)


def test_thousands_of_files_are_listed(shell, tmp_path):
    """In one call."""
    for number in range(5000):
        (tmp_path / f"file-{number}").touch()

    assert len(list_changes(shell, str(tmp_path))) == 5001


def test_what_is_missing_or_refused_is_not_empty(tmp_path):
    """A folder without permissions holds nobody knows what."""
    if shutil.which("setpriv") is None or os.geteuid() != 0:
        pytest.skip("needs to become another user")
    for folder in (tmp_path, *tmp_path.parents):
        if folder == tmp_path or folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
    for mode in (0o700, 0o711, 0o744):
        folder = tmp_path / f"{mode:o}"
        folder.mkdir()
        (folder / "file").touch()
        folder.chmod(mode)
    nobody = ["setpriv", "--reuid=65534", "--clear-groups"]
    for argv in SHELLS.values():
        with LocalShell(argv, user=nobody) as shell:
            assert isinstance(list_changes(shell, str(tmp_path / "nothing")), Missing)
            for mode in ("700", "711", "744"):
                refused = list_changes(shell, str(tmp_path / mode))
                assert isinstance(refused, Refused), refused
                assert "Permission denied" in str(refused)


def test_a_time_without_a_fraction_is_a_whole_second():
    """busybox's stat may print none."""
    assert parse_time("100", "2026-11-30 12:00:00") == (100, 101)
    assert parse_time("100", "2026-11-30 12:00:00.250000000 +0000") == pytest.approx(
        (100.25, 100.25 + changes.TICK)
    )
