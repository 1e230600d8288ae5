"""What has happened between two states of a Pod, and what is part of its life."""

import copy

import pytest

from pytest_podshare.kube.incidents import find_incidents

RUNNING = {"running": {"startedAt": "2026-11-22T12:00:00Z"}}
DONE = {"exitCode": 0, "reason": "Completed"}
FAILED = {"exitCode": 1, "reason": "Error"}
OOM = {"exitCode": 137, "reason": "OOMKilled"}
LOOP = {"waiting": {"reason": "CrashLoopBackOff"}}


def status(name="app", state=RUNNING, ended=None, restarts=0, ready=True):
    """Return the status of a container."""
    last = {"terminated": ended} if ended else {}
    fields = {"state": state, "lastState": last, "restartCount": restarts, "ready": ready}
    return {"name": name, "containerID": f"containerd://{name}{restarts}", **fields}


def pod(*statuses, init=(), policy="Always", sidecar=False, since="12:00", **more):
    """Return a ready Pod with those containers, in which `init` are init containers or sidecars."""
    policies = {"restartPolicy": "Always"} if sidecar else {}
    return {
        "metadata": {"namespace": "ns", "name": "p", "uid": "u1"},
        "spec": {
            "restartPolicy": policy,
            "containers": [{"name": item["name"]} for item in statuses],
            "initContainers": [{"name": item["name"], **policies} for item in init],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": since}],
            "containerStatuses": list(statuses),
            "initContainerStatuses": list(init),
            **more,
        },
    }


def texts(before, after, **options):
    """Return the texts of what has happened."""
    return [str(incident) for incident in find_incidents(before, after, **options)]


def with_metadata(raw, **fields):
    """Return the Pod with other metadata."""
    changed = copy.deepcopy(raw)
    changed["metadata"].update(fields)
    return changed


HEALTHY = pod(status())
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low\non memory. "}


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (pod(status(ended=OOM, restarts=2)),
         "app of ns/p restarted by itself: exit code 137, OOMKilled, 2 times"),
        (pod(status(ended=FAILED, restarts=1)), "app of ns/p restarted by itself: exit code 1"),
        (pod(status(ended=DONE, restarts=1)), "app of ns/p restarted by itself: exit code 0"),
        (pod(status(state=LOOP, ended=FAILED, restarts=3)),
         "app of ns/p restarted by itself: exit code 1, 4 times"),
        (pod(status(state={"terminated": FAILED})), "app of ns/p exited by itself: exit code 1"),
        (pod(status(state={"terminated": FAILED}), policy="Never"),
         "app of ns/p exited by itself: exit code 1"),
        (pod(status(state=LOOP, ended=DONE)), "app of ns/p exited by itself: exit code 0"),
        (pod(status(ready=False)), "app of ns/p became unready by itself"),
        (pod(status(), since="12:05"),
         "Pod ns/p was unready for a while: ready again since 12:05"),
        (None, "Pod ns/p was deleted"),
        (with_metadata(HEALTHY, uid="u2"), "Pod ns/p was replaced by another Pod of that name"),
        (with_metadata(HEALTHY, deletionTimestamp="12:05"), "Pod ns/p is being deleted"),
        (pod(status(), **EVICTED), "Pod ns/p was evicted: The node was low on memory"),
        (pod(status(), phase="Failed", reason="DeadlineExceeded"),
         "Pod ns/p failed: DeadlineExceeded"),
    ],
)  # fmt: skip
def test_what_has_happened_is_found(after, text):
    """And it is not found again in the same state; nor is anything in a healthy Pod."""
    assert texts(HEALTHY, after) == [text]
    assert texts(HEALTHY, HEALTHY) == []
    if after is not None:
        assert texts(after, after) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # the same end, before and after the restart that it causes
        (pod(status(state={"terminated": FAILED})), pod(status(ended=FAILED, restarts=1))),
        (pod(status(state=LOOP, ended=FAILED, restarts=1)),
         pod(status(ended=FAILED, restarts=2))),
        # a container that has done its work
        (pod(status(), policy="Never"), pod(status(state={"terminated": DONE}), policy="Never")),
        (pod(status(), policy="OnFailure"),
         pod(status(state={"terminated": DONE}), policy="OnFailure")),
        # the containers of a Pod that is being deleted
        (with_metadata(HEALTHY, deletionTimestamp="12:05"), None),
        (with_metadata(HEALTHY, deletionTimestamp="12:05"),
         with_metadata(pod(status(state={"terminated": OOM})), deletionTimestamp="12:05")),
        # a container that was not ready
        (pod(status(ready=False)), pod(status(ready=False))),
    ],
)  # fmt: skip
def test_what_belongs_to_a_pods_life_is_no_incident(before, after):
    """Each differs from an incident of the test above in one field."""
    assert texts(before, after) == []


def test_an_init_container_that_runs_again_is_found():
    """Control: one that has run once."""
    once, twice = (status("init", {"terminated": DONE}, restarts=count) for count in (0, 1))

    assert texts(pod(status(), init=[once]), pod(status(), init=[twice])) == [
        "init of ns/p ran again"
    ]
    assert texts(pod(status(), init=[once]), pod(status(), init=[once])) == []


def test_a_sidecar_may_end_when_the_other_containers_have():
    """Control: it ends while another container runs."""
    running, killed = status("proxy"), status("proxy", {"terminated": {"exitCode": 143}})
    job = {"policy": "Never", "sidecar": True}
    before = pod(status(), init=[running], **job)

    assert texts(before, pod(status(state={"terminated": DONE}), init=[killed], **job)) == []
    assert texts(before, pod(status(), init=[killed], **job)) == [
        "proxy of ns/p exited by itself: exit code 143"
    ]


@pytest.mark.parametrize("after", [pod(status(ready=False)), pod(status(), since="12:05")])
def test_readiness_can_be_left_out(after):
    """Control: a restart is still found."""
    restarted = pod(status(ended=FAILED, restarts=1))

    assert texts(HEALTHY, after, with_readiness=False) == []
    assert len(texts(HEALTHY, restarted, with_readiness=False)) == 1


def test_a_last_log_line_cannot_control_a_terminal():
    """It is printed escaped."""
    (incident,) = find_incidents(HEALTHY, pod(status(ended=FAILED, restarts=1)))
    hostile = str(type(incident)(**{**vars(incident), "last_line": "\x1b[2J::error::x"}))

    assert "\x1b" not in hostile
    assert hostile.startswith("app of ns/p restarted by itself: exit code 1; last log line: ")
