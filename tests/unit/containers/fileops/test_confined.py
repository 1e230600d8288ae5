"""File operations confined to a mount, and symlinks out of it, in this machine's real shells."""

import contextlib
import os
import shutil
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_podshare.containers.fileops import draft, operations, streaming
from pytest_podshare.containers.fileops.confined import OUTSIDE, PropagatedRoot
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from tests.support.local_shell import SHELLS, LocalShell

SECRET = b"not of the volume"
OUTSIDE_FILES = {"f": SECRET, "only outside": SECRET}


@pytest.fixture
def volume(tmp_path):
    """Mount a folder, beside one that is not in the mount."""
    (tmp_path / "outside").mkdir()
    for name in OUTSIDE_FILES:
        (tmp_path / "outside" / name).write_bytes(SECRET)
    mount = tmp_path / "volume"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs to mount a file system")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def run_all(shell, volume, name):
    """Return the result of every confined operation on a file, by the operation's name."""
    path, root = f"{volume}/{name}", str(volume)
    return {
        "read": operations.read(shell, path, root=root),
        "streaming.read": streaming.read(shell, path, root=root),
        "write": operations.write(shell, path, b"written", root=root),
        "streaming.write": streaming.write(shell, path, [b"written"], 7, root=root),
        "listdir": operations.listdir(shell, path, root=root),
        "lstat": operations.lstat(shell, path, root=root),
        "remove": operations.remove(shell, path, root=root),
    }


def read_outside(volume):
    """Return the files outside the mount."""
    folder = volume.parent / "outside"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("target", ["../outside", "{outside}", "in/../../outside"])
def test_a_folder_that_is_a_symlink_out_of_the_mount_is_never_used(shell, volume, target):
    """An absolute symlink, a relative one and one through another folder are all refused."""
    (volume / "in").mkdir()
    (volume / "out").symlink_to(target.format(outside=volume.parent / "outside"))

    results = run_all(shell, volume, "out/f")

    assert set(results.values()) == {OUTSIDE}
    assert operations.listdir(shell, f"{volume}/out", root=str(volume)) == OUTSIDE
    assert read_outside(volume) == OUTSIDE_FILES
    assert sorted(os.listdir(volume)) == ["in", "out"]


def test_a_file_that_is_a_symlink_out_of_the_mount_is_replaced_and_not_followed(shell, volume):
    """It cannot be read; a write replaces the symlink, and stat and rm are about the symlink."""
    link, root = f"{volume}/link", str(volume)
    (volume / "link").symlink_to("../outside/f")

    assert operations.read(shell, link, root=root) == OUTSIDE
    assert streaming.read(shell, link, root=root) == OUTSIDE
    assert operations.lstat(shell, link, root=root).linked_to == "../outside/f"
    assert operations.write(shell, link, b"ours", root=root) is None
    assert (volume / "link").read_bytes() == b"ours"
    assert not (volume / "link").is_symlink()
    (volume / "link").unlink()
    (volume / "link").symlink_to("../outside/f")
    assert operations.remove(shell, link, root=root) is None
    assert (os.listdir(volume), read_outside(volume)) == ([], OUTSIDE_FILES)


@pytest.mark.parametrize(
    "target", ["..2026/f", "{volume}/..2026/f", "..data/f", "../volume/..2026/f"]
)
def test_symlinks_within_the_mount_are_followed(shell, volume, target):
    """The control: symlinks like the kubelet's in a ConfigMap, and absolute ones, work."""
    (volume / "..2026").mkdir()
    (volume / "..2026" / "f").write_bytes(b"value")
    (volume / "..data").symlink_to("..2026")
    (volume / "key").symlink_to(target.format(volume=volume))
    root = str(volume)

    assert operations.read(shell, f"{volume}/key", root=root) == b"value"
    assert streaming.read(shell, f"{volume}/key", root=root) == Content.from_bytes(b"value")
    assert operations.listdir(shell, f"{volume}/..data", root=root) == ["f"]
    assert operations.write(shell, f"{volume}/..data/g", b"x", root=root) is None
    assert operations.lstat(shell, f"{volume}/..data/g", root=root).size == 1
    assert operations.remove(shell, f"{volume}/..data/g", root=root) is None
    assert os.listdir(volume / "..2026") == ["f"]


def test_another_mount_within_the_volume_is_not_the_volume(shell, volume):
    """A symlink into it leads out of the volume, although its path is below the volume's."""
    (volume / "other").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(volume / "other")], check=True)
    try:
        (volume / "other" / "f").write_bytes(SECRET)
        (volume / "link").symlink_to("other/f")

        assert operations.read(shell, f"{volume}/link", root=str(volume)) == OUTSIDE
        assert set(run_all(shell, volume, "other/f").values()) == {OUTSIDE}
    finally:
        subprocess.run(["umount", str(volume / "other")], check=True)


