"""What a Pod's status says: ready, hopeless, or neither yet."""

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import pod_status


def pod(*containers, phase="Running", **status):
    """A Pod of that status."""
    return {
        "metadata": {"name": "p", "uid": "u1"},
        "status": {"phase": phase, "containerStatuses": list(containers), **status},
    }


def waiting(reason, message="", **more):
    """A container that waits."""
    return {
        "name": "c1",
        "image": "nosuch:1",
        "state": {"waiting": {"reason": reason, "message": message}},
        **more,
    }


def unscheduled(message, reason="Unschedulable"):
    """A Pod without a node."""
    condition = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    return pod(phase="Pending", conditions=[condition])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (pod(waiting("ImagePullBackOff")), errors.ImagePullFailed),
        (pod(waiting("ErrImageNeverPull")), errors.ImagePullFailed),
        (pod(waiting("InvalidImageName")), errors.ImagePullFailed),
        (pod(waiting("CreateContainerConfigError")), errors.ContainerConfigFailed),
        (pod(waiting("CreateContainerError")), errors.ContainerConfigFailed),
        (pod(waiting("RunContainerError", restartCount=1)), errors.ContainerConfigFailed),
        (pod(waiting("CrashLoopBackOff", restartCount=3)), errors.ContainerCrashing),
        (unscheduled("0/1 nodes are available"), errors.PodUnschedulable),
        (pod(phase="Failed", reason="Evicted", message="too much"), errors.PodGone),
        (pod(phase="Failed"), errors.ContainerCrashing),
    ],
)
def test_a_permanent_state_fails_at_once(given, error):
    """Nobody waits two minutes for what cannot change."""
    assert type(pod_status.hopeless(given)) is error


@pytest.mark.parametrize(
    "given",
    [
        pod(phase="Pending"),
        pod(waiting("ContainerCreating")),
        pod(waiting("PodInitializing")),
        pod(waiting("ErrImagePull")),
        pod(waiting("RunContainerError")),
        pod(waiting("CrashLoopBackOff", restartCount=2)),
        unscheduled("pod has unbound immediate PersistentVolumeClaims"),
        unscheduled("waiting for ephemeral volume controller to create the persistentvolumeclaim"),
        unscheduled("PVC ns/p-scratch was not created for pod ns/p (pod is not owner). not found"),
        unscheduled("0/2 nodes are available: 2 node(s) were unschedulable."),
        unscheduled("still looking", reason="SchedulerError"),
    ],
)
def test_a_passing_state_is_waited_for(given):
    """A failed pull may be the network, a first crash or start that somebody else is late."""
    assert pod_status.hopeless(given) is None


def test_a_command_that_never_ran_has_no_last_words_but_a_reason():
    """With restartPolicy Never the Pod has failed, and the kubelet has told why."""
    ended = {"exitCode": 128, "reason": "StartError", "message": "exec: no such\nfile"}
    problem = pod_status.hopeless(
        pod({"name": "c1", "state": {"terminated": ended}}, phase="Failed")
    )

    assert isinstance(problem, errors.ContainerConfigFailed)
    assert problem.what == "Container c1 of Pod p cannot be started: exec: no such file"


def test_one_that_did_not_come_back_in_time_keeps_ending():
    """Whoever has waited for it is told so after one restart, and not that nothing was opened."""
    problem = pod_status.crash_loop("p", waiting("CrashLoopBackOff", restartCount=1))

    assert isinstance(problem, errors.ContainerCrashing)
    assert problem.what.endswith("waiting (CrashLoopBackOff), 1 restart.")
    assert pod_status.crash_loop("p", waiting("ContainerCreating", restartCount=1)) is None
    assert pod_status.crash_loop("p", {"name": "c1"}) is None


def test_an_init_container_counts_as_well():
    """It is the one that holds all others up."""
    given = pod(initContainerStatuses=[waiting("ImagePullBackOff")])

    assert isinstance(pod_status.hopeless(given), errors.ImagePullFailed)


def test_a_pod_that_is_being_deleted_will_not_become_ready():
    """Somebody else deletes it."""
    given = pod()
    given["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    assert isinstance(pod_status.hopeless(given), errors.PodGone)


def test_the_error_names_container_image_and_reason():
    """One line says what, and the kubelet's own words say why."""
    problem = pod_status.hopeless(pod(waiting("ImagePullBackOff", "Back-off  pulling\nimage")))

    assert problem.what == (
        "Container c1 of Pod p has no image nosuch:1: ImagePullBackOff: Back-off pulling image"
    )


def test_ready_is_what_the_pods_condition_says():
    """Running alone is not ready; having succeeded is as good."""
    ready = [{"type": "Ready", "status": "True"}]

    assert not pod_status.is_ready(pod())
    assert pod_status.is_ready(pod(conditions=ready))
    assert pod_status.is_ready(pod(phase="Succeeded"))


def test_the_identity_tells_instances_apart():
    """A restarted container has another id, a replaced Pod another UID."""
    first = pod_status.identity(pod({"name": "c1", "containerID": "containerd://aaa"}))
    again = pod_status.identity(pod({"name": "c1", "containerID": "containerd://aaa"}))
    restarted = pod_status.identity(pod({"name": "c1", "containerID": "containerd://bbb"}))

    assert first == again
    assert first != restarted
    assert str(restarted) == "Pod u1 (c1 bbb)"


def test_the_summary_says_where_every_container_stands():
    """What was seen last is what an expired wait reports."""
    given = pod(
        {"name": "a", "ready": True, "state": {"running": {}}},
        {"name": "b", "ready": False, "state": {"running": {}}},
        waiting("CrashLoopBackOff", lastState={"terminated": {"exitCode": 2}}),
        {"name": "d", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}},
    )

    assert pod_status.summary(given) == (
        "phase Running, a running, b running, not ready, "
        "c1 waiting (CrashLoopBackOff, last exit code 2), d ended with exit code 1 (Error)"
    )
    assert pod_status.summary(None) == "the Pod is not there"


def test_the_summary_says_when_a_node_has_not_taken_a_pod_up():
    """As when its kubelet is stopped: it would say at once how the containers stand."""
    given = pod()
    given["spec"] = {"nodeName": "worker"}

    assert pod_status.summary(given) == "phase Running, and node worker has not taken it up"
    given["status"]["containerStatuses"] = [{"name": "a", "state": {"waiting": {}}}]
    assert "taken" not in pod_status.summary(given)


def test_the_crashed_container_is_found():
    """Its last words go with the error."""
    fine = {"name": "a", "state": {"terminated": {"exitCode": 0}}}
    bad = {"name": "b", "state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 3}}}

    assert pod_status.crashed(pod(fine, bad)) == "b"
    assert pod_status.crashed(pod(fine)) is None
