"""What the status of a Job and of its Pods says about completion."""

from types import SimpleNamespace

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import jobs
from pytest_podshare.kube.jobs import Completion

DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}
FAILED = {"terminated": {"exitCode": 3, "reason": "Error"}}
RUNNING = {"running": {}}
OWNER = {"kind": "Job", "name": "j", "uid": "j1", "controller": True}


def pod(policy="Never", *, owner=OWNER, phase="Running", uid="p1", always=(), **states):
    """Return a Pod of those containers; those in `always` restart in any case."""
    own = {name: {"restartPolicy": "Always"} for name in always}
    return {
        "metadata": {
            "namespace": "ns",
            "name": "p",
            "uid": uid,
            "ownerReferences": [owner] if owner else [],
        },
        "spec": {
            "restartPolicy": policy,
            "containers": [{"name": name, **own.get(name, {})} for name in states],
            "initContainers": [{"name": "sidecar", "restartPolicy": "Always"}],
        },
        "status": {
            "phase": phase,
            "containerStatuses": [{"name": name, "state": state} for name, state in states.items()],
            "initContainerStatuses": [{"name": "sidecar", "state": RUNNING}],
        },
    }


def job(*conditions, uid="j1", suspend=False, **status):
    """Return a Job with those conditions, each a type with its status and reason."""
    found = [
        {"type": kind, "status": value, "reason": reason} for kind, value, reason in conditions
    ]
    return {
        "metadata": {"name": "j", "uid": uid},
        "spec": {"template": {}, "suspend": suspend},
        "status": {"conditions": found, **status},
    }


@pytest.mark.parametrize(
    ("subject", "is_complete", "failure"),
    [
        (job(("Complete", "True", "")), True, ""),
        (job(("SuccessCriteriaMet", "True", "")), False, ""),
        (job(("Complete", "False", "")), False, ""),
        (job(), False, ""),
        (job(("Failed", "True", "DeadlineExceeded")), False, "DeadlineExceeded"),
        (job(("FailureTarget", "True", "DeadlineExceeded")), False, ""),
        (pod(phase="Succeeded", owner=None), True, ""),
        (pod(phase="Running", owner=None), False, ""),
        (pod(phase="Failed", owner=None), False, "Failed"),
    ],
)
def test_a_job_and_a_pod_say_whether_they_have_completed(subject, is_complete, failure):
    """A condition that is not met, or that comes before the end, does not count."""
    completion = Completion(subject, ())

    assert (completion.is_complete, completion.failure[0]) == (is_complete, failure)


def test_the_time_of_a_job_is_from_its_start_to_its_completion():
    """Both are in its status; a Job that has not completed has no time."""
    times = {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:01:05Z"}

    assert Completion(job(**times), ()).seconds == 65
    assert Completion(job(startTime=times["startTime"]), ()).seconds is None
    assert Completion(pod(), ()).seconds is None


def test_only_a_job_can_be_suspended():
    """It has no Pods then."""
    assert Completion(job(suspend=True), ()).is_suspended
    assert not Completion(job(), ()).is_suspended
    assert not Completion(pod(), ()).is_suspended


@pytest.mark.parametrize(
    ("live", "endless"),
    [
        # restartPolicy Always under containers, when the others have ended
        (pod(always=["helper"], app=DONE, helper=RUNNING), ["helper"]),
        (pod(always=["helper"], app=RUNNING, helper=RUNNING), []),
        # a helper that may end by itself
        (pod(app=DONE, helper=RUNNING), []),
        (pod("OnFailure", app=FAILED, helper=RUNNING), []),
        # a Pod that no Job can have
        (pod("Always", app=DONE), ["app"]),
        # sidecars do not count
        (pod(app=DONE), []),
    ],
)
def test_a_container_that_always_restarts_is_endless(live, endless):
    """It is certain only when all the others have ended, since they can take the Pod with them."""
    assert jobs.list_endless(live) == endless


def test_running_and_ended_containers_are_told_apart():
    """A container that has failed under OnFailure has not ended for good."""
    never, on_failure = (
        pod(policy, app=FAILED, helper=RUNNING, done=DONE) for policy in ("Never", "OnFailure")
    )

    assert (jobs.list_running(never), jobs.list_ended(never)) == (["helper"], ["app", "done"])
    assert jobs.list_running(on_failure) == ["app", "helper"]
    assert [status["name"] for status, _ in jobs.list_failed(never)] == ["app"]


def served(answers):
    """Return an API server with those objects by the last part of their paths."""

    def get(path, **_):
        answer = answers.get(path.rpartition("/")[2])
        if answer is None:
            raise errors.ApiError("no", "look", status=404, reason="NotFound", details="")
        return answer

    return SimpleNamespace(get=get)


def test_the_job_of_a_pod_is_read_with_its_pods():
    """Pods of an earlier Job of the same name are left out."""
    old = pod(owner={**OWNER, "uid": "j0"}, uid="p0")
    api = served({"j": job(), "pods": {"items": [pod(), old]}})

    completion = jobs.read_completion(api, pod())

    assert str(completion) == "Job j"
    assert [live["metadata"]["uid"] for live in completion.pods] == ["p1"]


def test_a_pod_without_a_job_is_read_itself():
    """A ReplicaSet is no Job."""
    alone = pod(owner={**OWNER, "kind": "ReplicaSet"})

    assert str(jobs.read_completion(served({"p": alone}), alone)) == "Pod p"


@pytest.mark.parametrize(
    ("answers", "owner", "text"),
    [
        ({}, OWNER, "Job j no longer exists"),
        ({"j": job(uid="j2")}, OWNER, "Job j no longer exists"),
        ({}, None, "Pod p no longer exists"),
        ({"p": pod(uid="p2")}, None, "Pod p no longer exists"),
    ],
)
def test_a_job_that_was_deleted_or_replaced_is_gone(answers, owner, text):
    """Another one of its name does not count."""
    with pytest.raises(errors.PodGone, match=text):
        jobs.read_completion(served(answers), pod(owner=owner))
