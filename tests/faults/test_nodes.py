"""Node components that are stopped, restarted or frozen during checks."""

import dataclasses
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_podshare import assert_read_only, errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline, Timeouts, poll
from tests.support.fault_table import NAMED, TRUE
from tests.support.pod_pairs import CHECKS, deployed, manifest

pytestmark = [pytest.mark.engine, pytest.mark.two_nodes, pytest.mark.usefixtures("recovered_node")]

UNREACHABLE = (errors.SessionLost, errors.ClusterUnreachable)
FULL = "/var/podshare-faults-full"


@pytest.fixture
def pair(podshare_cluster, podshare_namespace, worker):
    """Deploy both Pods to the node that the test breaks."""
    with deployed(podshare_cluster, podshare_namespace, node=worker) as pair:
        yield pair


def check_both(row, pair, name="visible"):
    """Run a check on both Pods, and return the two outcomes."""
    return [
        row.check(lambda pod=pod: CHECKS[name](pod), holds=holds)
        for pod, holds in pair.with_verdicts()
    ]


def check_until_true(row, pair, seconds):
    """Run the check until both verdicts are true."""
    deadline = Deadline(seconds)
    while check_both(row, pair) != [TRUE, TRUE]:
        assert not deadline.over


def test_the_api_server_is_restarted(podshare_cluster, pair, fault):
    """Checks and waits for Pods succeed once the API server is back."""
    row = fault("API server restarted", named_by=UNREACHABLE, within=60)
    control_plane = f"{podshare_cluster.name}-control-plane"
    slow = manifest("slow", sound=True, first="sleep 5; touch /v/done; sleep 1d")
    never = manifest("never", sound=True)
    never["spec"]["containers"][1]["readinessProbe"]["exec"]["command"] = ["false"]
    with ThreadPoolExecutor(2) as threads:
        ready = threads.submit(
            row.check, lambda: pair.podshare.deploy(slow, timeout=60), holds=True
        )
        never_ready = threads.submit(
            row.check,
            lambda: pair.podshare.deploy(never, timeout=30),
            holds=False,
            denied_by=errors.PodNotReady,
        )
        # without an API server, no Pod can be created
        created = poll(
            lambda: [rollout.live for rollout in pair.podshare._rollouts],
            until=lambda pods: len(pods) == 4 and all(pods),
            deadline=Deadline(60),
        )
        assert all(created)
        nodes.run(control_plane, "pkill", "-KILL", "-x", "kube-apiserver")
        check_until_true(row, pair, 90)

        assert [ready.result(), never_ready.result()] == [TRUE, TRUE]


def test_the_kubelet_is_stopped(podshare_cluster, podshare_namespace, worker, fault):
    """No file is reported as missing; the error for a Pod that does not start names the node."""
    row = fault("kubelet stopped", named_by=(*UNREACHABLE, errors.PodNotReady), within=20)
    timeouts = Timeouts(exec=2)
    with deployed(podshare_cluster, podshare_namespace, node=worker, timeouts=timeouts) as pair:
        nodes.run(worker, "systemctl", "stop", "kubelet")
        check_both(row, pair)
        check_both(row, pair, "apart")
        late = manifest("late", sound=True, node=worker)
        row.check(lambda: pair.podshare.deploy(late, timeout=2), holds=True)
        assert f"and the kubelet of node {worker} has not started it" in row.messages[-1]
        assert row.count(NAMED) == 5

        nodes.run(worker, "systemctl", "start", "kubelet")
        for pod, _ in pair.with_verdicts():
            # the kubelet is busy now: a session opens, but its shell responds late
            pod.live = dataclasses.replace(pod.live, timeouts=Timeouts(exec=6))
        check_until_true(row, pair, 120)


def test_the_container_runtime_is_restarted(pair, worker, fault):
    """Sessions end but containers do not, so the check continues in another session."""
    row = fault("container runtime restarted", named_by=UNREACHABLE, within=30)
    with ThreadPoolExecutor(1) as threads:
        restarted = threads.submit(nodes.run, worker, "systemctl", "restart", "containerd")
        while not restarted.done():
            check_both(row, pair)
    check_until_true(row, pair, 60)
    for name in CHECKS:
        assert check_both(row, pair, name) == [TRUE, TRUE]


def test_a_node_is_paused_and_resumed(podshare_cluster, podshare_namespace, worker, fault):
    """The error names the node; after the node resumes, all verdicts are true."""
    named_by = (errors.ExecTimeout, errors.SessionLost)
    row = fault("node paused and resumed", named_by=named_by, within=20)
    timeouts = Timeouts(exec=2)
    with deployed(podshare_cluster, podshare_namespace, node=worker, timeouts=timeouts) as pair:
        subprocess.run(["docker", "pause", worker], check=True, capture_output=True)
        for pod, holds in pair.with_verdicts():
            row.check(lambda pod=pod: CHECKS["visible"](pod), holds=holds)
        assert row.count(NAMED) == 2
        assert all(
            f"node not ready: node {worker} is paused" in message for message in row.messages
        )

        with ThreadPoolExecutor(1) as threads:
            # the node resumes during the check
            resumed = threads.submit(lambda: (time.sleep(1), _resume(worker)))
            check_both(row, pair)
            resumed.result()
        check_until_true(row, pair, 60)


def _resume(node):
    subprocess.run(["docker", "unpause", node], check=True, capture_output=True)


def test_the_disk_of_the_node_is_full(podshare_cluster, podshare_namespace, worker, fault):
    """The cause is the full disk, not a read-only mount or another volume."""
    causes = ("no space left",)
    row = fault("node's disk full", named_by=(), causes=causes, within=20)
    nodes.run(worker, "mkdir", "-p", FULL)
    nodes.run(worker, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", FULL)
    try:
        full = {"hostPath": {"path": FULL}}
        with deployed(podshare_cluster, podshare_namespace, node=worker, v=full) as pair:
            nodes.run(worker, "sh", "-c", f"dd if=/dev/zero of={FULL}/fill bs=4k || true")
            assert check_both(row, pair) == [NAMED, NAMED]
            row.check(lambda: assert_read_only(pair.sound, container="c1", volume="v"), holds=False)

            # the positive control: with free space, the verdicts are true
            nodes.run(worker, "rm", f"{FULL}/fill")
            assert check_both(row, pair) == [TRUE, TRUE]
    finally:
        nodes.run(worker, "umount", "-l", FULL)
