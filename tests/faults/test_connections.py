"""Connections that break, fall silent, or stay half open, while a check is under way."""

import dataclasses
import threading

import pytest

from pytest_podshare import assert_file_visible, assert_writable, errors
from pytest_podshare.deadline import Timeouts
from pytest_podshare.pods.deployer import Podshare
from tests.support.fault_proxy import cluster_through_proxy, cut_repeatedly
from tests.support.fault_table import NAMED, TRUE
from tests.support.pod_pairs import CHECKS, deployed, manifest

LOST = (errors.SessionLost, errors.ClusterUnreachable)
LARGE = 2 * 2**20
# what is cut while it is made is not made again: so many Pods at most, until three were waited for
PODS = 8


@pytest.fixture
def way(podshare_cluster, podshare_namespace, tmp_path):
    """A function that deploys both Pods, reached by a proxy, which it gives as well."""
    with cluster_through_proxy(podshare_cluster, tmp_path) as (cluster, proxy):
        yield lambda **how: (deployed(cluster, podshare_namespace, **how), proxy)


def test_a_connection_is_cut_while_a_file_is_written(way, fault):
    """The request of it, the answer, and what comes after; a small file and a large one."""
    row = fault("connection cut while a file is written", named_by=LOST, within=20)
    deploying, proxy = way(timeouts=Timeouts(exec=10))
    with deploying as pair:
        for after in range(4):
            for pod, holds in pair.with_verdicts():
                proxy.schedule(proxy.cut, after=after)
                row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds)
                proxy.schedule(proxy.cut, after=after)
                row.check(lambda pod=pod: CHECKS["read-only"](pod), holds=holds)
        files = pair.sound["c1"].volume("v")
        for after in (0, 5, 20):
            proxy.schedule(proxy.cut, after=after)
            outcome = row.check(lambda: files.write("large", bytes(LARGE)), holds=True)
            assert proxy.is_fault_done
            # all of it or nothing, and the name tells which
            assert outcome == (TRUE if "large" in files.listdir() else NAMED)
            files.remove("large")

        # the control: nothing is left of what broke off
        assert files.listdir() == []
        assert_writable(pair.sound, container="c1", volume="v")
    assert row.count(TRUE) >= 8


def test_a_connection_is_cut_while_a_file_is_read(way, fault):
    """A content that came in part is none, and no other content."""
    row = fault("connection cut while a file is read", named_by=LOST, within=20)
    deploying, proxy = way(timeouts=Timeouts(exec=10))
    with deploying as pair:
        for pod, holds in pair.with_verdicts():
            for after in range(2, 6):
                proxy.schedule(proxy.cut, after=after)
                row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds)
            pod["c1"].volume("v").write("large", bytes(LARGE))
            for after in (2, 4, 12, 30):
                proxy.schedule(proxy.cut, after=after)
                row.check(
                    lambda pod=pod: assert_file_visible(
                        pod, from_c="c1", to_c="c2", path="/v/large", timeout=0.3
                    ),
                    holds=holds,
                )
        files = pair.sound["c1"].volume("v")
        for after in (1, 2, 10):
            proxy.schedule(proxy.truncate, after=after)
            read = []
            outcome = row.check(lambda read=read: read.append(files.content("large")), holds=True)
            assert outcome == (TRUE if read else NAMED)
            assert [each.size for each in read] in ([], [LARGE])
    assert row.count(TRUE) >= 8


def test_a_connection_is_cut_while_a_pod_is_waited_for(
    podshare_cluster, podshare_namespace, tmp_path, fault
):
    """Again and again: one that becomes ready is seen to be, one that does not is not."""
    row = fault("connection cut while waiting for a Pod", named_by=LOST, within=30)
    with (
        cluster_through_proxy(podshare_cluster, tmp_path) as (cluster, proxy),
        Podshare(cluster, podshare_namespace, run_id="faults01") as podshare,
        cut_repeatedly(proxy, every=0.6),
    ):
        for n in range(PODS):
            ready = _ready_after(manifest(f"ready-{n}", sound=True), f"sleep {n / 2}")
            never = _ready_after(manifest(f"never-{n}", sound=True), "false")
            row.check(lambda it=ready: podshare.deploy(it), holds=True)
            row.check(
                lambda it=never: podshare.deploy(it, timeout=2),
                holds=False,
                denied_by=errors.PodNotReady,
            )
            if n >= 2 and row.count(TRUE) >= 3:
                break
    # what is cut shall be a wait that goes on, and not a thing that happens once
    assert proxy.connections > 6
    assert row.count(TRUE) >= 3


def _ready_after(pod, script):
    """The Pod, ready when the script ends well."""
    command = ["sh", "-c", f"{script} && test -e /tmp/begun"]
    readiness = {"exec": {"command": command}, "periodSeconds": 1, "timeoutSeconds": 5}
    pod["spec"]["containers"][1]["readinessProbe"] = readiness
    return pod


@pytest.mark.parametrize(
    ("name", "timeout", "within"),
    [
        ("exec connection half open, with a timeout of 3 s", 3, 20),
        ("exec connection half open, with the default timeout of 30 s", 30, 60),
    ],
)
def test_an_exec_connection_is_half_open(way, fault, name, timeout, within):
    """It is found out to be dead, and the check goes on by another one."""
    row = fault(name, named_by=LOST, within=within)
    deploying, proxy = way(timeouts=Timeouts(exec=timeout))
    with deploying as pair:
        proxy.freeze()
        # side by side: each of them has connections of its own
        checks = [
            threading.Thread(
                target=row.check, args=(lambda pod=pod: CHECKS["visible"](pod),), kwargs=holds
            )
            for pod, holds in ((pod, {"holds": holds}) for pod, holds in pair.with_verdicts())
        ]
        for each in checks:
            each.start()
        for each in checks:
            each.join()

        # the control: they were half open, and others took their place
        assert min(row.seconds) > 2
        assert proxy.connections > 5
    assert row.count(TRUE) >= (1 if timeout < 30 else 2)


def test_a_command_that_is_late_is_not_taken_for_a_dead_connection(way):
    """The other side of it: whoever is asked for a sign of life gives one."""
    deploying, _ = way(timeouts=Timeouts(exec=10))
    with deploying as pair:
        with pytest.raises(errors.ExecTimeout, match=r"not end within 10 s \(stdout so far 'on"):
            pair.sound["c1"].exec(["sh", "-c", "echo on; sleep 60"])

        late = pair.sound["c1"].exec(["sh", "-c", "sleep 3; echo late"])
        assert late.stdout == b"late\n"


def test_the_api_server_is_silent(way, fault):
    """It takes connections, and says nothing on any: that is what is told, for both."""
    named_by = (errors.ClusterUnreachable, errors.SessionLost)
    row = fault("API server silent", named_by=named_by, within=40)
    deploying, proxy = way(timeouts=Timeouts(exec=2))
    with deploying as pair:
        proxy.silence()
        for pod, holds in pair.with_verdicts():
            row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds)
        late = manifest("late", sound=True)
        row.check(lambda: pair.podshare.deploy(late, timeout=2), holds=True)
        proxy.resume()
        assert row.count(NAMED) == 3
        for pod, holds in pair.with_verdicts():
            # a session may take longer to open than one that is dead is waited for
            pod.live = dataclasses.replace(pod.live, timeouts=Timeouts(exec=10))
            assert row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds) == TRUE
