"""A container's own table of mounts."""

import pytest

from pytest_podshare.containers.fileops import mountinfo
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.kube.exec.protocol import Completed

# two volumes, one of them mounted twice
TABLE = r"""
22 1 0:21 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b
30 22 8:1 /kubelet/pods/u/volumes/kubernetes.io~empty-dir/v /tmp/data ro,relatime - ext4 /dev/vda rw
31 22 0:44 / /cache rw,relatime shared:7 master:2 - tmpfs tmpfs rw,size=10240k,noswap
32 22 8:1 /other /with\040blank rw - ext4 /dev/vda rw
33 30 0:45 / /tmp/data rw,relatime - tmpfs tmpfs rw
""".strip()


class TableShell:
    """A shell whose only file is the table."""

    name = "c1"

    def resolve_path(self, path):
        """Return the same path."""
        return path

    def use_ephemeral_shell(self):
        """Refuse."""
        raise EphemeralContainerUnavailable

    def run(self, script):
        """Print it."""
        assert script == b"cat /proc/self/mountinfo"
        return Completed(0, TABLE.encode(), b"")


def test_type_options_and_size_are_read():
    """Optional fields in between are skipped."""
    entry = mountinfo.find_mount(TableShell(), "/cache")

    assert (entry.fs_type, entry.read_only, entry.size) == ("tmpfs", False, 10 * 2**20)
    assert str(entry) == "/cache is tmpfs (rw, 10485760 bytes)"


def test_the_last_of_two_mounts_at_one_path_is_found():
    """It hides the one below."""
    assert mountinfo.find_mount(TableShell(), "/tmp/data").fs_type == "tmpfs"
    assert mountinfo.read_mounts(TableShell())[1].read_only


def test_a_space_in_a_path_is_unescaped():
    """The kernel escapes it."""
    assert mountinfo.find_mount(TableShell(), "/with blank").root == "/other"


def test_a_path_without_a_mount_has_none():
    """A folder of the image is not a mount point."""
    assert mountinfo.find_mount(TableShell(), "/tmp") is None


@pytest.mark.parametrize(
    ("option", "size"),
    [("size=512", 512), ("size=8m", 8 * 2**20), ("size=1g", 2**30), ("rw", None)],
)
def test_the_size_of_a_tmpfs_may_have_any_unit(option, size):
    """The kernel usually prints kibibytes."""
    assert mountinfo.MountEntry("/v", "/", "tmpfs", ("rw",), ("rw", option)).size == size
