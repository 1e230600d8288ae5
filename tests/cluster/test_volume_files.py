"""Files of a volume, with any name, any content and any size."""

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
from tests.support.file_names import FILE_NAMES
from tests.support.two_containers import MIB, two


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(name=FILE_NAMES, data=st.binary(max_size=3000))
def test_any_name_and_any_content_arrive_in_the_other_container(pod, name, data):
    """A name may contain any byte but NUL and slash, content any byte at all."""
    writer, reader = pod["c1"].volume("v"), pod["c2"].volume("v")

    written = writer.write(name, data)

    assert reader.read(name) == data
    assert reader.content(name) == written
    assert reader.listdir() == [name]
    assert (reader.stat(name).size, reader.stat(name).is_file) == (len(data), True)
    reader.remove(name)
    assert not writer.exists(name)


@pytest.mark.parametrize(
    "name", ["with space", "it's", "-rf", "$HOME", "ä", "a\nb", "\n", "a: b", "\udcff", "x" * 255]
)
def test_names_that_break_careless_scripts_are_ordinary_names(pod, name):
    """Small content goes through the session, large content through an exec of its own."""
    writer, reader = pod["c1"].volume("v"), pod["c2"].volume("v")

    for data in (b"small", b"large" * 20_000):
        writer.write(name, data)

        assert reader.read(name) == data
    writer.remove(name)
    assert reader.listdir() == []


def test_every_failure_has_its_own_error(pod):
    """A missing file is not a refused operation."""
    files = pod["c1"].volume("v")

    with pytest.raises(errors.FileMissing, match=rf"c1:/v/none of .*/{pod.name} does not exist\."):
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


class LargeFile(io.RawIOBase):
    """A file of random content that is never completely in memory."""

    def __init__(self, size):
        self._size, self._position, self._block = size, 0, os.urandom(MIB + 7)

    def tell(self):
        """Return the position."""
        return self._position

    def seek(self, offset, whence=io.SEEK_SET):
        """Change the position."""
        self._position = offset if whence == io.SEEK_SET else self._size + offset
        return self._position

    def read(self, size=-1):
        """Return the next bytes."""
        size = min(size, self._size - self._position, len(self._block))
        start = self._position % (len(self._block) - size + 1)
        self._position += size
        return self._block[start : start + size]


def peak_memory():
    """Return the peak memory of this process since the last call, in bytes."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_large_content_arrives_and_is_never_in_memory(pod):
    """It is streamed in both directions, and compared by size and digest in both containers."""
    writer, reader = pod["c1"].volume("v"), pod["c2"].volume("v")
    size = 256 * MIB + 1
    peak_memory()
    before = peak_memory()

    written = writer.write("large", LargeFile(size))
    with Path(os.devnull).open("wb") as nowhere:
        read = reader.read_to("large", nowhere)
    evidence = assert_file_visible(pod, from_c="c1", to_c="c2", path="/v/large", timeout=300)

    assert written.size == size
    assert read == written
    assert {step.sha256 for step in evidence.steps} == {written.sha256}
    assert peak_memory() - before < 32 * MIB
    writer.remove("large")


def test_a_full_volume_is_reported_and_the_content_is_never_executed(podshare):
    """The rest that no program reads must not reach a shell; the control is content that fits."""
    pod = podshare.deploy(two(medium="Memory", sizeLimit="4Mi"))
    files = pod["c1"].volume("v")
    commands = b"\n touch /v/run /tmp/run\n" * (8 * MIB // 24)

    with pytest.raises(errors.FileRefused, match="No space left on device"):
        files.write("f", commands)

    assert files.listdir() == []
    assert pod["c1"].exec(["ls", "/tmp/run"]).returncode != 0
    assert files.write("f", commands[:MIB]).size == MIB
    assert files.listdir() == ["f"]


def test_content_is_not_sent_to_a_command_that_has_ended(pod):
    """The rest of the bytes would be useless."""
    target = (pod.api, pod.namespace, pod.name, "c1")
    sent = 0

    def chunks():
        nonlocal sent
        for _ in range(4096):
            sent += MIB // 4
            yield bytes(MIB // 4)

    done = run_with_stdin(*target, "head -c 10 >&2; echo out; exit 3", chunks(), timeout=30)

    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", bytes(10))
    assert sent < 1024 * MIB


def send(container, script, mebibytes):
    """Send that much to a script as long as it is read, and wait for the script's end."""
    pod, command = container.pod, ["sh", "-c", script]
    channels = ExecConnection(pod.api, pod.namespace, pod.name, container.name, command, timeout=30)
    with channels, contextlib.suppress(errors.SessionLost):
        for _ in range(mebibytes):
            frame = bytes([STDIN]) + bytes(MIB)
            if not channels.send_listening(frame, lambda reply: reply[0] != ERROR, timeout=30):
                return
        while channels.frame(timeout=30)[0] != ERROR:
            pass


def test_a_process_that_closes_its_stdout_also_loses_its_stdin(pod):
    """The control is a program whose shell keeps stdout open, as for large content."""
    container, files = pod["c1"], pod["c1"].volume("v")

    send(container, f"exec head -c {64 * MIB} > /v/lost", 64)
    send(container, f"head -c {64 * MIB} > /v/whole; exit", 64)

    # usually almost nothing arrives; on a busy machine some of it does
    assert files.stat("lost").size < 64 * MIB
    assert files.stat("whole").size == 64 * MIB
    files.remove("lost")
    files.remove("whole")
