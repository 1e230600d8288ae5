"""Files of a mount, and links that would lead out of it, in the real shells of this machine."""

import contextlib
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from pytest_podshare.containers.fileops import confined, posix_shell, streaming
from pytest_podshare.containers.fileops import content as contents
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from tests.support.local_shell import SHELLS, LocalShell

SECRET = b"not of the volume"
OUTSIDE = {"f": SECRET, "only outside": SECRET}


@pytest.fixture
def volume(tmp_path):
    """A folder that is a mount of its own, beside one that is not in it."""
    (tmp_path / "outside").mkdir()
    for name in OUTSIDE:
        (tmp_path / "outside" / name).write_bytes(SECRET)
    mount = tmp_path / "volume"
    mount.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True).returncode != 0:
        pytest.skip("needs to mount a file system")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def acts(here, volume, name):
    """What every way of using a file gives, by the name of the way."""
    path, root = f"{volume}/{name}", str(volume)
    return {
        "read": confined.read(here, path, root),
        "read in parts": streaming.read(here, path, root=root),
        "write": confined.write(here, path, b"written", root),
        "write in parts": streaming.write(here, path, [b"written"], 7, root=root),
        "list": confined.names_in(here, path, root),
        "stat": confined.lstat(here, path, root),
        "remove": confined.remove(here, path, root),
    }


def outside(volume):
    """All that lies outside, as it is."""
    folder = volume.parent / "outside"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("target", ["../outside", "{outside}", "in/../../outside"])
def test_a_folder_that_is_a_link_out_of_the_mount_is_never_used(here, volume, target):
    """By an absolute path, a relative one, and one by way of another folder; nothing is touched."""
    (volume / "in").mkdir()
    (volume / "out").symlink_to(target.format(outside=volume.parent / "outside"))

    done = acts(here, volume, "out/f")

    assert set(done.values()) == {confined.OUTSIDE}
    assert confined.names_in(here, f"{volume}/out", str(volume)) == confined.OUTSIDE
    assert outside(volume) == OUTSIDE
    assert sorted(os.listdir(volume)) == ["in", "out"]


def test_a_file_that_is_a_link_out_of_the_mount_is_replaced_and_not_followed(here, volume):
    """It cannot be read; what is written has its name, and stat and rm are about the link."""
    link, root = f"{volume}/link", str(volume)
    (volume / "link").symlink_to("../outside/f")

    assert confined.read(here, link, root) == confined.OUTSIDE
    assert streaming.read(here, link, root=root) == confined.OUTSIDE
    assert confined.lstat(here, link, root).linked_to == "../outside/f"
    assert confined.write(here, link, b"ours", root) is None
    assert (volume / "link").read_bytes() == b"ours"
    assert not (volume / "link").is_symlink()
    (volume / "link").unlink()
    (volume / "link").symlink_to("../outside/f")
    assert confined.remove(here, link, root) is None
    assert (os.listdir(volume), outside(volume)) == ([], OUTSIDE)


@pytest.mark.parametrize(
    "target", ["..2026/f", "{volume}/..2026/f", "..data/f", "../volume/..2026/f"]
)
def test_links_within_the_mount_are_followed(here, volume, target):
    """The control: as the kubelet makes them for a ConfigMap, and absolute ones."""
    (volume / "..2026").mkdir()
    (volume / "..2026" / "f").write_bytes(b"value")
    (volume / "..data").symlink_to("..2026")
    (volume / "key").symlink_to(target.format(volume=volume))
    root = str(volume)

    assert confined.read(here, f"{volume}/key", root) == b"value"
    assert streaming.read(here, f"{volume}/key", root=root) == contents.of(b"value")
    assert confined.names_in(here, f"{volume}/..data", root) == ["f"]
    assert confined.write(here, f"{volume}/..data/g", b"x", root) is None
    assert confined.lstat(here, f"{volume}/..data/g", root).size == 1
    assert confined.remove(here, f"{volume}/..data/g", root) is None
    assert os.listdir(volume / "..2026") == ["f"]


def test_another_mount_within_the_volume_is_not_the_volume(here, volume):
    """A link to it leads out, though its path lies below."""
    (volume / "other").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(volume / "other")], check=True)
    try:
        (volume / "other" / "f").write_bytes(SECRET)
        (volume / "link").symlink_to("other/f")

        assert confined.read(here, f"{volume}/link", str(volume)) == confined.OUTSIDE
        assert set(acts(here, volume, "other/f").values()) == {confined.OUTSIDE}
    finally:
        subprocess.run(["umount", str(volume / "other")], check=True)


def test_a_mount_that_is_reached_by_a_link_is_a_mount_all_the_same(here, volume):
    """As /var/run is a link in most images; the link lies before the mount, and not in it."""
    (volume.parent / "way").symlink_to("volume")
    (volume / "f").write_bytes(b"value")
    root = f"{volume.parent}/way"

    assert confined.read(here, f"{root}/f", root) == b"value"
    assert confined.names_in(here, root, root) == ["f"]
    assert confined.write(here, f"{root}/g", b"x", root) is None
    assert confined.lstat(here, f"{root}/g", root).is_file
    assert confined.lstat(here, root, root).is_symlink


