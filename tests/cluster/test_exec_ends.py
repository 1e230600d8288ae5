"""Exec sessions that end before their time, and what becomes of what they were at."""

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
from tests.support.two_containers import MIB, two, wait_for_sign

KILL = ("ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL")


def session_shell(container):
    """The process id of a container's session's own shell."""
    return int(container.run(b"echo $$").stdout)


@contextlib.contextmanager
def another_session(container):
    """A session beside the container's own."""
    pod = container.pod
    with ExecSession(pod.api, pod.namespace, pod.name, container.name, timeout=30) as session:
        yield session


def is_lost(session):
    """Whether a look at a session, which costs nothing, finds that it is broken."""
    try:
        session.check()
    except errors.SessionLost:
        return True
    return False


def test_a_session_that_died_unnoticed_is_replaced_before_it_is_used(pod):
    """Nothing is run twice or lost: what came of the dead one was taken first."""
    shell, known = session_shell(pod["c1"]), pod["c1"].open()
    with another_session(pod["c1"]) as beside:
        beside.run(b"kill -9 %d" % shell, timeout=30)
        now = poll(
            pod["c1"].open, until=lambda session: session is not known, deadline=Deadline(30)
        )

    assert now is not known
    assert pod["c1"].exec(["echo", "on"]).stdout == b"on\n"


def test_what_was_posted_is_run_even_if_its_session_dies(pod):
    """A file of ours is removed in the next session then."""
    files, container = pod["c1"].volume("v"), pod["c1"]
    files.write("f", b"x")
    shell = session_shell(container)
    with another_session(container) as beside:
        beside.run(b"kill -STOP %d" % shell, timeout=30)
        container.enqueue(b"rm -f /v/f")
        beside.run(b"kill -9 %d" % shell, timeout=30)

    assert container.exec(["ls", "-A", "/v"]).stdout == b""


@pytest.mark.podshare_needs("node-access")
@pytest.mark.engine
def test_a_container_that_is_killed_ends_its_commands_at_once(podshare):
    """And not at their timeout; when it is back, so is the session."""
    pod = podshare.deploy(two())
    container = dict(pod.identity.containers)["c1"].split("//")[-1]
    pod["c1"].exec(["true"])
    with ThreadPoolExecutor(1) as threads:
        busy = ["sh", "-c", "touch /v/begun; sleep 100"]
        running = threads.submit(pod["c1"].exec, busy, timeout=90)
        wait_for_sign(pod, "begun")
        killed = time.monotonic()
        nodes.run(pod.node, *KILL, container)
        with pytest.raises(errors.SessionLost):
            running.result()
        noticed = time.monotonic() - killed

    assert noticed < 60
    assert pod["c1"].exec(["echo", "back"]).stdout == b"back\n"


@pytest.fixture
def by_proxy(pod, tmp_path):
    """The cluster by a way that can be cut, and the proxy that can."""
    with proxied(pod.cluster, tmp_path) as (cluster, proxy):
        yield cluster, proxy


def test_a_connection_that_is_cut_is_noticed_at_once(pod, by_proxy):
    """In the midst of a command, and before the next one."""
    cluster, proxy = by_proxy
    where = (cluster.api, pod.namespace, pod.name, "c1")
    with ExecSession(*where, timeout=30) as session, ThreadPoolExecutor(1) as threads:
        running = threads.submit(session.run, b"touch /v/begun; sleep 60", timeout=50)
        wait_for_sign(pod, "begun")
        cut = time.monotonic()
        proxy.cut()
        with pytest.raises(errors.SessionLost, match=rf"The exec session to {pod.name}/c1 broke"):
            running.result()

        assert time.monotonic() - cut < 30
    with ExecSession(*where, timeout=30) as session:
        proxy.cut()
        assert poll(lambda: is_lost(session), until=bool, deadline=Deadline(30))
        with pytest.raises(errors.SessionLost):
            session.run(b":", timeout=30)


def test_a_large_content_whose_connection_is_cut_does_not_get_its_name(pod, by_proxy):
    """To the reader of its stdin that looks like the end of a shorter one."""
    cluster, proxy = by_proxy
    container = pod["c1"]
    through_proxy = copy.copy(container)
    live = dataclasses.replace(pod.live, cluster=cluster)
    through_proxy._current = CurrentPod(live, pod.flush)

    def pieces():
        for _ in range(64):
            yield bytes(MIB)
            time.sleep(0.01)
        proxy.cut()
        yield bytes(MIB)

    with pytest.raises(errors.SessionLost):
        streaming.write(through_proxy, "/v/f", pieces(), 1000 * MIB, root="/v")
    through_proxy.close()

    assert container.exec(["ls", "-A", "/v"]).stdout == b""
