"""Tests of what is behind the claim of a live Pod."""

import pytest

from pytest_podshare import errors
from pytest_podshare.pods import volume_storage
from tests.support import offline_pods

CLAIM_PATH = "/api/v1/namespaces/ns/persistentvolumeclaims/data"
CLAIM = {"spec": {"volumeName": "pv"}}
SPEC = {
    "containers": [{"name": "c"}],
    "volumes": [
        {"name": "v", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "share", "nfs": {"server": "files", "path": "/a", "readOnly": True}},
        {"name": "scratch", "emptyDir": {}},
    ],
}


class FakeApi:
    """Returns the objects at some paths, and refuses all others."""

    server = "https://127.0.0.1:1"

    def __init__(self, objects):
        self._objects = objects

    def get(self, path):
        """Return the object at a path."""
        if path not in self._objects:
            raise errors.ApiError("no", "", status=403, reason="Forbidden", details="")
        return self._objects[path]


def storage_with(source, volume="v"):
    """Return what is behind a volume if the claim's PersistentVolume has that source."""
    spec = {"capacity": {"storage": "1Gi"}, "claimRef": {"name": "data"}, **source}
    objects = {CLAIM_PATH: CLAIM, "/api/v1/persistentvolumes/pv": {"spec": spec}}
    return volume_storage.claimed_storage_of(
        offline_pods.live_pod(SPEC, api=FakeApi(objects)), volume
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"nfs": {"server": "files", "path": "/a"}}, 'nfs {"path": "/a", "server": "files"}'),
        ({"hostPath": {"path": "/data"}}, "folder /data of node worker"),
        ({"local": {"path": "/data"}}, "folder /data of node worker"),
        (
            {"csi": {"driver": "d", "volumeHandle": "h", "volumeAttributes": {"a": "b"}}},
            'csi {"driver": "d", "volumeHandle": "h"}',
        ),
        ({"nodeAffinity": {"required": {}}}, "claim 'data'"),
    ],
)
def test_the_source_of_the_persistent_volume_is_behind_its_claim(source, text):
    """Another PersistentVolume may have the same source."""
    assert str(storage_with(source)) == text


def test_a_claim_and_a_volume_of_one_source_are_the_same():
    """The options of the mount make no difference."""
    share = storage_with({}, "share")

    assert storage_with({"nfs": {"server": "files", "path": "/a"}}) == share
    assert storage_with({"nfs": {"server": "files", "path": "/b"}}) != share


@pytest.mark.parametrize(
    "objects",
    [{}, {CLAIM_PATH: CLAIM}, {CLAIM_PATH: {"spec": {}}}],
    ids=["no permission", "no permission for volumes", "not bound"],
)
def test_a_claim_is_itself_if_its_volume_is_unknown(objects):
    """Reading a PersistentVolume needs a ClusterRole, which many accounts lack."""
    live = offline_pods.live_pod(SPEC, api=FakeApi(objects))

    assert str(volume_storage.claimed_storage_of(live, "v")) == "claim 'data'"
    assert volume_storage.claimed_storage_of(live, "scratch") is None


def test_an_api_server_that_does_not_answer_tells_nothing():
    """Otherwise two claims of one PersistentVolume would count as different storage."""

    class SilentApi(FakeApi):
        """Does not answer."""

        def get(self, path):
            """Raise the error of a client that has waited long enough."""
            raise errors.ClusterUnreachable(f"{path}: no answer", "wait")

    live = offline_pods.live_pod(SPEC, api=SilentApi({}))

    with pytest.raises(errors.ClusterUnreachable):
        volume_storage.claimed_storage_of(live, "v")
    assert volume_storage.claimed_storage_of(live, "scratch") is None
