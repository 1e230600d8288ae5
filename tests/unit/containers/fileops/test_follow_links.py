"""Symlinks at the end of a path, and the first bytes of the file to which they lead."""

import pytest

from pytest_podshare.containers.fileops import confined
from pytest_podshare.containers.fileops.first_bytes import read_first
from pytest_podshare.containers.fileops.follow_links import follow_links
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from tests.support.local_shell import SHELLS, LocalShell


@pytest.fixture(params=SHELLS)
def shell(request):
    """Return each shell."""
    with LocalShell(SHELLS[request.param]) as shell:
        yield shell


@pytest.fixture
def root(tmp_path):
    """Return a folder with a file, as the mount of a volume."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "f").write_bytes(b"x" * 100)
    return tmp_path


def link(root, name, target):
    """Create a symlink, and return its path."""
    (root / name).symlink_to(target)
    return str(root / name)


def test_a_file_is_its_own_end(shell, root):
    """There is no link."""
    final = follow_links(shell, str(root / "f"), str(root))

    assert (final.path, final.link) == (str(root / "f"), "")
    assert final.status.size == 100
    assert read_first(shell, final.path, root=str(root)) == b"x" * 64


def test_a_chain_of_links_is_followed(shell, root):
    """Even through `..` and an absolute path; the last link is named."""
    last = link(root, "last", "folder/../f")
    first = link(root, "first", last)

    final = follow_links(shell, first, str(root))

    assert final.status.is_file
    assert final.link == last
    assert read_first(shell, final.path, root=str(root)) == b"x" * 64


def test_a_link_to_nothing_ends_in_nothing(shell, root):
    """It is not the same as a path that does not exist, which has no link."""
    dangling = follow_links(shell, link(root, "dangling", "nothing"), str(root))
    missing = follow_links(shell, str(root / "nothing"), str(root))

    assert (dangling.status, dangling.link) == (Missing(), str(root / "dangling"))
    assert (missing.status, missing.link) == (Missing(), "")
    assert read_first(shell, str(root / "nothing"), root=str(root)) == Missing()


def test_a_loop_ends(shell, root):
    """As the kernel's own walk does."""
    final = follow_links(shell, link(root, "loop", "loop"), str(root))

    assert final.status == Refused("Too many levels of symbolic links")


def test_a_link_out_of_the_mount_is_not_followed(shell):
    """The mount is that of /dev/shm; control: a path in it."""
    assert follow_links(shell, "/dev/shm", "/dev/shm").status.is_directory  # noqa: S108 RUF100

    final = follow_links(shell, "/dev/shm/../../etc/passwd", "/dev/shm")  # noqa: S108 RUF100

    assert final.status == confined.OUTSIDE


def test_what_cannot_be_read_is_refused(shell, root):
    """A folder cannot be read, whoever tries."""
    assert read_first(shell, str(root / "folder"), root=str(root)) == Refused("Is a directory")
