"""What the kubelet reports after a restart, and what that proves."""

import pytest

from pytest_podshare import errors
from pytest_podshare.containers import restart
from pytest_podshare.deadline import Deadline
from tests.support import offline_pods

NO_START = {"reason": "StartError", "message": "unable to freeze", "exitCode": 128}


class Replay:
    """A watch that shows a Pod in several states, one after the other."""

    def __init__(self, *states):
        self.states = states

    def wait_for(self, name, satisfied, _deadline, *, known):
        """Return the first state that satisfies the condition, or the last one."""
        assert name == known["metadata"]["name"]
        return next((state for state in self.states if satisfied(state)), self.states[-1])


def pod(*states, policy="Always"):
    """Return a Pod whose watch shows these states."""
    spec = {"containers": [{"name": "c"}, {"name": "d"}], "restartPolicy": policy}
    return offline_pods.live_pod(spec, watch=Replay(*states))


def status(container_id, count, state=None, last=None):
    """Return a container's status: its ID, its restart count, its state and last state."""
    running = state is None
    return {
        "containerID": container_id,
        "restartCount": count,
        "ready": running,
        "state": {"running": {}} if running else state,
        "lastState": {"terminated": last} if last else {},
    }


def pod_object(c, d="d0"):
    """Return a Pod with this status of container c, and with container d beside it."""
    statuses = [{"name": "c", **c}, {"name": "d", **status(d, 0)}]
    return {"metadata": {"uid": "u", "name": "p"}, "status": {"containerStatuses": statuses}}


def ended(container_id, **facts):
    """Return the terminated state of an instance."""
    return {"containerID": container_id, "exitCode": 137, **facts}


BEFORE = pod_object(status("c0", 0))


def check_proof(after, end):
    """Check the proof of a restart of c."""
    restart._check_proof(pod(), BEFORE, after, "c", end)


def test_a_restart_of_one_container_is_proved():
    """The count is higher, the old instance ended, and the other container is the same."""
    check_proof(pod_object(status("c1", 1, last=ended("c0"))), ended("c0"))


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        (
            pod_object(status("c1", 0)),
            "restartCount did not increase; the end of the old instance was not reported",
        ),
        (
            pod_object(status("c1", 1, last=ended("x"))),
            "its last state belongs to another instance",
        ),
        (pod_object(status("c1", 1, last=ended("c0")), d="d1"), "d was restarted as well"),
    ],
    ids=["not at all", "another instance", "the other container as well"],
)
def test_anything_else_proves_nothing(after, problem):
    """The mutated twins."""
    end = after["status"]["containerStatuses"][0]["lastState"].get("terminated", {})

    with pytest.raises(errors.RestartImpossible, match=problem):
        check_proof(after, end if end.get("containerID") == "c0" else {})


def test_a_second_restart_means_that_the_container_keeps_crashing():
    """It may be running at the moment of the check."""
    message = r"^Container c of Pod p keeps crashing: the"
    with pytest.raises(errors.ContainerCrashing, match=message):
        check_proof(pod_object(status("c2", 2, last=ended("c1"))), ended("c0"))


START_FAILED = {"waiting": {"reason": "RunContainerError", "message": "unable to freeze"}}
GONE = pod_object(status("c0", 0, {"terminated": ended("c0")}))


def wait(*states, policy="Always"):
    """Wait for a new instance of c."""
    live = pod(*states, policy=policy)
    return restart._wait_for_new_instance(live, BEFORE, "c", "node", Deadline(0))


def test_a_failed_start_in_between_does_not_count():
    """A busy runtime starts the container at the second attempt.

    The failed start replaces the old instance in the status, but not its exit code in the proof.
    """
    failed = pod_object(status("c1", 1, START_FAILED, last=ended("c0")))
    back = pod_object(status("c2", 2, last=ended("c1", **NO_START)))

    live, end = wait(GONE, failed, back)

    assert live is back
    assert end["exitCode"] == 137
    check_proof(back, end)
    with pytest.raises(
        errors.RestartImpossible, match="the end of the old instance was not reported"
    ):
        check_proof(back, {})


def test_a_second_failed_start_is_an_error():
    """The mutated twin: the kubelet's second attempt fails as well."""
    failed = pod_object(status("c1", 1, START_FAILED, last=ended("c0")))
    again = pod_object(status("c2", 2, START_FAILED, last=ended("c1", **NO_START)))

    with pytest.raises(errors.ContainerConfigFailed, match="unable to freeze"):
        wait(GONE, failed, again)


@pytest.mark.parametrize(("policy", "code"), [("OnFailure", 0), ("Never", 0), ("Never", 1)])
def test_waiting_ends_if_the_restart_policy_does_not_restart_the_container(policy, code):
    """The container has ended for good."""
    over = pod_object(status("c0", 0, {"terminated": ended("c0", exitCode=code)}))

    with pytest.raises(errors.RestartForbidden, match=f"exited with code {code} "):
        wait(over, policy=policy)


@pytest.mark.parametrize(("policy", "code"), [("OnFailure", 1), ("Always", 0), ("Always", 1)])
def test_waiting_goes_on_if_the_restart_policy_restarts_the_container(policy, code):
    """The control."""
    over = pod_object(status("c0", 0, {"terminated": ended("c0", exitCode=code)}))
    back = pod_object(status("c1", 1, last=ended("c0", exitCode=code)))

    live, end = wait(over, back, policy=policy)

    assert live is back
    assert end["exitCode"] == code
