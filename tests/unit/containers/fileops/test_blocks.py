"""Blocks of a device, in this machine's real shells."""

import os
import shutil
import subprocess

import pytest

from pytest_podshare.containers.fileops import blocks
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from tests.support.local_shell import SHELLS, LocalShell

BLOCK = bytes(range(256)) * 2


@pytest.fixture
def device(tmp_path):
    """Return a loop device of four blocks, and the file behind it."""
    if os.geteuid() != 0 or shutil.which("losetup") is None:
        pytest.skip("needs to create a loop device")
    file = tmp_path / "disk"
    file.write_bytes(b"x" * 4 * blocks.SIZE)
    made = subprocess.run(["losetup", "-f", "--show", file], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"no loop device: {made.stderr}")
    yield made.stdout.strip(), file
    subprocess.run(["losetup", "-d", made.stdout.strip()], check=True)


@pytest.fixture(params=SHELLS)
def shell(request):
    """Return each shell."""
    with LocalShell(SHELLS[request.param]) as shell:
        yield shell


def test_one_block_is_written_and_read(shell, device):
    """The blocks beside it stay as they are."""
    path, file = device

    assert blocks.write(shell, path, 2, BLOCK) is None

    assert blocks.read(shell, path, 2) == BLOCK
    other = b"x" * blocks.SIZE
    assert file.read_bytes() == other + other + BLOCK + other
    assert blocks.read(shell, path, 4) == blocks.BEYOND_END
    assert isinstance(blocks.write(shell, path, 4, BLOCK), Refused)


def test_a_file_in_place_of_a_device_is_refused(shell, tmp_path):
    """It is neither read nor written."""
    file = tmp_path / "f"
    file.write_bytes(b"x" * blocks.SIZE)

    assert blocks.read(shell, str(file), 0) == blocks.NO_DEVICE
    assert blocks.write(shell, str(file), 0, BLOCK) == blocks.NO_DEVICE
    assert file.read_bytes() == b"x" * blocks.SIZE


def test_a_missing_device_is_missing(shell, tmp_path):
    """Nothing is created in its place."""
    assert blocks.read(shell, f"{tmp_path}/none", 0) == Missing()
    assert blocks.write(shell, f"{tmp_path}/none", 0, BLOCK) == Missing()
    assert os.listdir(tmp_path) == []
