"""The errors of Pods that are not ready in time: which Event is the last word about them."""

import pytest

from pytest_podshare import errors
from pytest_podshare.pods.not_ready import not_created, not_ready
from tests.support.fake_events import NO_RIGHT, FakeEvents

CREATING = {"name": "c", "image": "i", "state": {"waiting": {"reason": "ContainerCreating"}}}
RUNNING = {"name": "c", "image": "i", "state": {"running": {}}, "containerID": "containerd://a"}
NOT_FOUND = '0/1 nodes are available: persistentvolumeclaim "data" not found.'
UNSCHEDULED = {"type": "PodScheduled", "reason": "Unschedulable", "message": NOT_FOUND}
VOLUMES = [
    {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
    {"name": "scratch", "ephemeral": {}},
    {"name": "tmp", "emptyDir": {}},
]


def pod(container=CREATING, **status):
    """Return a Pod that is not ready."""
    containers = [container] if container else []
    return {
        "metadata": {"name": "web", "uid": "uid-1"},
        "spec": {"volumes": VOLUMES},
        "status": {"phase": "Pending", "containerStatuses": containers, **status},
    }


@pytest.fixture
def events():
    """Return Events to which a test adds."""
    return FakeEvents()


@pytest.mark.parametrize(
    ("container", "reason", "message"),
    [
        (CREATING, "FailedMount", 'MountVolume.SetUp failed for volume "data" : timeout'),
        (CREATING, "FailedAttachVolume", "Multi-Attach error for volume pvc-1"),
        (CREATING, "FailedCreatePodSandBox", "no runtime for x is configured"),
        (RUNNING, "Unhealthy", "Readiness probe failed: cat: no such file"),
        (RUNNING, "BackOff", "Back-off restarting failed container c in pod web"),
    ],
)
def test_the_last_warning_about_the_pod_is_quoted(events, container, reason, message):
    """In the words of the kubelet, in one line; what was said earlier is not."""
    events.add("Failed", "something earlier", time="2026-01-01T00:00:01Z")
    events.add(reason, message.replace(" ", "\n"), time="2026-01-01T00:00:09Z")
    events.add("Pulled", "done", type="Normal", time="2026-01-01T00:00:10Z")
    events.add("Unhealthy", "another Pod", uid="uid-2", time="2026-01-01T00:00:10Z")

    error = not_ready(events, "ns", pod(container), 30)

    assert type(error) is errors.PodNotReady
    assert error.what.startswith("Pod web was not ready within 30 s: phase Pending, c ")
    assert error.what.endswith(f". The last event: {reason}: {message}.")


@pytest.mark.parametrize("reason", ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"])
def test_what_is_over_is_not_quoted(events, reason):
    """The containers have started since."""
    events.add(reason, "not yet")

    assert "not yet" not in not_ready(events, "ns", pod(RUNNING), 30).what
    assert "not yet" in not_ready(events, "ns", pod(CREATING), 30).what


@pytest.mark.parametrize(
    ("claim", "reason", "kind"),
    [
        ("data", "ProvisioningFailed", "Warning"),
        ("web-scratch", "ProvisioningFailed", "Warning"),
        ("data", "ExternalProvisioning", "Normal"),
    ],
)
def test_the_last_event_of_a_claim_is_quoted(events, claim, reason, kind):
    """The scheduler says only that the claim is not bound, and so it is not quoted twice."""
    claimed = {"kind": "PersistentVolumeClaim", "uid": "uid-c"}
    events.add("FailedScheduling", NOT_FOUND)
    events.add(reason, "no such class", name=claim, type=kind, **claimed)
    events.add("ProvisioningFailed", "another claim", name="other", **claimed)

    error = not_ready(events, "ns", pod(None, conditions=[UNSCHEDULED]), 30)

    assert type(error) is errors.PodUnschedulable
    assert error.what == (
        f"Pod web was not scheduled within 30 s: {NOT_FOUND} The last event: {reason}: no such"
        " class."
    )


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("ErrImagePull", errors.ImagePullFailed),
        ("ImagePullBackOff", errors.ImagePullFailed),
        ("CreateContainerConfigError", errors.ContainerConfigFailed),
        ("ContainerCreating", errors.PodNotReady),
    ],
)
def test_the_error_is_that_of_the_state_at_the_deadline(events, reason, error):
    """Though it might have passed later."""
    message = 'secret "s" not found: connection refused'
    waiting = {"name": "c", "image": "i", "state": {"waiting": {"reason": reason}}}
    waiting["state"]["waiting"]["message"] = message

    assert type(not_ready(events, "ns", pod(waiting), 30)) is error


def test_a_long_message_is_shortened_in_the_middle(events):
    """What failed comes first, and why comes last."""
    events.add("FailedMount", f"mount failed: {'x' * 900} wrong fs type")

    what = not_ready(events, "ns", pod(), 30).what

    assert "FailedMount: mount failed: xxx" in what
    assert what.endswith("xxx wrong fs type.")
    assert len(what) < 450


@pytest.mark.parametrize("error", [NO_RIGHT, errors.ClusterUnreachable("no", "wait")])
def test_without_events_the_state_is_the_error(events, error):
    """Events only explain it."""
    events.error = error

    assert not_ready(events, "ns", pod(), 30).what == (
        "Pod web was not ready within 30 s: phase Pending, c waiting (ContainerCreating)."
    )


@pytest.mark.parametrize(
    ("kind", "controller", "name"),
    [
        ("Deployment", "ReplicaSet", "web-5d6f"),
        ("StatefulSet", "StatefulSet", "web"),
        ("Job", "Job", "web"),
    ],
)
def test_why_a_controller_has_created_no_pod_is_quoted(events, kind, controller, name):
    """The ReplicaSets of a Deployment are named after it; those of others do not count."""
    subject = {"kind": kind, "metadata": {"name": "web"}}
    events.add("FailedCreate", "exceeded quota", kind=controller, name=name)
    events.add("FailedCreate", "another", kind=controller, name="other-5d6f")

    assert not_created(events, "ns", subject, 30).what == (
        f"{kind} web created no Pod within 30 s. The last event: FailedCreate: exceeded quota."
    )
    events.items.clear()
    assert not_created(events, "ns", subject, 30).what == f"{kind} web created no Pod within 30 s."
