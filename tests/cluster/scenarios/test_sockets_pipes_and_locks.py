"""Sockets, pipes, locks and renames, which need one file system and one kernel."""

import contextlib

import pytest

from pytest_podshare import assert_log_contains, assert_not_shared, errors
from pytest_podshare.deadline import Deadline, poll
from tests.support.mutations import container_of, elsewhere

HELLO = (200, b"hello through a socket\n")


def test_a_socket_in_a_volume_is_reached_from_the_other_container(podshare, fetch):
    """Also after the server was killed, which leaves its socket behind."""
    pod = podshare.deploy("manifests/unix-socket.yaml")
    assert fetch(pod, 8080) == HELLO
    assert pod["proxy"].exec(["test", "-S", "/run/app/app.sock"]).returncode == 0

    restart = pod["server"].restart()

    assert restart.exit_code == 137
    assert fetch(pod, 8080) == HELLO


# by SIGTERM it would tidy up after itself
@pytest.mark.podshare_needs("node-access")
def test_a_server_that_does_not_remove_its_stale_socket_does_not_come_back(twin):
    """The mutated twin: it starts, and starts once only."""

    def change(spec):
        container_of(spec, "server")["command"] = ["nginx", "-g", "daemon off;"]

    pod = twin("unix-socket", change)

    with pytest.raises((errors.RestartImpossible, errors.ContainerCrashing)):
        pod["server"].restart(timeout=5)

    def said():
        lines = []
        for previous in (False, True):
            # there may be no other instance yet, or none at this moment
            with contextlib.suppress(errors.ApiError):
                lines += pod["server"].logs(previous=previous).splitlines()
        return lines

    stale = "bind() to unix:/sockets/app.sock failed (98: Address already in use)"
    ended = poll(
        said,
        until=lambda lines: any(stale in line for line in lines),
        deadline=Deadline(60),
        first=0.1,
    )
    assert any(stale in line for line in ended)


def test_a_pipe_joins_two_containers(podshare):
    """What the one writes the other prints; nothing is stored in the volume."""
    pod = podshare.deploy("manifests/fifo.yaml")

    for order in ("two apples", "three pears"):
        done = pod["producer"].exec(["timeout", "25", "sh", "-c", f"echo {order} > /out/orders"])
        assert done.returncode == 0
        assert_log_contains(pod, container="consumer", text=order)
    assert pod["producer"].exec(["stat", "-c", "%F %s", "/out/orders"]).stdout == b"fifo 0\n"
    pod["consumer"].restart()
    again = ["timeout", "25", "sh", "-c", "echo four plums > /out/orders"]
    assert pod["producer"].exec(again).returncode == 0
    assert_log_contains(pod, container="consumer", text="four plums", lacks="two apples")


def test_a_pipe_in_another_volume_joins_nothing(twin):
    """The mutated twin: the producer writes a plain file, which nobody reads."""
    pod = twin("fifo", elsewhere("producer"))

    assert pod["producer"].exec(["sh", "-c", "echo two apples > /out/orders"]).returncode == 0

    assert b"regular file" in pod["producer"].exec(["stat", "-c", "%F", "/out/orders"]).stdout
    assert_not_shared(pod, from_c="producer", to_c="consumer")
    with pytest.raises(AssertionError, match="the log of 'consumer' does not show it"):
        assert_log_contains(pod, container="consumer", text="two apples", timeout=2)


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "another volume"])
def test_a_lock_that_one_container_holds_keeps_the_other_out(podshare, twin, shared):
    """Until it is released; in another volume, the mutated twin, it keeps nobody out."""
    pod = podshare.deploy("manifests/flock.yaml") if shared else twin("flock", elsewhere("c2"))

    def try_lock(container, path):
        return pod[container].exec(["flock", "-n", path, "true"]).returncode

    assert try_lock("c2", "/run/locks/lock") == 0
    # It waits for the lock: a try of ours may have it at this moment.
    hold = "(exec 9> /locks/lock; flock 9 && exec sleep 1000) > /dev/null 2>&1 & echo $!"
    holder = pod["c1"].exec(["sh", "-c", hold]).stdout.decode().strip()
    held = poll(lambda: try_lock("c1", "/locks/lock"), until=bool, deadline=Deadline(30))
    assert held == 1

    assert try_lock("c2", "/run/locks/lock") == (1 if shared else 0)

    assert pod["c1"].exec(["kill", holder]).returncode == 0
    freed = poll(
        lambda: try_lock("c2", "/run/locks/lock"),
        until=lambda code: code == 0,
        deadline=Deadline(30),
    )
    assert freed == 0


@pytest.mark.parametrize(
    ("change", "option", "is_told"),
    [
        pytest.param(lambda _spec: None, "", True, id="shared"),
        pytest.param(lambda _spec: None, "---disable-inotify", False, id="not listening"),
        pytest.param(elsewhere("c2"), "", False, id="another volume"),
    ],
)
def test_one_container_is_told_of_what_the_other_writes(twin, change, option, is_told):
    """By inotify: a tail that looks for itself only every 1000 s prints it at once."""
    pod = twin("flock", change)
    news, seen = "/run/locks/news", "/tmp/seen"
    follow = f"echo ready > {news}; tail {option} -n+1 -f -s 1000 {news} > {seen} 2>&1 & echo $!"
    tail = pod["c2"].exec(["sh", "-c", follow]).stdout.decode().strip()

    def printed():
        return pod["c2"].exec(["cat", seen]).stdout

    def state():
        return pod["c2"].exec(["cut", "-d", " ", "-f", "3", f"/proc/{tail}/stat"]).stdout

    ready = poll(printed, until=lambda text: b"ready\n" in text, deadline=Deadline(30))
    assert ready == b"ready\n"
    # only when it sleeps has it looked for more
    assert poll(state, until=lambda it: it == b"S\n", deadline=Deadline(30)) == b"S\n"
    assert pod["c1"].exec(["sh", "-c", "echo news >> /locks/news"]).returncode == 0
    told = poll(
        printed, until=lambda text: b"news\n" in text, deadline=Deadline(30 if is_told else 1)
    )

    assert told == (b"ready\nnews\n" if is_told else b"ready\n")


def test_a_file_that_is_renamed_is_never_seen_half(podshare):
    """In two hundred reads, of several generations, none is torn."""
    pod = podshare.deploy("manifests/atomic-rename.yaml")

    assert_log_contains(
        pod,
        container="reader",
        pattern=r"^200 reads of ([2-9]|\d\d+) generations, 0 torn$",
        timeout=240,
    )


def test_a_file_that_is_written_in_place_is_seen_half(twin):
    """The mutated twin: without the rename the reader meets torn generations."""

    def change(spec):
        container_of(spec, "writer")["env"][0]["value"] = "/out/current"

    pod = twin("atomic-rename", change)

    assert_log_contains(
        pod,
        container="reader",
        pattern=r"^200 reads of \d+ generations, [1-9]\d* torn$",
        timeout=240,
    )
