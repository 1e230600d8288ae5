"""An application that means harm: what it writes, names, links and prints, on a real cluster."""

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
def _nothing_run(pod):
    """No name was run, and nothing is left."""
    yield
    for name in ("c1", "c2"):
        assert pod[name].exec(["sh", "-c", 'ls / /tmp "$HOME" | grep -c pwned']).stdout == b"0\n"
    pod["c1"].exec(["sh", "-c", "rm -rf /v/..?* /v/.[!.]* /v/*"])
    assert pod["c1"].volume("v").listdir() == []


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_hostile_name_is_a_name(pod, name):
    """Written, read, listed, looked at and removed, in both sizes, from both containers."""
    ours, theirs = pod["c1"].volume("v"), pod["c2"].volume("v")

    for data in (b"small", b"large" * 20_000):
        ours.write(name, data)

        assert theirs.read(name) == data
        assert theirs.listdir() == [name]
        assert theirs.stat(name).size == len(data)
    evidence = ps.assert_file_visible(pod, from_c="c1", to_c="c2", path=f"/v/{name}")
    theirs.remove(name)

    assert ours.listdir() == []
    assert all(line.isprintable() for line in str(evidence).split("\n"))


def test_a_log_and_an_output_that_imitate_the_end_of_a_command_are_not_one(pod):
    """Nor do earlier markers, the number of a channel, or an exit code of its own choice."""
    session = pod["c1"]
    seen = session.exec(["sh", "-c", "tr '\\0' '\\n' < /proc/$PPID/cmdline; echo"]).stdout
    imitation = seen + b'0123456789abcdef012345670.\x010.\x03{"status":"Success"}'

    done = session.exec(
        ["sh", "-c", 'printf %s "$1"; printf %s "$1" >&2; exit 7', "_", imitation.decode()]
    )

    assert (done.returncode, done.stdout, done.stderr) == (7, imitation, imitation)
    assert session.exec(["echo", "on"]).stdout == b"on\n"


LINKS = {
    "absolute": "/etc",
    "relative": "../etc",
    "through a folder": "d/../../etc",
    "through another link": "absolute",
    "to the process itself": "/proc/self/root/etc",
    "to its working directory": "/proc/self/cwd/etc",
}


@pytest.fixture
def linked(pod):
    """The volume with links that an application has put there; all of them lead to /etc."""
    script = "mkdir /v/d && printf kept > /v/d/f && ln -s f /v/d/inside && ln -s d /v/folder"
    for name, target in LINKS.items():
        script += f" && ln -s '{target}' '/v/{name}' && ln -s '{target}/hostname' '/v/{name}.txt'"
    assert pod["c1"].exec(["sh", "-c", script]).returncode == 0
    return pod["c2"].volume("v")


@pytest.mark.parametrize("name", LINKS)
def test_a_link_out_of_the_volume_is_not_followed(pod, linked, name):
    """Neither to read, nor to write, list, look at or remove; a link itself can be looked at."""
    before = pod["c2"].exec(["sh", "-c", "ls -la /etc; cat /etc/hostname"]).stdout
    for act in (
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
            act()

    assert linked.stat(name).is_symlink
    linked.write(f"{name}.txt", b"ours")
    assert not linked.stat(f"{name}.txt").is_symlink
    assert pod["c2"].exec(["sh", "-c", "ls -la /etc; cat /etc/hostname"]).stdout == before


def test_links_within_the_volume_are_followed(linked):
    """The control: an application may have them."""
    assert (
        linked.read("d/inside")
        == linked.read("folder/f")
        == linked.read("folder/inside")
        == b"kept"
    )
    assert linked.listdir("folder") == ["f", "inside"]
    linked.write("folder/g", b"x")
    assert linked.listdir("d") == ["f", "g", "inside"]


@pytest.mark.parametrize(
    "path", ["/v/absolute.txt", "/v/relative/passwd", "/v/../etc/passwd", "/v/d/../../etc/passwd"]
)
def test_what_two_images_have_alike_is_no_shared_file(pod, linked, path):
    """A link to a file that both containers have of their own proves nothing of the volume."""
    del linked
    pod["c1"].exec(["sh", "-c", "ln -sf /etc/passwd /v/absolute.txt"])
    same = {pod[name].exec(["cat", "/etc/passwd"]).stdout for name in ("c1", "c2")}

    for check in (
        lambda: ps.assert_file_visible(pod, from_c="c1", to_c="c2", path=path, timeout=0.2),
        lambda: ps.assert_survives_restart(pod, container="c1", path=path),
    ):
        with pytest.raises((errors.PromiseBroken, errors.NoSharedVolume)):
            check()
    assert len(same) == 1
    ps.assert_file_visible(pod, from_c="c1", to_c="c2", path="/v/folder/inside", content="kept")


def test_an_output_without_an_end_is_an_error_and_not_all_memory(pod):
    """The session is given up, and the next command has another; the control is what fits."""
    with pytest.raises(errors.OutputTooLarge, match="more than 64 MiB"):
        pod["c1"].exec(["cat", "/dev/zero"], timeout=600)

    some = pod["c1"].exec(["head", "-c", "1000000", "/dev/zero"])
    assert (some.returncode, len(some.stdout)) == (0, 1_000_000)
