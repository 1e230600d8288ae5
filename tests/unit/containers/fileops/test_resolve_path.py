"""Paths below a root folder that is not the asking shell's own, in the real shells."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_podshare.containers.fileops import posix_shell, resolve_path
from tests.support.local_shell import SHELLS, LocalShell


@pytest.fixture
def root(tmp_path):
    """A root folder with a file, links of every sort, and secrets of its own."""
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
    for name, goal in links.items():
        (tmp_path / "v" / name).symlink_to(goal)
    (tmp_path / "v" / "a 'b'\n").write_text("odd")
    return tmp_path


def found(here, root, path, **how):
    """What a path in the root leads to, below the root."""
    how.setdefault("follow", True)
    done = here.run(resolve_path.resolving(str(root), path, **how))
    assert (done.returncode, done.stderr) == (0, b"")
    return resolve_path.resolved(done).removeprefix(str(root))


@pytest.mark.parametrize(
    ("path", "goal"),
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
def test_every_link_leads_within_the_root(here, root, path, goal):
    """As the container itself would follow it."""
    assert found(here, root, path) == goal


def test_a_hostile_link_does_not_lead_to_the_askers_own_files(here, root):
    """The kernel would follow it to this machine's /etc/passwd, which the control shows."""
    assert posix_shell.read(here, str(root / "v" / "hostile")) != b"the root's own"

    there = str(root) + found(here, root, "/v/hostile")

    assert posix_shell.read(here, there) == b"the root's own"


@pytest.mark.parametrize("path", ["/v/through-nothing", "/v/through-a-file", "/v/data/../data"])
def test_what_the_kernel_does_not_follow_is_not_followed(here, root, path):
    """A folder has to be there for its parent to be meant."""
    there = str(root) + found(here, root, path)

    assert isinstance(posix_shell.read(here, there), posix_shell.Missing | posix_shell.Refused)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loop", "round"])
def test_links_in_a_circle_lead_nowhere(here, root, name):
    """In the kernel's own words, whatever the links' last goal would be outside of the root."""
    done = here.run(resolve_path.resolving(str(root), f"/v/{name}", follow=True))

    assert posix_shell.read(here, resolve_path.resolved(done)) == posix_shell.Refused(
        "Too many levels of symbolic links"
    )


def test_a_link_at_the_end_is_itself_where_it_is_not_followed(here, root):
    """Those before it are followed all the same."""
    assert found(here, root, "/v/folder/absolute", follow=False) == "/v/absolute"


def test_a_root_that_is_gone_is_told(here, tmp_path):
    """No file is called missing because its process has ended."""
    done = here.run(resolve_path.resolving(str(tmp_path / "gone"), "/v", follow=True))

    assert done.returncode == resolve_path.GONE


@pytest.mark.parametrize("name", ["absolute", "hostile", "above"])
def test_what_lies_elsewhere_is_told_of_a_volume(here, root, name):
    """Of a container nothing is known there but the volume."""
    volume = str(root / "v")

    done = here.run(resolve_path.resolving(volume, f"/{name}", follow=True, within=True))

    assert done.returncode == resolve_path.OUTSIDE
    assert found(here, volume, "/relative", within=True) == "/data"


NAMES = st.text(st.sampled_from("ab.'\"$`\\ \n*[\udcff-"), min_size=1, max_size=4).filter(
    lambda name: name not in (".", "..")
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(name=NAMES, goal=NAMES)
def test_names_are_taken_as_they_are(tmp_path_factory, name, goal):
    """Whatever bytes a hostile link has, the kernel's view is the right one."""
    root = tmp_path_factory.mktemp("root")
    if name == goal:
        return
    (root / goal).write_text("x")
    (root / name).symlink_to(goal)
    with LocalShell(SHELLS.get("busybox") or SHELLS["sh"]) as here:
        done = here.run(resolve_path.resolving(str(root), f"/{name}", follow=True))

    assert os.fsencode(resolve_path.resolved(done)) == os.fsencode(root / goal)
