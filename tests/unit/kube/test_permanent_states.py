"""The table of permanent states: each row, and the states next to it that may pass."""

from pathlib import Path

import pytest

from pytest_podshare.kube.permanent_states import (
    CONTAINER,
    MOUNT,
    PERMANENT_STATES,
    POD,
    SCHEDULER,
    find_permanent_state,
    find_unschedulable,
)

NO_LABEL = "node(s) didn't match Pod's node affinity/selector"
NO_HELP = "preemption: 0/{0} nodes are available: {0} Preemption is not helpful for scheduling."
NO_VICTIM = "preemption: 0/{0} nodes are available: {0} No preemption victims found for incoming."
SET_UP = 'MountVolume.SetUp failed for volume "v" : '
PULL = 'Back-off pulling image "a/b:1": ErrImagePull: failed to pull and unpack image: '

# a state of each row, and one next to it that may pass
ROWS = [
    ((POD, "Failed", ""), (POD, "Pending", "")),
    (
        (SCHEDULER, "Unschedulable", f"{NO_LABEL}, {NO_HELP.format(1)}"),
        (SCHEDULER, "Unschedulable", f"node(s) had untolerated taint(s), {NO_HELP.format(1)}"),
    ),
    (
        (SCHEDULER, "Unschedulable", f"Insufficient memory, {NO_HELP.format(2)}"),
        (SCHEDULER, "Unschedulable", f"Insufficient memory, {NO_VICTIM.format(2)}"),
    ),
    (
        (CONTAINER, "InvalidImageName", "couldn't parse image name"),
        (CONTAINER, "ErrImagePull", "not found"),
    ),
    ((CONTAINER, "ErrImageNeverPull", "not present"), (CONTAINER, "ContainerCreating", "")),
    (
        (CONTAINER, "ImagePullBackOff", f"{PULL}a/b:1: not found"),
        (
            CONTAINER,
            "ImagePullBackOff",
            f"{PULL}dial tcp 10.0.0.1:443: connect: connection refused",
        ),
    ),
    (
        (CONTAINER, "ImageInspectError", "no such layer"),
        (CONTAINER, "ImageInspectError", "rpc error: code = DeadlineExceeded"),
    ),
    (
        (CONTAINER, "CreateContainerConfigError", 'configmap "settings" not found'),
        (CONTAINER, "CreateContainerConfigError", "timed out waiting for the condition"),
    ),
    (
        (CONTAINER, "CreateContainerConfigError", "container has runAsNonRoot"),
        (CONTAINER, "CreateContainerConfigError", "services have not yet been read at least once"),
    ),
    (
        (CONTAINER, "CreateContainerError", "no command specified"),
        (CONTAINER, "CreateContainerError", 'failed to reserve container name "c"'),
    ),
    (
        (CONTAINER, "RunContainerError", "read-only file system"),
        (CONTAINER, "RunContainerError", "context deadline exceeded"),
    ),
    ((CONTAINER, "CrashLoopBackOff", "back-off 10s"), (CONTAINER, "PodInitializing", "")),
    (
        (MOUNT, "FailedMount", f"{SET_UP}hostPath type check failed: /x is not a directory"),
        (MOUNT, "FailedMount", f"{SET_UP}mount failed: exit status 32: Connection refused"),
    ),
    (
        (MOUNT, "FailedMount", f'{SET_UP}[secret "a" not found, configmap "b" not found]'),
        (MOUNT, "FailedMount", f'{SET_UP}configmap "kube-root-ca.crt" not found'),
    ),
    (
        (MOUNT, "FailedMount", f"{SET_UP}references non-existent secret key: k"),
        (MOUNT, "FailedMount", f"{SET_UP}failed to sync secret cache: timed out waiting for the"),
    ),
]


@pytest.mark.parametrize(("row", "states"), [*zip(PERMANENT_STATES, ROWS, strict=True)])
def test_a_row_matches_its_state_and_not_the_one_next_to_it(row, states):
    """The first row that matches counts."""
    permanent, passing = states

    assert find_permanent_state(*permanent) is row
    assert find_permanent_state(*passing) is None


def unavailable(*reasons, preemption=NO_HELP):
    """Return the scheduler's message for one node for each reason."""
    count = len(reasons)
    listed = ", ".join(f"1 {reason}" for reason in reasons)
    head = f"0/{count} nodes are available: {listed}. no new claims to deallocate, "
    return head + preemption.format(count)


@pytest.mark.parametrize(
    "message",
    [
        unavailable(NO_LABEL),
        unavailable(NO_LABEL, NO_LABEL),
        unavailable(NO_LABEL, "Insufficient cpu"),
        unavailable("Insufficient ephemeral-storage"),
        f"0/3 nodes are available: 3 {NO_LABEL}. {NO_HELP.format(3)}",
        f"0/3 nodes are available: 3 {NO_LABEL}.",
        f"0/3 nodes are available: 3 {NO_LABEL}",
    ],
)
def test_a_pod_is_unschedulable_if_no_node_can_ever_take_it(message):
    """Each node has a reason that stays."""
    assert find_unschedulable(message) is not None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no nodes available to schedule pods",
        '0/1 nodes are available: persistentvolumeclaim "data" not found. not found',
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
        'persistentvolumeclaim "data" not found',
        "waiting for ephemeral volume controller to create the persistentvolumeclaim",
        "PVC ns/p-scratch was not created for pod ns/p (pod is not owner). not found",
        unavailable("node(s) had untolerated taint {example.com/a: b}"),
        unavailable("node(s) had untolerated taint(s)", NO_LABEL),
        unavailable(NO_LABEL, "node(s) were unschedulable"),
        unavailable("Insufficient cpu", preemption=NO_VICTIM),
        unavailable("Insufficient nvidia.com/gpu"),
        unavailable("Insufficient cpu", "Too many pods", preemption=NO_VICTIM),
        unavailable("node(s) didn't have free ports for the requested pod ports"),
        unavailable("node(s) didn't match pod anti-affinity rules"),
        unavailable("node has pod using PersistentVolumeClaim with the same name and"),
    ],
)
def test_a_pod_is_awaited_if_a_node_may_still_take_it(message):
    """A claim is created, a taint is removed, another Pod ends, a driver starts."""
    assert find_unschedulable(message) is None


def test_the_reference_has_the_whole_table():
    """With the reason of each row, and the source in Kubernetes."""
    text = Path("docs/reference.md").read_text()
    rows = [f"| {row.reason} | {row.why} | `{row.source}` |" for row in PERMANENT_STATES]

    documented = [line for line in text.splitlines() if line.endswith("` |") and ".go: " in line]
    assert documented == rows
