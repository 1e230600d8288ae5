"""Exec sessions that break, and what happens to their commands."""

import contextlib
import copy
import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.containers.fileops import streaming
from pytest_podshare.containers.live_pod import CurrentPod
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.exec.session import ExecSession
from tests.support.fault_proxy import proxied
from tests.support.two_containers import MIB, two, wait_for_file

KILL = ("ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL")


def session_pid(container):
    """Return the process ID of the shell of a container's session."""
    return int(container.run(b"echo $$").stdout)


@contextlib.contextmanager
def second_session(container):
    """Open a session beside the container's own."""
    pod = container.pod
    with ExecSession(pod.api, pod.namespace, pod.name, container.name, timeout=30) as session:
        yield session


def is_lost(session):
    """Return whether `check` finds out that a session is broken."""
    try:
        session.check()
    except errors.SessionLost:
        return True
    return False


def test_a_session_that_broke_while_idle_is_replaced_before_the_next_command(pod):
    """No command runs twice or gets lost."""
    pid, old = session_pid(pod["c1"]), pod["c1"].open()
    with second_session(pod["c1"]) as second:
        second.run(b"kill -9 %d" % pid, timeout=30)
        new = poll(pod["c1"].open, until=lambda session: session is not old, deadline=Deadline(30))

    assert new is not old
    assert pod["c1"].exec(["echo", "on"]).stdout == b"on\n"


def test_a_queued_script_runs_even_if_its_session_breaks(pod):
    """It runs in the next session, which removes our file."""
    files, container = pod["c1"].volume("v"), pod["c1"]
    files.write("f", b"x")
    pid = session_pid(container)
    with second_session(container) as second:
        second.run(b"kill -STOP %d" % pid, timeout=30)
        container.enqueue(b"rm -f /v/f")
        second.run(b"kill -9 %d" % pid, timeout=30)

    assert container.exec(["ls", "-A", "/v"]).stdout == b""


@pytest.mark.podshare_needs("node-access")
@pytest.mark.engine
def test_a_command_fails_as_soon_as_its_container_is_killed(podshare):
    """It does not wait for its timeout; the restarted container has a new session."""
    pod = podshare.deploy(two())
    container_id = dict(pod.identity.containers)["c1"].split("//")[-1]
    pod["c1"].exec(["true"])
    with ThreadPoolExecutor(1) as threads:
        command = ["sh", "-c", "touch /v/started; sleep 100"]
        running = threads.submit(pod["c1"].exec, command, timeout=90)
        wait_for_file(pod, "started")
        killed = time.monotonic()
        nodes.run(pod.node, *KILL, container_id)
        with pytest.raises(errors.SessionLost):
            running.result()
        seconds = time.monotonic() - killed

    assert seconds < 60
    assert pod["c1"].exec(["echo", "back"]).stdout == b"back\n"


@pytest.fixture
def cuttable(pod, tmp_path):
    """Return the cluster behind a proxy, and the proxy, which can cut all connections."""
    with proxied(pod.cluster, tmp_path) as (cluster, proxy):
        yield cluster, proxy


def test_a_cut_connection_is_detected_immediately(pod, cuttable):
    """During a command, and before the next one."""
    cluster, proxy = cuttable
    target = (cluster.api, pod.namespace, pod.name, "c1")
    with ExecSession(*target, timeout=30) as session, ThreadPoolExecutor(1) as threads:
        running = threads.submit(session.run, b"touch /v/started; sleep 60", timeout=50)
        wait_for_file(pod, "started")
        cut = time.monotonic()
        proxy.cut()
        with pytest.raises(errors.SessionLost, match=rf"The exec session to {pod.name}/c1 broke"):
            running.result()

        assert time.monotonic() - cut < 30
    with ExecSession(*target, timeout=30) as session:
        proxy.cut()
        assert poll(lambda: is_lost(session), until=bool, deadline=Deadline(30))
        with pytest.raises(errors.SessionLost):
            session.run(b":", timeout=30)


def test_large_content_does_not_get_the_files_name_if_the_connection_is_cut(pod, cuttable):
    """To the reader of stdin, a cut connection looks like the end of the content."""
    cluster, proxy = cuttable
    container = pod["c1"]
    through_proxy = copy.copy(container)
    live = dataclasses.replace(pod.live, cluster=cluster)
    through_proxy._current = CurrentPod(live, pod.flush)

    def chunks():
        for _ in range(64):
            yield bytes(MIB)
            time.sleep(0.01)
        proxy.cut()
        yield bytes(MIB)

    with pytest.raises(errors.SessionLost):
        streaming.write(through_proxy, "/v/f", chunks(), 1000 * MIB, root="/v")
    through_proxy.close()

    assert container.exec(["ls", "-A", "/v"]).stdout == b""
