"""Exec sessions: outputs, deadlines, threads, and what is left of two thousand checks."""

import contextlib
import gc
import resource
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_podshare import assert_file_visible, errors
from tests.support.two_containers import MIB, two, wait_for_sign


def test_both_outputs_and_the_exit_code_stay_apart(pod):
    """Whatever the command prints, and in whatever order."""
    script = "printf 'o\\0ut'; printf 'e\\377rr' >&2; printf more; exit 7"

    done = pod["c1"].exec(["sh", "-c", script])

    assert (done.returncode, done.stdout, done.stderr) == (7, b"o\0utmore", b"e\xffrr")
    assert pod["c1"].exec(["no-such-program"]).returncode == 127
    assert pod["c1"].exec(["printf", "%s.", "a b", "", "*", "\udcff"]).stdout == b"a b..*.\xff."


def test_a_command_that_takes_too_long_is_given_up_and_the_next_one_runs(pod):
    """Its session is closed with it."""
    with pytest.raises(errors.ExecTimeout, match=r"within 5 s \(stdout so far 'so far\\n'"):
        pod["c1"].exec(["sh", "-c", "echo so far; sleep 60"], timeout=5)

    assert pod["c1"].exec(["echo", "on"]).stdout == b"on\n"


def test_nothing_is_seen_of_what_was_posted_in_another_container(pod):
    """Whoever looks from outside the check waits for its end."""
    pod["c1"].volume("v").write("f", b"x")
    pod["c1"].enqueue(b"sleep 1.5; rm -f /v/f")

    assert pod["c2"].exec(["ls", "-A", "/w"]).stdout == b""


@contextlib.contextmanager
def under_way(pod, then=":"):
    """Another thread's command in c1, which goes on until the block ends."""
    script = f"touch /v/begun; until [ -e /v/go ]; do sleep 0.1; done; rm /v/go; {then}"
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(pod["c1"].exec, ["sh", "-c", script], timeout=90)
        try:
            wait_for_sign(pod, "begun")
            yield running
        finally:
            # `exec` would wait for what was posted
            pod["c2"].run(b"touch /w/go")


def test_what_is_posted_does_not_wait_for_another_threads_command(pod):
    """It is run after that one, and before the next."""
    with under_way(pod, then="ls -A /v") as running:
        pod["c1"].enqueue(b"echo x > /v/f")

        assert not running.done()
    assert running.result().stdout == b""
    assert pod["c1"].run(b"cat /v/f; rm /v/f").stdout == b"x\n"


def test_output_that_a_command_left_behind_is_no_answer_to_the_next(pod):
    """A process in the background prints when it likes."""
    pod["c1"].exec(["sh", "-c", "(sleep 0.3; echo late; echo late >&2; touch /v/late) &"])
    wait_for_sign(pod, "late")

    done = pod["c1"].exec(["echo", "on"])

    assert (done.stdout, done.stderr) == (b"on\n", b"")


def test_several_threads_use_several_containers_and_one(pod):
    """Each gets the answer to its own question, and a container has one session all the same."""

    def ask(number):
        container = pod["c1" if number % 3 else "c2"]
        container.exec(["sh", "-c", f"echo {number} >&2; exit {number % 100}"])
        return container.exec(["sh", "-c", f"sleep 0.0{number % 5}; echo {number}"]).stdout

    before = len(sockets())
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(60)))

    assert answers == [b"%d\n" % number for number in range(60)]
    assert len(sockets()) <= before + 2 + 8


def test_waiting_for_another_threads_command_is_bounded(pod):
    """A command that was not begun is given up as well, and harms nobody."""
    with under_way(pod) as running:
        with pytest.raises(errors.ExecTimeout, match="another thread's command is under way"):
            pod["c1"].run(b":", timeout=0.2)

        assert not running.done()
    assert running.result().returncode == 0


def test_a_connection_sends_at_once_and_does_not_wait_for_a_dead_peer(pod):
    """By the system's own means: no delay to gather small frames, and a limit to what is silent."""
    sock = pod["c1"].open()._connection._socket.sock

    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert 0 < sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) < 30_000


def sockets():
    """The open sockets of this process."""
    links = (each for each in Path("/proc/self/fd").iterdir())
    found = []
    for each in links:
        with contextlib.suppress(FileNotFoundError):
            if (target := str(each.readlink())).startswith("socket:"):
                found.append(target)
    return found


def test_two_thousand_checks_leave_nothing_behind(podshare):
    """No sockets, no threads, and no memory but for what is kept as evidence."""
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

    grown = int(Path("/proc/self/statm").read_text().split()[1]) - int(memory)
    assert sockets() == before
    assert threading.active_count() == threads
    assert grown * resource.getpagesize() < 4 * MIB
    pod.close()
    assert len(sockets()) == len(before) - 2
    assert pod["c1"].exec(["ls", "-A", "/v"]).stdout == b""
