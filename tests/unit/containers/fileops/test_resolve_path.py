"""Paths below a root folder that is not the shell's own, in this machine's real shells."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_podshare.containers.fileops import operations, resolve_path
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from tests.support.local_shell import SHELLS, LocalShell


@pytest.fixture
def root(tmp_path):
    """Create a root folder with a file, all sorts of symlinks, and a secret."""
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "data").write_text("inside")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("the root's own")
    links = {
        "absolute": "/v/data",
        "relative": "data",
        "folder": "/v",
        "hostile": "/etc/passwd",
        "above": "../../../../../etc/passwd",
        "again": "folder/relative",
        "loop": "loop",
        "round": "/v/round",
        "nowhere": "/v/nothing",
        "odd": "/v/a 'b'\n",
        "through-nothing": "no-such-folder/../data",
        "through-a-file": "data/../data",
    }
    for name, target in links.items():
        (tmp_path / "v" / name).symlink_to(target)
    (tmp_path / "v" / "a 'b'\n").write_text("odd")
    return tmp_path


def resolve(shell, root, path, *, follow=True, confined=False):
    """Return what a path leads to, relative to the root."""
    script = resolve_path.resolve_script(str(root), path, follow=follow, confined=confined)
    done = shell.run(script)
    assert (done.returncode, done.stderr) == (0, b"")
    return resolve_path.parse_resolved(done).removeprefix(str(root))


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v/data", "/v/data"),
        ("/", "/"),
        ("//v/./data", "/v/data"),
        ("/v/../v/data", "/v/data"),
        ("/../../v/data", "/v/data"),
        ("/v/absolute", "/v/data"),
        ("/v/relative", "/v/data"),
        ("/v/folder/data", "/v/data"),
        ("/v/folder/folder/again", "/v/data"),
        ("/v/hostile", "/etc/passwd"),
        ("/v/above", "/etc/passwd"),
        ("/v/nowhere", "/v/nothing"),
        ("/v/odd", "/v/a 'b'\n"),
        ("/no/such/file", "/no/such/file"),
    ],
)
def test_every_symlink_is_resolved_within_the_root(shell, root, path, target):
    """The container itself would follow it to the same file."""
    assert resolve(shell, root, path) == target


def test_a_hostile_symlink_does_not_lead_to_the_files_of_the_shell(shell, root):
    """The control: the kernel follows it to this machine's /etc/passwd."""
    assert operations.read(shell, str(root / "v" / "hostile")) != b"the root's own"

    resolved = str(root) + resolve(shell, root, "/v/hostile")

    assert operations.read(shell, resolved) == b"the root's own"


@pytest.mark.parametrize("path", ["/v/through-nothing", "/v/through-a-file", "/v/data/../data"])
def test_what_the_kernel_does_not_follow_is_not_followed(shell, root, path):
    """`..` requires an existing folder before it."""
    resolved = str(root) + resolve(shell, root, path)

    assert isinstance(operations.read(shell, resolved), Missing | Refused)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loop", "round"])
def test_circular_symlinks_lead_nowhere(shell, root, name):
    """The error is the kernel's own."""
    done = shell.run(resolve_path.resolve_script(str(root), f"/v/{name}", follow=True))

    assert operations.read(shell, resolve_path.parse_resolved(done)) == Refused(
        "Too many levels of symbolic links"
    )


def test_a_symlink_at_the_end_need_not_be_followed(shell, root):
    """Those before it are always followed."""
    assert resolve(shell, root, "/v/folder/absolute", follow=False) == "/v/absolute"


def test_a_root_that_does_not_exist_is_reported(shell, tmp_path):
    """A file is not missing because the container's process has ended."""
    done = shell.run(resolve_path.resolve_script(str(tmp_path / "gone"), "/v", follow=True))

    assert done.returncode == resolve_path._GONE


@pytest.mark.parametrize("name", ["absolute", "hostile", "above"])
def test_a_symlink_out_of_a_confined_root_is_reported(shell, root, name):
    """On a node, nothing of a container is known but its volumes."""
    volume = str(root / "v")

    done = shell.run(resolve_path.resolve_script(volume, f"/{name}", follow=True, confined=True))

    assert done.returncode == resolve_path.OUTSIDE
    assert resolve(shell, volume, "/relative", confined=True) == "/data"


NAMES = st.text(st.sampled_from("ab.'\"$`\\ \n*[\udcff-"), min_size=1, max_size=4).filter(
    lambda name: name not in (".", "..")
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(name=NAMES, target=NAMES)
def test_any_bytes_in_a_name_are_used_unchanged(tmp_path_factory, name, target):
    """The result is the kernel's, whatever bytes a hostile symlink contains."""
    root = tmp_path_factory.mktemp("root")
    if name == target:
        return
    (root / target).write_text("x")
    (root / name).symlink_to(target)
    with LocalShell(SHELLS.get("busybox") or SHELLS["sh"]) as shell:
        done = shell.run(resolve_path.resolve_script(str(root), f"/{name}", follow=True))

    assert os.fsencode(resolve_path.parse_resolved(done)) == os.fsencode(root / target)
