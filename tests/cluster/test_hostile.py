"""Hostile applications: names, content, symlinks and output, on a real cluster."""

import pytest

import pytest_podshare as ps
from pytest_podshare import errors

NAMES = (
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    "a\ntouch pwned\n",
    "-rf",
    "--help",
    "*",
    "[a-z]?",
    "\\",
    '"',
    "!!",
    "%s%n\\0",
    "\x1b[2Jx\x07",
    "\x01\x02\x03",
    "::error::no",
    "\udcff\udc80\\\udc90'",
    "0123456789abcdef0123456700.",
    "\n<&-\n",
)


@pytest.fixture(autouse=True)
def _nothing_executed(pod):
    """Check that no name was executed, and that no file is left."""
    yield
    for name in ("c1", "c2"):
        assert pod[name].exec(["sh", "-c", 'ls / /tmp "$HOME" | grep -c pwned']).stdout == b"0\n"
    pod["c1"].exec(["sh", "-c", "rm -rf /v/..?* /v/.[!.]* /v/*"])
    assert pod["c1"].volume("v").listdir() == []


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_hostile_name_is_an_ordinary_name(pod, name):
    """Every operation works in both containers, with small and large content."""
    writer, reader = pod["c1"].volume("v"), pod["c2"].volume("v")

    for data in (b"small", b"large" * 20_000):
        writer.write(name, data)

        assert reader.read(name) == data
        assert reader.listdir() == [name]
        assert reader.stat(name).size == len(data)
    evidence = ps.assert_file_visible(pod, from_c="c1", to_c="c2", path=f"/v/{name}")
    reader.remove(name)

    assert writer.listdir() == []
    assert all(line.isprintable() for line in str(evidence).split("\n"))


def test_output_that_imitates_the_end_of_a_command_is_only_output(pod):
    """It may contain earlier markers, the number of a channel, and another exit code."""
    session = pod["c1"]
    earlier = session.exec(["sh", "-c", "tr '\\0' '\\n' < /proc/$PPID/cmdline; echo"]).stdout
    imitation = earlier + b'0123456789abcdef012345670.\x010.\x03{"status":"Success"}'

    done = session.exec(
        ["sh", "-c", 'printf %s "$1"; printf %s "$1" >&2; exit 7', "_", imitation.decode()]
    )

    assert (done.returncode, done.stdout, done.stderr) == (7, imitation, imitation)
    assert session.exec(["echo", "on"]).stdout == b"on\n"


LINKS = {
    "absolute": "/etc",
    "relative": "../etc",
    "through a folder": "d/../../etc",
    "through another symlink": "absolute",
    "to the process itself": "/proc/self/root/etc",
    "to its working directory": "/proc/self/cwd/etc",
}


@pytest.fixture
def linked(pod):
    """Return the volume with symlinks that an application created; all of them lead to /etc."""
    script = "mkdir /v/d && printf kept > /v/d/f && ln -s f /v/d/inside && ln -s d /v/folder"
    for name, target in LINKS.items():
        script += f" && ln -s '{target}' '/v/{name}' && ln -s '{target}/hostname' '/v/{name}.txt'"
    assert pod["c1"].exec(["sh", "-c", script]).returncode == 0
    return pod["c2"].volume("v")


@pytest.mark.parametrize("name", LINKS)
def test_a_symlink_out_of_the_volume_is_not_followed(pod, linked, name):
    """No operation follows it; the symlink itself can be examined and replaced."""
    before = pod["c2"].exec(["sh", "-c", "ls -la /etc; cat /etc/hostname"]).stdout
    for use in (
        lambda: linked.read(f"{name}.txt"),
        lambda: linked.content(f"{name}.txt"),
        lambda: linked.read(f"{name}/hostname"),
        lambda: linked.listdir(name),
        lambda: linked.stat(f"{name}/hostname"),
        lambda: linked.exists(f"{name}/hostname"),
        lambda: linked.write(f"{name}/new", b"x"),
        lambda: linked.write(f"{name}/new", b"x" * 100_000),
        lambda: linked.remove(f"{name}/hostname"),
    ):
        with pytest.raises(errors.NotInVolume, match="leads out of the volume"):
            use()

    assert linked.stat(name).is_symlink
    linked.write(f"{name}.txt", b"ours")
    assert not linked.stat(f"{name}.txt").is_symlink
    assert pod["c2"].exec(["sh", "-c", "ls -la /etc; cat /etc/hostname"]).stdout == before


def test_symlinks_within_the_volume_are_followed(linked):
    """The control."""
    for name in ("d/inside", "folder/f", "folder/inside"):
        assert linked.read(name) == b"kept"
    assert linked.listdir("folder") == ["f", "inside"]
    linked.write("folder/g", b"x")
    assert linked.listdir("d") == ["f", "g", "inside"]


@pytest.mark.parametrize(
    "path", ["/v/absolute.txt", "/v/relative/passwd", "/v/../etc/passwd", "/v/d/../../etc/passwd"]
)
def test_a_file_that_both_images_have_is_not_shared(pod, linked, path):
    """A symlink to a file of each container's own proves nothing about the volume."""
    del linked
    pod["c1"].exec(["sh", "-c", "ln -sf /etc/passwd /v/absolute.txt"])
    contents = {pod[name].exec(["cat", "/etc/passwd"]).stdout for name in ("c1", "c2")}

    for check in (
        lambda: ps.assert_file_visible(pod, from_c="c1", to_c="c2", path=path, timeout=0.2),
        lambda: ps.assert_survives_restart(pod, container="c1", path=path),
    ):
        with pytest.raises((errors.PromiseBroken, errors.NoSharedVolume)):
            check()
    assert len(contents) == 1
    ps.assert_file_visible(pod, from_c="c1", to_c="c2", path="/v/folder/inside", content="kept")


def test_endless_output_is_an_error_and_does_not_exhaust_memory(pod):
    """The next command has a new session; the control is output that fits."""
    with pytest.raises(errors.OutputTooLarge, match="more than 64 MiB"):
        pod["c1"].exec(["cat", "/dev/zero"], timeout=600)

    done = pod["c1"].exec(["head", "-c", "1000000", "/dev/zero"])
    assert (done.returncode, len(done.stdout)) == (0, 1_000_000)
