"""A tmpfs that is mounted for a moment, in this machine's real shells."""

import contextlib
import os
import subprocess
import time

import pytest

from pytest_podshare.containers.fileops import tmpfs
from pytest_podshare.containers.fileops.posix_shell import Refused
from tests.support.local_shell import SHELLS, LocalShell


@pytest.fixture
def volume(tmp_path):
    """Return a folder in which file systems can be mounted."""
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs to mount a file system")
    folder = tmp_path / "with blank"
    folder.mkdir()
    return folder


@pytest.fixture(params=SHELLS)
def shell(request):
    """Return each shell."""
    with LocalShell(SHELLS[request.param]) as shell:
        yield shell


def test_it_is_mounted_and_unmounted(shell, volume):
    """Its folder is new, and removed."""
    folder = volume / "new"

    with tmpfs.mounted(shell, str(folder)) as refused:
        assert refused is None
        assert folder.is_mount()
        (folder / "f").write_bytes(b"x")

    assert os.listdir(volume) == []


def test_mounting_twice_mounts_once(shell, volume):
    """A script may run twice, when a session breaks."""
    folder = volume / "new"
    with tmpfs.mounted(shell, str(folder)), tmpfs.mounted(shell, str(folder)) as refused:
        assert refused is None

    assert os.listdir(volume) == []


def test_it_is_unmounted_when_the_shell_exits(volume):
    """Its shell exits when the connection breaks, which a run may not survive."""
    for argv in SHELLS.values():
        folder = volume / "new"
        shell = LocalShell(argv)

        exits = contextlib.ExitStack()
        exits.enter_context(tmpfs.mounted(shell, str(folder)))
        assert folder.is_mount()

        shell.__exit__()

        deadline = time.monotonic() + 5
        while folder.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not folder.exists()
        # the closed shell cannot unmount it once more
        with pytest.raises(ValueError, match="closed file"):
            exits.close()


def test_a_refusal_is_reported_and_leaves_nothing(shell, volume):
    """The words are those of the tool that failed."""
    (volume / "file").write_bytes(b"")

    with tmpfs.mounted(shell, str(volume / "file" / "new")) as refused:
        assert refused == Refused("Not a directory")

    assert os.listdir(volume) == ["file"]
