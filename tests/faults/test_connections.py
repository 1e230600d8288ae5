"""Connections that break, fall silent, or stay half open during a check."""

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
# a request to create a Pod is not repeated if it is cut; so many attempts, to wait for three Pods
PODS = 8


@pytest.fixture
def deploy_behind_proxy(podshare_cluster, podshare_namespace, tmp_path):
    """Return a function that deploys both Pods behind a proxy, and returns them and the proxy."""
    with cluster_through_proxy(podshare_cluster, tmp_path) as (cluster, proxy):
        yield lambda **options: (deployed(cluster, podshare_namespace, **options), proxy)


def test_a_connection_is_cut_while_a_file_is_written(deploy_behind_proxy, fault):
    """It is cut during the request, the response and later; with a small and a large file."""
    row = fault("connection cut while a file is written", named_by=LOST, within=20)
    deploying, proxy = deploy_behind_proxy(timeouts=Timeouts(exec=10))
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
            # the whole file exists or none of it, as the outcome says
            assert outcome == (TRUE if "large" in files.listdir() else NAMED)
            files.remove("large")

        # the positive control: nothing remains of interrupted writes
        assert files.listdir() == []
        assert_writable(pair.sound, container="c1", volume="v")
    assert row.count(TRUE) >= 8


def test_a_connection_is_cut_while_a_file_is_read(deploy_behind_proxy, fault):
    """Partial content is not taken for the content of the file."""
    row = fault("connection cut while a file is read", named_by=LOST, within=20)
    deploying, proxy = deploy_behind_proxy(timeouts=Timeouts(exec=10))
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
            assert [content.size for content in read] in ([], [LARGE])
    assert row.count(TRUE) >= 8


def test_a_connection_is_cut_while_a_pod_is_waited_for(
    podshare_cluster, podshare_namespace, tmp_path, fault
):
    """Although cut repeatedly, the wait succeeds only for the Pod that becomes ready."""
    row = fault("connection cut while waiting for a Pod", named_by=LOST, within=30)
    with (
        cluster_through_proxy(podshare_cluster, tmp_path) as (cluster, proxy),
        Podshare(cluster, podshare_namespace, run_id="faults01") as podshare,
        cut_repeatedly(proxy, every=0.6),
    ):
        for n in range(PODS):
            ready = _ready_after(manifest(f"ready-{n}", sound=True), f"sleep {n / 2}")
            never = _ready_after(manifest(f"never-{n}", sound=True), "false")
            row.check(lambda pod=ready: podshare.deploy(pod), holds=True)
            row.check(
                lambda pod=never: podshare.deploy(pod, timeout=2),
                holds=False,
                denied_by=errors.PodNotReady,
            )
            if n >= 2 and row.count(TRUE) >= 3:
                break
    # the cuts must hit several waits, not a single request
    assert proxy.connections > 6
    assert row.count(TRUE) >= 3


def _ready_after(pod, script):
    """Return the Pod, which becomes ready once the script succeeds."""
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
def test_an_exec_connection_is_half_open(deploy_behind_proxy, fault, name, timeout, within):
    """The check detects the dead connection and continues on a new one."""
    row = fault(name, named_by=LOST, within=within)
    deploying, proxy = deploy_behind_proxy(timeouts=Timeouts(exec=timeout))
    with deploying as pair:
        proxy.freeze()
        # in parallel, since each Pod has separate connections
        checks = [
            threading.Thread(
                target=row.check, args=(lambda pod=pod: CHECKS["visible"](pod),), kwargs=holds
            )
            for pod, holds in ((pod, {"holds": holds}) for pod, holds in pair.with_verdicts())
        ]
        for check in checks:
            check.start()
        for check in checks:
            check.join()

        # the positive control: the connections were half open, and new ones replaced them
        assert min(row.seconds) > 2
        assert proxy.connections > 5
    assert row.count(TRUE) >= (1 if timeout < 30 else 2)


def test_a_late_command_is_not_mistaken_for_a_dead_connection(deploy_behind_proxy):
    """The counterexample: a live connection responds to a ping."""
    deploying, _ = deploy_behind_proxy(timeouts=Timeouts(exec=10))
    with deploying as pair:
        with pytest.raises(errors.ExecTimeout, match=r"not finish within 10 s \(stdout so far 'on"):
            pair.sound["c1"].exec(["sh", "-c", "echo on; sleep 60"])

        late = pair.sound["c1"].exec(["sh", "-c", "sleep 3; echo late"])
        assert late.stdout == b"late\n"


def test_the_api_server_is_silent(deploy_behind_proxy, fault):
    """It accepts connections but never responds; the error reports it, for both Pods."""
    named_by = (errors.ClusterUnreachable, errors.SessionLost)
    row = fault("API server silent", named_by=named_by, within=40)
    deploying, proxy = deploy_behind_proxy(timeouts=Timeouts(exec=2))
    with deploying as pair:
        proxy.silence()
        for pod, holds in pair.with_verdicts():
            row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds)
        late = manifest("late", sound=True)
        row.check(lambda: pair.podshare.deploy(late, timeout=2), holds=True)
        proxy.resume()
        assert row.count(NAMED) == 3
        for pod, holds in pair.with_verdicts():
            # opening a session may take longer than the timeout for a dead one
            pod.live = dataclasses.replace(pod.live, timeouts=Timeouts(exec=10))
            assert row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds) == TRUE
