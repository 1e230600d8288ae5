"""Which mounts have failed for good, given the Events of the kubelet."""

import pytest

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.pods.start_failures import StartFailures
from tests.support.fake_clock import FakeClock
from tests.support.fake_events import NO_RIGHT, FakeEvents

SET_UP = 'MountVolume.SetUp failed for volume "data" : '
NO_FOLDER = f"{SET_UP}hostPath type check failed: /srv/app is not a directory"
NO_CONFIG = f'{SET_UP}configmap "settings" not found'
NO_KEY = f"{SET_UP}references non-existent config key: k"
NO_DRIVER = f"{SET_UP}driver name x.csi not found in the list of registered CSI drivers"
CONFIG_PATH = "/api/v1/namespaces/ns/configmaps/settings"
WAITING = {"name": "c", "state": {"waiting": {"reason": "ContainerCreating"}}}
HOST_PATH = {"name": "data", "hostPath": {"path": "/srv/app", "type": "Directory"}}


def pod(*volumes, uid="uid-1", container=WAITING, node="node"):
    """Return a Pod whose volumes are being mounted."""
    return {
        "metadata": {"name": f"web-{uid}", "uid": uid},
        "spec": {"nodeName": node, "volumes": list(volumes)},
        "status": {"phase": "Pending", "containerStatuses": [container]},
    }


@pytest.fixture
def events():
    """Return Events to which a test adds."""
    return FakeEvents()


@pytest.fixture
def clock():
    """Return a clock that never sleeps."""
    return FakeClock()


@pytest.fixture
def watch(events, clock):
    """Return a function that looks every two seconds while a mount fails again and again."""

    def look(message, *, others=(), documents=(), live=None, counts=(1, 3, 5)):
        failures = StartFailures(events, "ns", Deadline(60, clock), documents)
        live = live or pod(HOST_PATH)
        for count in counts:
            events.add("FailedMount", message, count=count)
            objects = {one["metadata"]["name"]: one for one in (live, *others)}
            if error := failures.find(live, objects):
                return error
            clock.sleep(2)
        return None

    return look


@pytest.mark.parametrize("message", [NO_FOLDER, NO_CONFIG, NO_KEY])
def test_a_mount_that_cannot_succeed_fails_at_the_second_look(watch, clock, message):
    """The first look is two seconds after the start; by the second one it has failed again."""
    error = watch(message)

    assert isinstance(error, errors.MountFailed)
    assert error.what == (f"Pod web-uid-1 cannot mount volume data: FailedMount: {message}.")
    assert clock.now == 4


@pytest.mark.parametrize(
    ("message", "fix"), [(NO_FOLDER, "on the node"), (NO_CONFIG, "ConfigMap"), (NO_KEY, "the key")]
)
def test_the_remedy_fits_the_volume(watch, message, fix):
    """It says what to create."""
    assert fix in watch(message).remedy


def test_a_mount_that_may_succeed_is_awaited(watch):
    """A driver may register later."""
    assert watch(NO_DRIVER) is None


def test_a_mount_that_does_not_fail_again_is_awaited(watch):
    """By the second attempt, the ConfigMap existed."""
    assert watch(NO_CONFIG, counts=(3, 3, 3, 3)) is None


def test_the_events_of_other_pods_do_not_count(watch, events):
    """Even if they have the same name, as in a StatefulSet."""
    assert watch(NO_FOLDER, live=pod(HOST_PATH, uid="uid-2")) is None
    assert events.requests == ["reason=FailedMount"] * 2


@pytest.mark.parametrize(
    "live", [pod(node=""), pod(container={**WAITING, "containerID": "containerd://a"})]
)
def test_nothing_is_listed_before_and_after_the_mounts(watch, events, live):
    """The scheduler is at work, or a container has started."""
    assert watch(NO_FOLDER, live=live) is None
    assert events.requests == []


def test_nothing_is_listed_in_the_first_two_seconds(watch, events):
    """Most Pods are ready by then."""
    watch(NO_FOLDER, counts=(1,))

    assert events.requests == []


def test_a_config_map_that_exists_by_now_is_awaited(watch, events):
    """The kubelet sees it later."""
    events.objects[CONFIG_PATH] = {}

    assert watch(NO_CONFIG) is None
    assert CONFIG_PATH in events.requests


@pytest.mark.parametrize(
    ("document", "is_awaited"),
    [
        ({"apiVersion": "cert-manager.io/v1", "kind": "Certificate"}, True),
        (
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "spec": {"template": {"spec": {"serviceAccountName": "x"}}},
            },
            True,
        ),
        ({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": {}}}}, False),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, False),
    ],
)
def test_a_config_map_that_another_object_may_create_is_awaited(watch, document, is_awaited):
    """A Certificate has a controller that creates a Secret."""
    assert (watch(NO_CONFIG, documents=[document]) is None) is is_awaited


@pytest.mark.parametrize(
    ("path", "kind", "is_awaited"),
    [
        ("/srv", "", True),
        ("/srv/", "DirectoryOrCreate", True),
        ("/srv/app", "DirectoryOrCreate", True),
        ("/srv/app", "Directory", False),
        ("/srv/app/more", "DirectoryOrCreate", False),
        ("/srv/ap", "", False),
    ],
)
def test_a_folder_that_another_pod_may_create_is_awaited(watch, path, kind, is_awaited):
    """It mounts a folder around it, or the kubelet creates the folder for it."""
    volume = {"name": "other", "hostPath": {"path": path, "type": kind}}

    assert (watch(NO_FOLDER, others=[pod(volume, uid="uid-2")]) is None) is is_awaited


@pytest.mark.parametrize(
    ("error", "requests"), [(NO_RIGHT, 1), (errors.ClusterUnreachable("no", "wait"), 3)]
)
def test_events_that_cannot_be_listed_fail_nothing(watch, events, error, requests):
    """Without the permission, they are not requested again."""
    events.error = error

    assert watch(NO_FOLDER, counts=(1, 2, 3, 4)) is None
    assert len(events.requests) == requests


@pytest.mark.parametrize(("missing_for", "has_failed"), [(14, False), (20, True)])
def test_a_variable_may_be_missing_until_the_kubelet_has_tried_again(
    events, clock, missing_for, has_failed
):
    """It waits for ten to fifteen seconds."""
    failures = StartFailures(events, "ns", Deadline(60, clock))
    reason = {"reason": "CreateContainerConfigError", "message": 'secret "s" not found'}
    failing = pod(container={"name": "c", "image": "i", "state": {"waiting": reason}})
    found = []

    while clock.now <= 40:
        live = failing if clock.now < missing_for else pod()
        found.append(failures.find(live, {}))
        clock.sleep(2)

    assert any(found) is has_failed
    assert {type(error) for error in found if error} <= {errors.ContainerConfigFailed}
