"""Sockets, pipes, locks and renames, which need a shared file system and kernel."""

import contextlib

import pytest

from pytest_podshare import assert_log_contains, assert_not_shared, errors
from pytest_podshare.deadline import Deadline, poll
from tests.support.mutations import container_of, mount_elsewhere

HELLO = (200, b"hello through a socket\n")


def test_a_socket_in_a_volume_connects_two_containers(podshare, fetch):
    """Even after the server was killed, which leaves its old socket behind."""
    pod = podshare.deploy("manifests/unix-socket.yaml")
    assert fetch(pod, 8080) == HELLO
    assert pod["proxy"].exec(["test", "-S", "/run/app/app.sock"]).returncode == 0

    restart = pod["server"].restart()

    assert restart.exit_code == 137
    assert fetch(pod, 8080) == HELLO


# on SIGTERM it would clean up
@pytest.mark.podshare_needs("node-access")
def test_a_server_that_keeps_its_stale_socket_cannot_restart(twin):
    """The mutated twin: it starts only once."""

    def change(spec):
        container_of(spec, "server")["command"] = ["nginx", "-g", "daemon off;"]

    pod = twin("unix-socket", change)

    with pytest.raises((errors.RestartImpossible, errors.ContainerCrashing)):
        pod["server"].restart(timeout=5)

    def log_lines():
        lines = []
        for previous in (False, True):
            # either instance may not exist yet
            with contextlib.suppress(errors.ApiError):
                lines += pod["server"].logs(previous=previous).splitlines()
        return lines

    stale = "bind() to unix:/sockets/app.sock failed (98: Address already in use)"
    lines = poll(
        log_lines,
        until=lambda lines: any(stale in line for line in lines),
        deadline=Deadline(60),
        first=0.1,
    )
    assert any(stale in line for line in lines)


def test_a_named_pipe_connects_two_containers(podshare):
    """One prints what the other writes; nothing is stored in the volume."""
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


def test_a_named_pipe_in_another_volume_connects_nothing(twin):
    """The mutated twin: the producer writes a regular file, which no container reads."""
    pod = twin("fifo", mount_elsewhere("producer"))

    assert pod["producer"].exec(["sh", "-c", "echo two apples > /out/orders"]).returncode == 0

    assert b"regular file" in pod["producer"].exec(["stat", "-c", "%F", "/out/orders"]).stdout
    assert_not_shared(pod, from_c="producer", to_c="consumer")
    with pytest.raises(
        AssertionError, match="the log of 'consumer' does not contain the expected line"
    ):
        assert_log_contains(pod, container="consumer", text="two apples", timeout=2)


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "another volume"])
def test_a_lock_of_one_container_excludes_the_other(podshare, twin, shared):
    """Until it is released; in another volume, the mutated twin, it does not."""
    pod = (
        podshare.deploy("manifests/flock.yaml") if shared else twin("flock", mount_elsewhere("c2"))
    )

    def try_lock(container, path):
        return pod[container].exec(["flock", "-n", path, "true"]).returncode

    assert try_lock("c2", "/run/locks/lock") == 0
    # waits for the lock, which try_lock may hold for a moment
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
    ("change", "option", "is_notified"),
    [
        pytest.param(lambda _spec: None, "", True, id="shared"),
        pytest.param(lambda _spec: None, "---disable-inotify", False, id="not listening"),
        pytest.param(mount_elsewhere("c2"), "", False, id="another volume"),
    ],
)
def test_a_container_is_notified_of_what_the_other_writes(twin, change, option, is_notified):
    """By inotify: a tail that polls every 1000 s prints the line immediately."""
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
    # once it sleeps, it has read everything
    assert poll(state, until=lambda text: text == b"S\n", deadline=Deadline(30)) == b"S\n"
    assert pod["c1"].exec(["sh", "-c", "echo news >> /locks/news"]).returncode == 0
    seconds = 30 if is_notified else 1
    text = poll(printed, until=lambda text: b"news\n" in text, deadline=Deadline(seconds))

    assert text == (b"ready\nnews\n" if is_notified else b"ready\n")


def test_a_renamed_file_is_never_seen_half_written(podshare):
    """None of two hundred reads, of several generations, is torn."""
    pod = podshare.deploy("manifests/atomic-rename.yaml")

    assert_log_contains(
        pod,
        container="reader",
        pattern=r"^200 reads of ([2-9]|\d\d+) generations, 0 torn$",
        timeout=240,
    )


def test_a_file_written_in_place_is_seen_half_written(twin):
    """The mutated twin: without the rename, some reads are torn."""

    def change(spec):
        container_of(spec, "writer")["env"][0]["value"] = "/out/current"

    pod = twin("atomic-rename", change)

    assert_log_contains(
        pod,
        container="reader",
        pattern=r"^200 reads of \d+ generations, [1-9]\d* torn$",
        timeout=240,
    )
