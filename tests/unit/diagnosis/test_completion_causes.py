"""Why a Job does not complete, from its state and its Pods."""

import copy

import pytest

from pytest_podshare.diagnosis.completion_causes import explain_evicted, explain_incomplete
from pytest_podshare.kube import evictions
from pytest_podshare.kube.jobs import Completion
from tests.support import offline_pods

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  containers: [{name: app, image: busybox}, {name: helper, image: busybox}]
  volumes: []
"""
DONE = {"terminated": {"exitCode": 0, "reason": "Completed", "containerID": "c0"}}
FAILED = {"terminated": {"exitCode": 3, "reason": "Error", "containerID": "c3"}}
RUNNING = {"running": {}}
EVICTION = evictions.parse_message('Usage of EmptyDir volume "v" exceeds the limit "1Mi".')


@pytest.fixture
def pod():
    """Return the handle of a Pod of two containers."""
    return offline_pods.pod(MANIFEST)


@pytest.fixture
def state(pod):
    """Return a function that returns the Pod with containers in those states."""

    def create(app, helper, phase="Running", **status):
        raw = copy.deepcopy(pod.live.raw)
        states = {"app": app, "helper": helper}
        statuses = [{"name": name, "state": value} for name, value in states.items()]
        raw["status"] = {"phase": phase, "containerStatuses": statuses, **status}
        return raw

    return create


def job(reason="", **spec):
    """Return a Job, which has failed if there is a reason."""
    failed = {"type": "Failed", "status": str(bool(reason)), "reason": reason}
    return {
        "metadata": {"name": "j"},
        "spec": {"template": {}, **spec},
        "status": {"conditions": [failed]},
    }


@pytest.mark.parametrize(
    ("subject", "states", "kind", "text"),
    [
        (job(), [(DONE, RUNNING)], "never ends", "helper still runs, although app has ended"),
        (job(), [(RUNNING, RUNNING)], "unknown", "Pod p: app running"),
        (job(), [], "unknown", "Job j has no running Pod: 0 active, 0 succeeded, 0 failed"),
        (job(suspend=True), [(DONE, RUNNING)], "suspended", "Job j is suspended"),
        (job("DeadlineExceeded", activeDeadlineSeconds=5), [(DONE, RUNNING)],
         "deadline exceeded", "its activeDeadlineSeconds of 5; its last state: Pod p: app exited"),
        (job("BackoffLimitExceeded", backoffLimit=2), [(FAILED, DONE, "Failed")],
         "not running", "exited with code 3; its last log line: boom; backoffLimit: 2"),
        # a Pod in which a container has failed while another one never ends
        (job(), [(FAILED, RUNNING)], "never ends", "helper still runs, although app has ended"),
        (job("BackoffLimitExceeded"), [(FAILED, RUNNING)],
         "not running", "app of Pod p exited with code 3"),
    ],
)  # fmt: skip
def test_the_cause_that_the_states_show_is_named(pod, state, subject, states, kind, text):
    """Each differs in one state from another."""
    completion = Completion(subject, ())
    pods = [state(*values) for values in states]

    cause = explain_incomplete(pod, completion, pods, {"c3": "boom"})

    assert (cause.kind, text in cause.text) == (kind, True), cause
    assert cause.remedy or kind == "unknown"


def test_a_helper_that_never_ends_is_blamed(pod, state):
    """The failure names its line in the manifest; the remedy is a sidecar."""
    cause = explain_incomplete(pod, Completion(job(), ()), [state(DONE, RUNNING)], {})

    assert [str(blamed) for blamed in cause.blame] == ["helper", "None"]
    assert "initContainers with restartPolicy: Always" in cause.remedy


@pytest.mark.parametrize(("phase", "is_counted"), [("Succeeded", True), ("Failed", False)])
def test_an_evicted_pod_counts_as_succeeded_only_in_that_phase(state, phase, is_counted):
    """The text says so, since the Job does not."""
    cause = explain_evicted(state(DONE, DONE, phase), EVICTION)

    assert cause.kind == "evicted"
    assert "volume v exceeded its sizeLimit of 1Mi" in cause.text
    assert ("counts as succeeded" in cause.text) == is_counted


def test_an_eviction_explains_a_failed_job(pod, state):
    """It comes before the exit code of the container that the kubelet has killed."""
    status = {"reason": "Evicted", "message": EVICTION.message}
    evicted = state(FAILED, DONE, "Failed", **status)

    cause = explain_incomplete(pod, Completion(job("BackoffLimitExceeded"), ()), [evicted], {})

    assert cause.kind == "evicted"