def test_a_single_file_can_be_the_mount(here, volume):
    """As a subPath of one makes it; it can be read, and has no name to be replaced by."""
    file = volume.parent / "file"
    file.touch()
    (volume / "f").write_bytes(b"value")
    subprocess.run(["mount", "--bind", str(volume / "f"), str(file)], check=True)
    try:
        assert confined.read(here, str(file), str(file)) == b"value"
        assert confined.lstat(here, str(file), str(file)).size == 5
        assert isinstance(confined.write(here, str(file), b"x", str(file)), Refused)
    finally:
        subprocess.run(["umount", str(file)], check=True)
    assert sorted(os.listdir(volume.parent)) == ["file", "outside", "volume"]


def test_what_is_not_there_is_missing_and_what_is_no_folder_is_refused(here, volume):
    """In the words of the tools, as elsewhere."""
    (volume / "f").touch()
    root = str(volume)

    for name in ("none", "none/f"):
        assert confined.read(here, f"{volume}/{name}", root) == Missing()
        assert confined.lstat(here, f"{volume}/{name}", root) == Missing()
        assert confined.names_in(here, f"{volume}/{name}", root) == Missing()
        assert confined.remove(here, f"{volume}/{name}", root) is None
    assert confined.read(here, root, root) == Refused("Is a directory")
    assert confined.names_in(here, f"{volume}/f", root) == Refused("Not a directory")
    assert confined.lstat(here, f"{volume}/f/g", root) == Refused("Not a directory")
    refused = Refused("No such file or directory")
    assert confined.write(here, f"{volume}/none/f", b"x", root) == refused
    assert streaming.write(here, f"{volume}/none/f", [b"x"], 1, root=root) == refused
    assert os.listdir(volume) == ["f"]


def test_an_existing_draft_is_not_written_through(here, volume, monkeypatch):
    """A link that has the draft's name already, were it guessed, is refused."""
    monkeypatch.setattr(posix_shell, "draft_of", lambda _: f"{volume}/draft")
    (volume / "draft").symlink_to("../outside/f")

    assert isinstance(confined.write(here, f"{volume}/f", b"x", str(volume)), Refused)
    (volume / "draft").unlink(missing_ok=True)
    (volume / "draft").symlink_to("../outside/new")
    assert isinstance(streaming.write(here, f"{volume}/f", [b"x"], 1, root=str(volume)), Refused)
    assert outside(volume) == OUTSIDE


@contextlib.contextmanager
def going_on(turn):
    """Does something again and again in a thread; gives the list of its turns, one entry each."""
    over, turns = threading.Event(), []

    def work():
        while not over.is_set():
            turn()
            turns.append(None)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield turns
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
def test_a_folder_that_becomes_a_link_and_back_is_never_followed(here, volume):
    """Swapped thousands of times during hundreds of uses: each is of the volume, or refused."""
    folder, link, aside = volume / "d", volume / "link", volume / "aside"
    folder.mkdir()
    (folder / "f").write_bytes(b"of the volume")
    root, path = str(volume), f"{folder}/f"
    read, listed = set(), set()

    def swap():
        link.symlink_to("../outside")
        folder.rename(aside)
        link.rename(folder)
        folder.unlink()
        aside.rename(folder)

    with going_on(swap) as turns:
        for _ in range(25):
            read.add(confined.read(here, path, root))
            names = confined.names_in(here, str(folder), root)
            listed |= set(names) if isinstance(names, list) else set()
            confined.write(here, f"{folder}/new", b"x", root)
            streaming.write(here, f"{folder}/large", [b"x"], 1, root=root)
            confined.remove(here, f"{folder}/new", root)
            confined.remove(here, f"{folder}/only outside", root)

    assert b"of the volume" in read
    assert SECRET not in read
    assert "f" in listed
    assert "only outside" not in listed
    assert outside(volume) == OUTSIDE
    assert len(turns) > 100


@pytest.mark.slow
def test_a_name_that_becomes_a_link_to_a_folder_is_not_written_into_it(here, volume):
    """Between the look at it and the renaming, where `mv` would put the file into the folder."""
    link, name = volume / "link", volume / "name"

    def swap():
        link.symlink_to("../outside")
        link.rename(name)
        with contextlib.suppress(FileNotFoundError):
            name.unlink()

    with going_on(swap) as turns:
        done = {str(confined.write(here, str(name), b"x", str(volume))) for _ in range(60)}

    assert outside(volume) == OUTSIDE
    assert "None" in done
    assert len(turns) > 100


def test_the_control_a_script_that_looks_at_paths_alone_is_led_out(volume):
    """The mutated twin: `shell.read` follows the link that `within.read` refuses."""
    (volume / "out").symlink_to("../outside")

    with LocalShell(SHELLS["sh"]) as here:
        assert posix_shell.read(here, f"{volume}/out/f") == SECRET
        assert confined.read(here, f"{volume}/out/f", str(volume)) == confined.OUTSIDE


def test_whoever_may_not_read_the_mount_still_reads_its_files(volume):
    """A folder that may only be passed through: its mount is not told, and no link is followed."""
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

    for argv in SHELLS.values():
        with LocalShell(argv, user=nobody) as passing:
            assert confined.read(passing, f"{volume}/f", str(volume)) == b"value"
            assert confined.lstat(passing, f"{volume}/f", str(volume)).size == 5
            assert confined.read(passing, f"{volume}/in", str(volume)) == confined.OUTSIDE
            assert confined.read(passing, f"{volume}/out", str(volume)) == confined.OUTSIDE
