"""Tests of the status of a Pod: ready, failed for good, or neither yet."""

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import container_status, pod_status


def pod(*containers, phase="Running", **status):
    """Return a Pod with that status."""
    return {
        "metadata": {"name": "p", "uid": "u1"},
        "status": {"phase": phase, "containerStatuses": list(containers), **status},
    }


def waiting(reason, message="", **more):
    """Return the status of a waiting container."""
    return {
        "name": "c1",
        "image": "nosuch:1",
        "state": {"waiting": {"reason": reason, "message": message}},
        **more,
    }


def unscheduled(message, reason="Unschedulable"):
    """Return a Pod that has no node."""
    condition = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    return pod(phase="Pending", conditions=[condition])


NO_LABEL = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new"


@pytest.mark.parametrize(
    ("failed", "error"),
    [
        (pod(waiting("ImagePullBackOff")), errors.ImagePullFailed),
        (pod(waiting("ErrImageNeverPull")), errors.ImagePullFailed),
        (pod(waiting("InvalidImageName")), errors.ImagePullFailed),
        (pod(waiting("CreateContainerConfigError")), errors.ContainerConfigFailed),
        (pod(waiting("CreateContainerError")), errors.ContainerConfigFailed),
        (pod(waiting("RunContainerError", restartCount=1)), errors.ContainerConfigFailed),
        (pod(waiting("CrashLoopBackOff", restartCount=3)), errors.ContainerCrashing),
        (unscheduled(NO_LABEL), errors.PodUnschedulable),
        (pod(phase="Failed", reason="Evicted", message="too much"), errors.PodGone),
        (pod(phase="Failed"), errors.ContainerCrashing),
    ],
)
def test_a_permanent_state_is_an_error(failed, error):
    """Waiting for the timeout would change nothing."""
    assert type(pod_status.find_permanent_error(failed)) is error


@pytest.mark.parametrize(
    "pending",
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
        unscheduled(NO_LABEL, reason="SchedulerError"),
    ],
)
def test_a_transient_state_is_not_an_error(pending):
    """The network may break a pull, and a first crash may be due to another container."""
    assert pod_status.find_permanent_error(pending) is None


def test_a_command_that_never_ran_has_no_log_but_a_reason():
    """With restartPolicy Never the Pod has failed, and the kubelet reports why."""
    terminated = {"exitCode": 128, "reason": "StartError", "message": "exec: no such\nfile"}
    problem = pod_status.find_permanent_error(
        pod({"name": "c1", "state": {"terminated": terminated}}, phase="Failed")
    )

    assert isinstance(problem, errors.ContainerConfigFailed)
    assert problem.what == "Container c1 of Pod p cannot be started: exec: no such file"


def test_a_container_that_did_not_restart_in_time_keeps_crashing():
    """One restart is enough for this error, which says more than that no session was opened."""
    problem = container_status.crashing("p", waiting("CrashLoopBackOff", restartCount=1))

    assert isinstance(problem, errors.ContainerCrashing)
    assert problem.what.endswith("waiting (CrashLoopBackOff), 1 restart.")
    assert container_status.crashing("p", waiting("ContainerCreating", restartCount=1)) is None
    assert container_status.crashing("p", {"name": "c1"}) is None


@pytest.mark.parametrize(("since", "is_crashing"), [(None, False), (2, True), (3, False)])
def test_a_container_that_has_restarted_meanwhile_is_crashing(since, is_crashing):
    """Even if it runs, as far as the kubelet has reported."""
    last = {"terminated": {"exitCode": 4}}
    status = {"name": "c1", "state": {"running": {}}, "lastState": last, "restartCount": 2}
    problem = container_status.crashing("p", status, since=since)

    assert (problem is not None) is is_crashing
    assert problem is None or problem.what == (
        "Container c1 of Pod p keeps crashing: restarted again after exit code 4, 2 restarts."
    )


def test_a_container_that_has_exited_has_crashed():
    """It was not restarted yet."""
    status = {"name": "c1", "state": {"terminated": {"exitCode": 4, "reason": "Error"}}}
    problem = container_status.crashing("p", status)

    assert problem is not None
    assert problem.what == "Container c1 of Pod p has crashed: exited with code 4 (Error)."


def test_an_init_container_counts_as_well():
    """All others wait for it."""
    stuck = pod(initContainerStatuses=[waiting("ImagePullBackOff")])

    assert isinstance(pod_status.find_permanent_error(stuck), errors.ImagePullFailed)