def test_a_mount_can_be_reached_through_a_symlink(shell, volume):
    """In most images /var/run is a symlink; it is before the mount, not in it."""
    (volume.parent / "way").symlink_to("volume")
    (volume / "f").write_bytes(b"value")
    root = f"{volume.parent}/way"

    assert operations.read(shell, f"{root}/f", root=root) == b"value"
    assert operations.listdir(shell, root, root=root) == ["f"]
    assert operations.write(shell, f"{root}/g", b"x", root=root) is None
    assert operations.lstat(shell, f"{root}/g", root=root).is_file
    assert operations.lstat(shell, root, root=root).is_symlink


def test_a_single_file_can_be_the_mount(shell, volume):
    """A subPath can be a file, which can be read but not replaced."""
    file = volume.parent / "file"
    file.touch()
    (volume / "f").write_bytes(b"value")
    subprocess.run(["mount", "--bind", str(volume / "f"), str(file)], check=True)
    try:
        path = str(file)
        assert operations.read(shell, path, root=path) == b"value"
        assert operations.lstat(shell, path, root=path).size == 5
        assert isinstance(operations.write(shell, path, b"x", root=path), Refused)
    finally:
        subprocess.run(["umount", str(file)], check=True)
    assert sorted(os.listdir(volume.parent)) == ["file", "outside", "volume"]


def test_a_missing_path_is_missing_and_a_file_is_not_a_folder(shell, volume):
    """The reasons are the same as without confinement."""
    (volume / "f").touch()
    root = str(volume)

    for name in ("none", "none/f"):
        assert operations.read(shell, f"{volume}/{name}", root=root) == Missing()
        assert operations.lstat(shell, f"{volume}/{name}", root=root) == Missing()
        assert operations.listdir(shell, f"{volume}/{name}", root=root) == Missing()
        assert operations.remove(shell, f"{volume}/{name}", root=root) is None
    assert operations.read(shell, root, root=root) == Refused("Is a directory")
    assert operations.listdir(shell, f"{volume}/f", root=root) == Refused("Not a directory")
    assert operations.lstat(shell, f"{volume}/f/g", root=root) == Refused("Not a directory")
    refused = Refused("No such file or directory")
    assert operations.write(shell, f"{volume}/none/f", b"x", root=root) == refused
    assert streaming.write(shell, f"{volume}/none/f", [b"x"], 1, root=root) == refused
    assert os.listdir(volume) == ["f"]


def test_a_symlink_with_the_name_of_the_draft_is_not_written_through(shell, volume, monkeypatch):
    """Even if another process guessed that name, the write is refused."""
    monkeypatch.setattr(draft, "secrets", SimpleNamespace(token_hex=lambda _: "guess"))
    guessed = volume / ".podshare-guess"
    guessed.symlink_to("../outside/f")

    assert isinstance(operations.write(shell, f"{volume}/f", b"x", root=str(volume)), Refused)
    guessed.unlink(missing_ok=True)
    guessed.symlink_to("../outside/new")
    assert isinstance(streaming.write(shell, f"{volume}/f", [b"x"], 1, root=str(volume)), Refused)
    assert read_outside(volume) == OUTSIDE_FILES


@contextlib.contextmanager
def repeat_in_background(action):
    """Repeat an action in a thread; yield a list that gets one entry per repetition."""
    stop, turns = threading.Event(), []

    def work():
        while not stop.is_set():
            action()
            turns.append(None)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield turns
    finally:
        stop.set()
        thread.join()


@pytest.mark.slow
def test_a_folder_that_becomes_a_symlink_and_back_is_never_followed(shell, volume):
    """While it is swapped thousands of times, every use is in the volume or refused."""
    folder, link, aside = volume / "d", volume / "link", volume / "aside"
    folder.mkdir()
    (folder / "f").write_bytes(b"of the volume")
    root, path = str(volume), f"{folder}/f"
    contents, listed = set(), set()

    def swap():
        link.symlink_to("../outside")
        folder.rename(aside)
        link.rename(folder)
        folder.unlink()
        aside.rename(folder)

    with repeat_in_background(swap) as turns:
        for _ in range(25):
            contents.add(operations.read(shell, path, root=root))
            names = operations.listdir(shell, str(folder), root=root)
            listed |= set(names) if isinstance(names, list) else set()
            operations.write(shell, f"{folder}/new", b"x", root=root)
            streaming.write(shell, f"{folder}/large", [b"x"], 1, root=root)
            operations.remove(shell, f"{folder}/new", root=root)
            operations.remove(shell, f"{folder}/only outside", root=root)

    assert b"of the volume" in contents
    assert SECRET not in contents
    assert "f" in listed
    assert "only outside" not in listed
    assert read_outside(volume) == OUTSIDE_FILES
    assert len(turns) > 100


