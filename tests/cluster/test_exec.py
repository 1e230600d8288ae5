"""Exec sessions: output, timeouts, threads, and resources after two thousand checks."""

import contextlib
import gc
import resource
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_podshare import assert_file_visible, errors
from tests.support.two_containers import MIB, two, wait_for_file


def test_stdout_stderr_and_the_exit_code_are_separate(pod):
    """Whatever the command prints, in any order."""
    script = "printf 'o\\0ut'; printf 'e\\377rr' >&2; printf more; exit 7"

    done = pod["c1"].exec(["sh", "-c", script])

    assert (done.returncode, done.stdout, done.stderr) == (7, b"o\0utmore", b"e\xffrr")
    assert pod["c1"].exec(["no-such-program"]).returncode == 127
    assert pod["c1"].exec(["printf", "%s.", "a b", "", "*", "\udcff"]).stdout == b"a b..*.\xff."


def test_after_a_timeout_the_next_command_runs(pod):
    """The session of the command that timed out is closed."""
    with pytest.raises(errors.ExecTimeout, match=r"within 5 s \(stdout so far 'so far\\n'"):
        pod["c1"].exec(["sh", "-c", "echo so far; sleep 60"], timeout=5)

    assert pod["c1"].exec(["echo", "on"]).stdout == b"on\n"


def test_queued_scripts_of_another_container_run_before_a_command(pod):
    """A user's command never sees files that a check is about to remove."""
    pod["c1"].volume("v").write("f", b"x")
    pod["c1"].enqueue(b"sleep 1.5; rm -f /v/f")

    assert pod["c2"].exec(["ls", "-A", "/w"]).stdout == b""


@contextlib.contextmanager
def command_in_another_thread(pod, then=":"):
    """Run a command in c1 in another thread until the block ends."""
    script = f"touch /v/started; until [ -e /v/go ]; do sleep 0.1; done; rm /v/go; {then}"
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(pod["c1"].exec, ["sh", "-c", script], timeout=90)
        try:
            wait_for_file(pod, "started")
            yield running
        finally:
            # `exec` would wait for queued scripts
            pod["c2"].run(b"touch /w/go")


def test_enqueue_does_not_wait_for_another_threads_command(pod):
    """The script runs after that command and before the next one."""
    with command_in_another_thread(pod, then="ls -A /v") as running:
        pod["c1"].enqueue(b"echo x > /v/f")

        assert not running.done()
    assert running.result().stdout == b""
    assert pod["c1"].run(b"cat /v/f; rm /v/f").stdout == b"x\n"


def test_late_output_of_a_background_process_is_not_in_the_next_result(pod):
    """A process in the background may print at any time."""
    pod["c1"].exec(["sh", "-c", "(sleep 0.3; echo late; echo late >&2; touch /v/late) &"])
    wait_for_file(pod, "late")

    done = pod["c1"].exec(["echo", "on"])

    assert (done.stdout, done.stderr) == (b"on\n", b"")


def test_threads_can_share_containers(pod):
    """Each thread gets its own result, and every container still has one session."""

    def run(number):
        container = pod["c1" if number % 3 else "c2"]
        container.exec(["sh", "-c", f"echo {number} >&2; exit {number % 100}"])
        return container.exec(["sh", "-c", f"sleep 0.0{number % 5}; echo {number}"]).stdout

    before = len(sockets())
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(run, range(60)))

    assert results == [b"%d\n" % number for number in range(60)]
    assert len(sockets()) <= before + 2 + 8


def test_waiting_for_another_threads_command_has_a_timeout(pod):
    """The other command is not affected."""
    with command_in_another_thread(pod) as running:
        with pytest.raises(errors.ExecTimeout, match="another thread's command is running"):
            pod["c1"].run(b":", timeout=0.2)

        assert not running.done()
    assert running.result().returncode == 0


def test_a_connection_sends_immediately_and_detects_a_dead_peer(pod):
    """Socket options disable Nagle's algorithm, and limit the time without acknowledgement."""
    sock = pod["c1"].open()._connection._socket.sock

    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert 0 < sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) < 30_000


def sockets():
    """Return the open sockets of this process."""
    targets = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            targets.append(str(link.readlink()))
    return [target for target in targets if target.startswith("socket:")]


def test_two_thousand_checks_leak_nothing(podshare):
    """No sockets, no threads, and no memory except for evidence."""
    pod = podshare.deploy(two())

    def check(times):
        for _ in range(times):
            assert_file_visible(pod, from_c="c1", to_c="c2")
        pod.evidence.clear()
        pod.checks.clear()
        gc.collect()

    check(200)
    before, threads = sockets(), threading.active_count()
    memory = Path("/proc/self/statm").read_text().split()[1]

    check(2_000)

    growth = int(Path("/proc/self/statm").read_text().split()[1]) - int(memory)
    assert sockets() == before
    assert threading.active_count() == threads
    assert growth * resource.getpagesize() < 4 * MIB
    pod.close()
    assert len(sockets()) == len(before) - 2
    assert pod["c1"].exec(["ls", "-A", "/v"]).stdout == b""
