"""What the kubelet says after a restart, and what that proves."""

import pytest

from pytest_podshare import errors
from pytest_podshare.containers import restart
from pytest_podshare.deadline import Deadline
from tests.support import offline_pods

NO_START = {"reason": "StartError", "message": "unable to freeze", "exitCode": 128}


class Replay:
    """A watch that shows a Pod as it was again and again, and then as it is in the end."""

    def __init__(self, *shown):
        self.shown = shown

    def wait_for(self, name, satisfied, _deadline, *, known):
        """Give the first state that satisfies, or the last."""
        assert name == known["metadata"]["name"]
        return next((each for each in self.shown if satisfied(each)), self.shown[-1])


def pod(*shown, policy="Always"):
    """A Pod that is shown so."""
    spec = {"containers": [{"name": "c"}, {"name": "d"}], "restartPolicy": policy}
    return offline_pods.live_pod(spec, watch=Replay(*shown))


def status(instance, count, state=None, last=None):
    """What is said of a container: which instance, how often restarted, and what was before."""
    running = state is None
    return {
        "containerID": instance,
        "restartCount": count,
        "ready": running,
        "state": {"running": {}} if running else state,
        "lastState": {"terminated": last} if last else {},
    }


def seen(c, d="d0"):
    """A Pod with container c like that, and its neighbour d."""
    statuses = [{"name": "c", **c}, {"name": "d", **status(d, 0)}]
    return {"metadata": {"uid": "u", "name": "p"}, "status": {"containerStatuses": statuses}}


def ended(instance, **facts):
    """How an instance ended."""
    return {"containerID": instance, "exitCode": 137, **facts}


BEFORE = seen(status("c0", 0))


def proof(after, end):
    """Check it."""
    restart._check_proof(pod(), BEFORE, after, "c", end)


def test_a_restart_of_one_container_is_proved():
    """One more, the old instance ended, and its neighbour as it was."""
    proof(seen(status("c1", 1, last=ended("c0"))), ended("c0"))


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (seen(status("c1", 0)), "restartCount did not grow; the old instance was not seen to end"),
        (seen(status("c1", 1, last=ended("x"))), "its last state is not the old instance"),
        (seen(status("c1", 1, last=ended("c0")), d="d1"), "d restarted as well"),
    ],
    ids=["not at all", "another instance", "the neighbour as well"],
)
def test_what_else_there_is_proves_nothing(after, says):
    """The mutated twins."""
    end = after["status"]["containerStatuses"][0]["lastState"].get("terminated", {})

    with pytest.raises(errors.RestartImpossible, match=says):
        proof(after, end if end.get("containerID") == "c0" else {})


def test_one_that_ended_again_keeps_ending():
    """It may be running again, for a moment, when it is looked at."""
    message = r"^Container c of Pod p keeps crashing: what"
    with pytest.raises(errors.ContainerCrashing, match=message):
        proof(seen(status("c2", 2, last=ended("c1"))), ended("c0"))


TROUBLE = {"waiting": {"reason": "RunContainerError", "message": "unable to freeze"}}
GONE = seen(status("c0", 0, {"terminated": ended("c0")}))


def wait(*shown, policy="Always"):
    """Wait for another instance of c."""
    live = pod(*shown, policy=policy)
    return restart._wait_for_another(live, BEFORE, "c", "node", Deadline(0))


def test_a_start_that_fails_in_passing_comes_between():
    """A busy runtime starts it at the second try; the exit code is the old instance's all the same.

    The failed start has taken the old instance's place in the status by then.
    """
    failed = seen(status("c1", 1, TROUBLE, last=ended("c0")))
    back = seen(status("c2", 2, last=ended("c1", **NO_START)))

    live, end = wait(GONE, failed, back)

    assert live is back
    assert end["exitCode"] == 137
    proof(back, end)
    with pytest.raises(errors.RestartImpossible, match="the old instance was not seen to end"):
        proof(back, {})


def test_a_start_that_fails_again_is_told():
    """The mutated twin: it fails a second time, which nothing mends."""
    failed = seen(status("c1", 1, TROUBLE, last=ended("c0")))
    again = seen(status("c2", 2, TROUBLE, last=ended("c1", **NO_START)))

    with pytest.raises(errors.ContainerConfigFailed, match="unable to freeze"):
        wait(GONE, failed, again)


@pytest.mark.parametrize(("policy", "code"), [("OnFailure", 0), ("Never", 0), ("Never", 1)])
def test_one_that_ended_for_good_is_not_waited_for(policy, code):
    """Its restart policy does not start it again."""
    over = seen(status("c0", 0, {"terminated": ended("c0", exitCode=code)}))

    with pytest.raises(errors.RestartForbidden, match=f"ended with exit code {code} "):
        wait(over, policy=policy)


@pytest.mark.parametrize(("policy", "code"), [("OnFailure", 1), ("Always", 0), ("Always", 1)])
def test_one_that_is_started_again_is_waited_for(policy, code):
    """The control."""
    over = seen(status("c0", 0, {"terminated": ended("c0", exitCode=code)}))
    back = seen(status("c1", 1, last=ended("c0", exitCode=code)))

    live, end = wait(over, back, policy=policy)

    assert live is back
    assert end["exitCode"] == code