@pytest.mark.slow
def test_a_name_that_becomes_a_symlink_to_a_folder_is_not_written_into_it(shell, volume):
    """Between the test and the rename, `mv` alone would move the file into that folder."""
    link, name = volume / "link", volume / "name"

    def swap():
        link.symlink_to("../outside")
        link.rename(name)
        with contextlib.suppress(FileNotFoundError):
            name.unlink()

    with repeat_in_background(swap) as turns:
        results = {
            str(operations.write(shell, str(name), b"x", root=str(volume))) for _ in range(60)
        }

    assert read_outside(volume) == OUTSIDE_FILES
    assert "None" in results
    assert len(turns) > 100


@contextlib.contextmanager
def mounted(folder):
    """Mount a file system with a file on a folder."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=True)
    try:
        (folder / "f").write_bytes(b"value")
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", ["in", "in this one", "tab\tand\nnewline", "back\\slash", "*"])
def test_a_propagated_mount_belongs_to_the_volume(shell, volume, name):
    """Every operation works in it, also by way of a symlink; other symlinks are not followed."""
    root, folder = PropagatedRoot(str(volume)), f"{volume}/{name}"
    (volume / "link").symlink_to(name)
    with mounted(volume / name):
        (volume / name / "out").symlink_to(volume.parent / "outside")

        for path in (f"{folder}/f", f"{volume}/link/f"):
            assert operations.read(shell, path, root=root) == b"value"
            assert streaming.read(shell, path, root=root) == Content.from_bytes(b"value")
        assert operations.write(shell, f"{folder}/g", b"x", root=root) is None
        assert operations.listdir(shell, folder, root=root) == ["f", "g", "out"]
        assert operations.read(shell, f"{folder}/out/f", root=root) == OUTSIDE
        assert operations.read(shell, f"{folder}/f", root=str(volume)) == OUTSIDE


def test_a_mount_in_a_folder_with_a_special_name_has_propagated_mounts(shell, volume):
    """The kernel escapes the name in its table of mounts."""
    inner = volume / "with blank and [a-z]*"
    with mounted(inner), mounted(inner / "in"):
        assert operations.read(shell, f"{inner}/in/f", root=PropagatedRoot(str(inner))) == b"value"
        # a mount whose path only begins alike
        assert operations.read(shell, f"{inner}/f", root=PropagatedRoot(f"{inner}/in")) == OUTSIDE


def test_another_volume_below_is_not_a_propagated_mount(shell, volume):
    """The manifest mounts it there, so it has its own files."""
    root = PropagatedRoot(str(volume), (f"{volume}/other",))
    (volume / "link").symlink_to("other/f")
    with mounted(volume / "other"), mounted(volume / "other-name"):
        with mounted(volume / "other" / "below"):
            assert operations.read(shell, f"{volume}/other/below/f", root=root) == OUTSIDE
        assert operations.read(shell, f"{volume}/other/f", root=root) == OUTSIDE
        assert operations.read(shell, f"{volume}/link", root=root) == OUTSIDE
        assert operations.read(shell, f"{volume}/other-name/f", root=root) == b"value"


def test_without_confinement_the_symlink_is_followed(volume):
    """The mutated twin: without a root, `read` follows the symlink that it refuses with one."""
    (volume / "out").symlink_to("../outside")

    with LocalShell(SHELLS["sh"]) as shell:
        assert operations.read(shell, f"{volume}/out/f") == SECRET
        assert operations.read(shell, f"{volume}/out/f", root=str(volume)) == OUTSIDE


def test_files_of_a_mount_that_cannot_be_read_itself_can_be_read(volume):
    """If the mount point cannot be opened, its mount is unknown, so no symlink is followed."""
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv on this machine")
    for folder in (*volume.parents, volume):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o711)
    (volume / "f").write_bytes(b"value")
    (volume / "in").symlink_to("f")
    (volume / "out").symlink_to("../outside/f")
    (volume.parent / "outside").chmod(0o755)
    nobody = ["setpriv", "--reuid=65534", "--clear-groups"]
    root = str(volume)

    for argv in SHELLS.values():
        with LocalShell(argv, user=nobody) as shell:
            assert operations.read(shell, f"{volume}/f", root=root) == b"value"
            assert operations.lstat(shell, f"{volume}/f", root=root).size == 5
            assert operations.read(shell, f"{volume}/in", root=root) == OUTSIDE
            assert operations.read(shell, f"{volume}/out", root=root) == OUTSIDE