def test_a_pod_that_is_being_deleted_will_not_become_ready():
    """The plugin itself does not wait for a Pod that it deletes."""
    deleted = pod()
    deleted["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    assert isinstance(pod_status.find_permanent_error(deleted), errors.PodGone)


def test_the_error_names_container_image_and_reason():
    """The headline is one line and quotes the kubelet."""
    problem = pod_status.find_permanent_error(
        pod(waiting("ImagePullBackOff", "Back-off  pulling\nimage"))
    )

    assert problem.what == (
        "Container c1 of Pod p cannot get image nosuch:1: ImagePullBackOff: Back-off pulling image"
    )


def test_readiness_is_the_pods_condition():
    """A running Pod is not ready yet; one that has succeeded is."""
    ready = [{"type": "Ready", "status": "True"}]

    assert not pod_status.is_ready(pod())
    assert pod_status.is_ready(pod(conditions=ready))
    assert pod_status.is_ready(pod(phase="Succeeded"))


READY = {"name": "sidecar", "ready": True, "state": {"running": {}}}
DONE = {"name": "worker", "ready": False, "state": {"terminated": {"exitCode": 0}}}
JOB = {"restartPolicy": "Never", "containers": [{"name": "worker"}, {"name": "sidecar"}]}


def job(*statuses, **spec):
    """Return a Pod of a worker and a sidecar that is not ready by its condition."""
    return {**pod(*statuses), "spec": {**JOB, **spec}}


def test_a_worker_that_has_succeeded_does_not_keep_its_pod_from_being_ready():
    """The kubelet never reports such a Pod as ready, and does not start the worker again."""
    assert pod_status.is_ready(job(DONE, READY))
    assert pod_status.is_ready(job(DONE, READY, restartPolicy="OnFailure"))


@pytest.mark.parametrize(
    "pending",
    [
        job(DONE, READY, restartPolicy="Always"),
        job({**DONE, "state": {"terminated": {"exitCode": 1}}}, READY),
        job({**DONE, "state": {"running": {}}}, READY),
        job(DONE, {**READY, "ready": False}),
        job(DONE),
        job(DONE, READY, readinessGates=[{"conditionType": "example.com/gate"}]),
    ],
)
def test_any_other_container_that_is_not_ready_keeps_its_pod_from_being_ready(pending):
    """Its mutated twins."""
    assert not pod_status.is_ready(pending)


def test_the_identity_distinguishes_instances():
    """A restarted container has another ID, a replaced Pod another UID."""
    first = pod_status.read_identity(pod({"name": "c1", "containerID": "containerd://aaa"}))
    again = pod_status.read_identity(pod({"name": "c1", "containerID": "containerd://aaa"}))
    restarted = pod_status.read_identity(pod({"name": "c1", "containerID": "containerd://bbb"}))

    assert first == again
    assert first != restarted
    assert str(restarted) == "Pod u1 (c1 bbb)"


def test_the_summary_has_the_state_of_each_container():
    """A wait that has timed out reports the last state."""
    mixed = pod(
        {"name": "a", "ready": True, "state": {"running": {}}},
        {"name": "b", "ready": False, "state": {"running": {}}},
        waiting("CrashLoopBackOff", lastState={"terminated": {"exitCode": 2}}),
        {"name": "d", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}},
    )

    assert pod_status.summarize(mixed) == (
        "phase Running, a running, b running, not ready, "
        "c1 waiting (CrashLoopBackOff, last exit code 2), d exited with code 1 (Error)"
    )
    assert pod_status.summarize(None) == "the Pod does not exist"


def test_the_summary_names_a_node_whose_kubelet_has_not_started_the_pod():
    """A kubelet that runs reports the states of the containers immediately."""
    scheduled = pod()
    scheduled["spec"] = {"nodeName": "worker"}

    assert pod_status.summarize(scheduled) == (
        "phase Running, and the kubelet of node worker has not started it"
    )
    scheduled["status"]["containerStatuses"] = [{"name": "a", "state": {"waiting": {}}}]
    assert "kubelet" not in pod_status.summarize(scheduled)


@pytest.mark.parametrize(
    ("message", "waits"),
    [
        ("0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available", True),
        ("0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod", True),
        ("0/1 nodes are available: 1 Too many pods.", True),
        ("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.", False),
        ("", False),
    ],
)
def test_a_pod_waits_for_room_that_other_pods_use(message, waits):
    """A claim that is not bound yet comes without their end."""
    assert pod_status.waits_for_room(unscheduled(message)) is waits


def test_the_crashed_container_is_found():
    """Its log is part of the error."""
    fine = {"name": "a", "state": {"terminated": {"exitCode": 0}}}
    bad = {"name": "b", "state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 3}}}

    assert pod_status.find_crashed_container(pod(fine, bad)) == "b"
    assert pod_status.find_crashed_container(pod(fine)) is None
