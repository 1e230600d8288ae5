"""Files of a volume: any name, any content, any size, and why not."""

import contextlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_podshare import assert_file_visible, errors
from pytest_podshare.kube.exec.oneshot import run_with_stdin
from pytest_podshare.kube.exec.protocol import ERROR, STDIN
from pytest_podshare.kube.exec.websocket import ExecConnection
from tests.support.two_containers import MIB, two

NAMES = (
    st.binary(min_size=1, max_size=60)
    .map(lambda raw: raw.translate(bytes.maketrans(b"\0/", b"_.")))
    .filter(lambda raw: raw not in (b".", b".."))
    .map(os.fsdecode)
)


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(name=NAMES, data=st.binary(max_size=3000))
def test_any_name_and_any_content_pass_from_one_container_to_the_other(pod, name, data):
    """Names of any bytes but NUL and slash, contents of any bytes at all."""
    ours, theirs = pod["c1"].volume("v"), pod["c2"].volume("v")

    written = ours.write(name, data)

    assert theirs.read(name) == data
    assert theirs.content(name) == written
    assert theirs.listdir() == [name]
    assert (theirs.stat(name).size, theirs.stat(name).is_file) == (len(data), True)
    theirs.remove(name)
    assert not ours.exists(name)


@pytest.mark.parametrize(
    "name", ["with space", "it's", "-rf", "$HOME", "ä", "a\nb", "\n", "a: b", "\udcff", "x" * 255]
)
def test_a_name_that_a_script_would_stumble_over_is_one_like_any_other(pod, name):
    """Small content goes through the session, large content through an exec of its own."""
    ours, theirs = pod["c1"].volume("v"), pod["c2"].volume("v")

    for data in (b"small", b"large" * 20_000):
        ours.write(name, data)

        assert theirs.read(name) == data
    ours.remove(name)
    assert theirs.listdir() == []


def test_errors_of_files_have_types(pod):
    """Missing is not refused, and neither is a command that could not be run."""
    files = pod["c1"].volume("v")

    with pytest.raises(errors.FileMissing, match=rf"c1:/v/none of .*/{pod.name} is not there\."):
        files.read("none")
    with pytest.raises(errors.FileRefused, match=rf"c1:/v of .*/{pod.name}: Is a directory\."):
        files.read("")
    with pytest.raises(errors.FileMissing):
        files.stat("none")
    with pytest.raises(errors.FileMissing):
        files.content("none")
    with pytest.raises(errors.FileRefused):
        files.write("none/f", b"x")
    with pytest.raises(errors.UnknownVolume):
        pod["c1"].volume("none")
    assert not files.exists("none")
    assert not files.exists("none/f")


class Source(io.RawIOBase):
    """A file of random content that is never in memory as a whole."""

    def __init__(self, size):
        self._size, self._at, self._block = size, 0, os.urandom(MIB + 7)

    def tell(self):
        """Where it stands."""
        return self._at

    def seek(self, offset, whence=io.SEEK_SET):
        """Go there."""
        self._at = offset if whence == io.SEEK_SET else self._size + offset
        return self._at

    def read(self, size=-1):
        """The next bytes."""
        size = min(size, self._size - self._at, len(self._block))
        start = self._at % (len(self._block) - size + 1)
        self._at += size
        return self._block[start : start + size]


def most_memory():
    """The most memory that this process had since the last call, in bytes."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_large_content_passes_and_is_never_in_memory(pod):
    """Streamed both ways, compared by size and digest, in both containers."""
    ours, theirs = pod["c1"].volume("v"), pod["c2"].volume("v")
    size = 256 * MIB + 1
    most_memory()
    before = most_memory()

    written = ours.write("large", Source(size))
    with Path(os.devnull).open("wb") as nowhere:
        read = theirs.read_to("large", nowhere)
    evidence = assert_file_visible(pod, from_c="c1", to_c="c2", path="/v/large", timeout=300)

    assert written.size == size
    assert read == written
    assert {step.sha256 for step in evidence.steps} == {written.sha256}
    assert most_memory() - before < 32 * MIB
    ours.remove("large")


def test_a_full_volume_is_named_and_nothing_of_the_content_is_run(podshare):
    """What no program reads any more must not reach a shell; the control is what fits."""
    pod = podshare.deploy(two(medium="Memory", sizeLimit="4Mi"))
    files = pod["c1"].volume("v")
    commands = b"\n touch /v/run /tmp/run\n" * (8 * MIB // 24)

    with pytest.raises(errors.FileRefused, match="No space left on device"):
        files.write("f", commands)

    assert files.listdir() == []
    assert pod["c1"].exec(["ls", "/tmp/run"]).returncode != 0
    assert files.write("f", commands[:MIB]).size == MIB
    assert files.listdir() == ["f"]


def test_what_is_fed_is_not_sent_on_to_a_command_that_has_ended(pod):
    """It ended well or badly: the rest of the bytes is of no use to anybody."""
    where = (pod.api, pod.namespace, pod.name, "c1")
    sent = 0

    def pieces():
        nonlocal sent
        for _ in range(4096):
            sent += MIB // 4
            yield bytes(MIB // 4)

    done = run_with_stdin(*where, "head -c 10 >&2; echo out; exit 3", pieces(), timeout=30)

    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", bytes(10))
    assert sent < 1024 * MIB


def sent_to(container, script, mebibytes):
    """Send that much to a script, as long as anybody takes it, and wait for its end."""
    pod, command = container.pod, ["sh", "-c", script]
    where = (pod.api, pod.namespace, pod.name, container.name)
    connection = ExecConnection(*where, command, timeout=30)
    with connection, contextlib.suppress(errors.SessionLost):
        for _ in range(mebibytes):
            frame = bytes([STDIN]) + bytes(MIB)
            if not connection.send_while_receiving(
                frame, lambda received: received[0] != ERROR, timeout=30
            ):
                return
        while connection.receive(timeout=30)[0] != ERROR:
            pass


def test_a_command_that_gives_up_its_stdout_loses_its_stdin(pod):
    """Why large content is read by a program whose shell stays: the control is one that does."""
    container, files = pod["c1"], pod["c1"].volume("v")

    sent_to(container, f"exec head -c {64 * MIB} > /v/lost", 64)
    sent_to(container, f"head -c {64 * MIB} > /v/whole; exit", 64)

    # most often next to nothing comes, and on a machine that is busy some of it
    assert files.stat("lost").size < 64 * MIB
    assert files.stat("whole").size == 64 * MIB
    files.remove("lost")
    files.remove("whole")
