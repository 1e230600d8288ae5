"""The record of a Pod, and the handles that share it."""

import copy
import dataclasses
from types import SimpleNamespace

import pytest

from pytest_podshare import errors
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.manifest import load
from tests.support import offline_pods
from tests.support.kubelet_events import evicted_event

SPEC = {
    "containers": [
        {"name": "c", "image": "busybox", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    ],
    "volumes": [{"name": "v", "emptyDir": {}}],
}
RUNNING = {"containerStatuses": [{"name": "c", "containerID": "containerd://c0"}]}


def replaced(live, **metadata):
    """Return the Pod as the API server has it, with other metadata and a new instance of c."""
    raw = copy.deepcopy(live.raw)
    raw["metadata"] |= metadata
    raw["status"]["containerStatuses"][0]["containerID"] = "containerd://c1"
    return raw


@pytest.fixture
def server():
    """Return an API server with one Pod."""
    server = SimpleNamespace(raw=None, events=[])
    server.get = lambda path, **_: (
        {"items": server.events} if path.endswith("/events") else server.raw
    )
    return server


@pytest.fixture
def live(server):
    """Return the record of that Pod."""
    record = offline_pods.live_pod(SPEC, status=copy.deepcopy(RUNNING), api=server)
    server.raw = record.raw
    return record


@pytest.fixture
def pod(live):
    """Return the handle of that Pod, which another Pod will replace."""
    manifest = load({"apiVersion": "v1", "kind": "Pod", **live.raw})
    replacement = replaced(live, name="q", uid="u2")
    replacement["spec"]["containers"].append({"name": "injected"})
    return Pod(live, manifest=manifest, replacement=lambda: replacement)


def test_a_record_has_what_the_api_server_returned(live):
    """Names, mounts, and the instances of containers."""
    assert (str(live), live.uid, live.node, live.labels) == ("ns/p", "u", "worker", {})
    assert [mount.path for mount in live.wiring.container("c").mounts] == ["/v"]
    assert live.identity.containers == (("c", "containerd://c0"),)


def test_a_record_cannot_be_changed(live):
    """What was read from it stays true."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        live.raw = {}


def test_a_refresh_returns_a_new_record(server, live):
    """The old record keeps the old instance."""
    server.raw = replaced(live)

    fresh = live.refresh()

    assert fresh.identity.containers == (("c", "containerd://c1"),)
    assert live.identity.containers == (("c", "containerd://c0"),)


def test_another_pod_of_the_same_name_is_not_the_same_pod(server, live):
    """Its UID is different."""
    server.raw = replaced(live, uid="u2")

    with pytest.raises(errors.PodGone, match="Pod p was replaced by another Pod of the same name"):
        live.refresh()


def test_a_pod_that_is_being_deleted_is_gone(server, live):
    """It may exist for a while."""
    server.raw = replaced(live, deletionTimestamp="2026-01-01T00:00:00Z")

    with pytest.raises(errors.PodGone, match="Pod p is being deleted"):
        live.refresh()


@pytest.mark.parametrize(
    "changes",
    [
        {"phase": "Succeeded"},
        {"uid": "u2"},
        {"deletionTimestamp": "2026-01-01T00:00:00Z"},
    ],
)
def test_an_evicted_pod_is_gone_by_its_event(server, live, changes):
    """The status need not say so. Control: the Event alone changes nothing while the Pod runs."""
    server.events.append(evicted_event('Usage of EmptyDir volume "v" exceeds the limit "1Mi".'))
    live.refresh()

    phase = {key: changes[key] for key in changes.keys() & {"phase"}}
    server.raw = replaced(live, **{key: changes[key] for key in changes.keys() - phase.keys()})
    server.raw["status"] |= phase

    with pytest.raises(errors.PodGone, match="Pod p was evicted: Usage of EmptyDir") as caught:
        live.refresh()
    assert caught.value.eviction


def test_a_pod_that_has_done_its_work_is_not_gone(server, live):
    """The mutated twin: there is no Event."""
    server.raw = replaced(live)
    server.raw["status"]["phase"] = "Succeeded"

    assert live.refresh().raw is server.raw


def test_container_handles_follow_the_handle_of_their_pod(pod, live):
    """Existing handles do, and a container that a webhook added has a handle."""
    container = pod["c"]

    pod.follow_replacement()

    assert (pod.name, pod.uid, pod["c"]) == ("q", "u2", container)
    assert (container.pod.name, container.pod.uid) == ("q", "u2")
    assert pod["injected"].pod is container.pod
    assert (live.name, live.uid) == ("p", "u")


def test_an_unknown_container_is_an_error(pod):
    """The control: the container does not exist before the replacement."""
    with pytest.raises(errors.UnknownContainer, match="'injected'"):
        pod["injected"]
