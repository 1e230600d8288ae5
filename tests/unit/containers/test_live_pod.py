"""The record of a Pod, and what handles make of it when another Pod comes."""

import copy
import dataclasses
from types import SimpleNamespace

import pytest

from pytest_podshare import errors
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.manifest import load
from tests.support import offline_pods

SPEC = {
    "containers": [
        {"name": "c", "image": "busybox", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    ],
    "volumes": [{"name": "v", "emptyDir": {}}],
}
RUNS = {"containerStatuses": [{"name": "c", "containerID": "containerd://c0"}]}


def another(live, **metadata):
    """The Pod as the API server gives it, with other metadata and another instance of c."""
    raw = copy.deepcopy(live.raw)
    raw["metadata"] |= metadata
    raw["status"]["containerStatuses"][0]["containerID"] = "containerd://c1"
    return raw


@pytest.fixture
def server():
    """An API server that has one Pod."""
    server = SimpleNamespace(raw=None)
    server.get = lambda _path, **_: server.raw
    return server


@pytest.fixture
def live(server):
    """The record of that Pod."""
    found = offline_pods.live_pod(SPEC, status=copy.deepcopy(RUNS), api=server)
    server.raw = found.raw
    return found


@pytest.fixture
def pod(live):
    """The handle of that Pod, in whose place another one comes."""
    manifest = load({"apiVersion": "v1", "kind": "Pod", **live.raw})
    comes = another(live, name="q", uid="u2")
    comes["spec"]["containers"].append({"name": "injected"})
    return Pod(live, manifest=manifest, replacement=lambda: comes)


def test_it_tells_what_the_api_server_gave(live):
    """Names, and who mounts what where."""
    assert (str(live), live.uid, live.node, live.labels) == ("ns/p", "u", "worker", {})
    assert [mount.path for mount in live.wiring.container("c").mounts] == ["/v"]
    assert live.identity.containers == (("c", "containerd://c0"),)


def test_it_cannot_be_changed(live):
    """What has been read of it stays true of it."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        live.raw = {}


def test_another_instance_is_another_record(server, live):
    """The one that was asked stays as it was."""
    server.raw = another(live)

    fresh = live.refresh()

    assert fresh.identity.containers == (("c", "containerd://c1"),)
    assert live.identity.containers == (("c", "containerd://c0"),)


def test_another_pod_of_its_name_is_not_taken_for_it(server, live):
    """By its UID."""
    server.raw = another(live, uid="u2")

    with pytest.raises(errors.PodGone, match="Pod p was replaced by another of its name"):
        live.refresh()


def test_a_pod_that_is_deleted_is_gone(server, live):
    """It may be there for a while."""
    server.raw = another(live, deletionTimestamp="2026-01-01T00:00:00Z")

    with pytest.raises(errors.PodGone, match="Pod p is being deleted"):
        live.refresh()


def test_the_handles_of_containers_follow_that_of_their_pod(pod, live):
    """Also one that was got before; and a container that a webhook adds is there."""
    container = pod["c"]

    pod.follow_replacement()

    assert (pod.name, pod.uid, pod["c"]) == ("q", "u2", container)
    assert (container.pod.name, container.pod.uid) == ("q", "u2")
    assert pod["injected"].pod is container.pod
    assert (live.name, live.uid) == ("p", "u")


def test_an_unknown_container_is_an_error(pod):
    """The control: until the Pod with it has come there is no such container."""
    with pytest.raises(errors.UnknownContainer, match="'injected'"):
        pod["injected"]
