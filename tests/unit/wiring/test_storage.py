"""Tests of which volumes of two Pods are the same storage."""

import pytest

from pytest_podshare.wiring.pod_spec import read_wiring
from pytest_podshare.wiring.shared_mounts import match_mounts
from pytest_podshare.wiring.storage import PodPlace, find_storage, pair_volumes

CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}
NFS = {"nfs": {"server": "files", "path": "/a"}}
PLACE = PodPlace("ns", "web", "node-1")
OTHER = PodPlace("ns", "worker", "node-1")


def host_path(path):
    """Return the source of a hostPath."""
    return {"hostPath": {"path": path}}


def wiring_of(source, path, **mount):
    """Return the wiring of the container c, which mounts a volume at a path."""
    mounts = [{"name": "v", "mountPath": path, **mount}]
    return read_wiring(
        {
            "containers": [{"name": "c", "volumeMounts": mounts}],
            "volumes": [{"name": "v", **source}],
        }
    )


def folders_of(first, second, *, place=PLACE, other=OTHER):
    """Return the folder that the containers of two wirings share, by both paths."""
    volumes, to_volumes = (
        [(volume, find_storage(volume, where)) for volume in wiring.volumes]
        for wiring, where in ((first, place), (second, other))
    )
    pairs = pair_volumes(volumes, to_volumes)
    shared = match_mounts(first.container("c"), second.container("c"), pairs)
    return [(mounts.from_dir, mounts.to_dir) for mounts in shared]


@pytest.mark.parametrize(
    ("source", "other", "folders"),
    [
        (CLAIM, CLAIM, [("/a", "/b")]),
        (CLAIM, {"persistentVolumeClaim": {"claimName": "spare"}}, []),
        ({"emptyDir": {}}, {"emptyDir": {}}, []),
        ({"csi": {"driver": "d"}}, {"csi": {"driver": "d"}}, []),
        ({"configMap": {"name": "data"}}, {"configMap": {"name": "data"}}, []),
        ({"ephemeral": {}}, {"ephemeral": {}}, []),
        (NFS, NFS, [("/a", "/b")]),
        (NFS, {"nfs": {"server": "files", "path": "/a", "readOnly": True}}, [("/a", "/b")]),
        (NFS, {"nfs": {"server": "files", "path": "/b"}}, []),
        (host_path("/data"), host_path("/data/"), [("/a", "/b")]),
        (host_path("/data"), host_path("/data/in"), [("/a/in", "/b")]),
        (host_path("/data/in"), host_path("/data"), [("/a", "/b/in")]),
        (host_path("/data"), host_path("/database"), []),
    ],
)
def test_volumes_are_the_same_by_what_is_behind_them(source, other, folders):
    """Both have the same name, which means nothing between Pods."""
    assert folders_of(wiring_of(source, "/a"), wiring_of(other, "/b")) == folders


@pytest.mark.parametrize(
    ("source", "other", "folders"),
    [
        (CLAIM, PodPlace("elsewhere", "worker", "node-1"), []),
        (CLAIM, PodPlace("ns", "worker", "node-2"), [("/a", "/b")]),
        (host_path("/data"), PodPlace("elsewhere", "worker", "node-1"), [("/a", "/b")]),
        (host_path("/data"), PodPlace("ns", "worker", "node-2"), []),
        (host_path("/data"), PodPlace("ns", "worker"), []),
    ],
)
def test_the_place_of_a_pod_is_part_of_its_storage(source, other, folders):
    """A claim belongs to a namespace, a hostPath to a node."""
    first, second = wiring_of(source, "/a"), wiring_of(source, "/b")

    assert folders_of(first, second, other=other) == folders


def test_sub_paths_within_a_claim_are_compared():
    """As within one Pod: the subPath of one mount must contain the other's."""
    whole, part = wiring_of(CLAIM, "/a"), wiring_of(CLAIM, "/b", subPath="in")

    assert folders_of(whole, part) == [("/a/in", "/b")]
    assert folders_of(part, wiring_of(CLAIM, "/c", subPath="out")) == []


def test_the_claim_of_an_ephemeral_volume_can_be_mounted_by_name():
    """It is named after the Pod and the volume."""
    named = wiring_of({"persistentVolumeClaim": {"claimName": "web-v"}}, "/b")

    assert folders_of(wiring_of({"ephemeral": {}}, "/a"), named) == [("/a", "/b")]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (CLAIM, "claim 'data'"),
        ({"ephemeral": {}}, "claim 'web-v'"),
        (host_path("/data"), "folder /data of node node-1"),
        (NFS, 'nfs {"path": "/a", "server": "files"}'),
        ({"emptyDir": {}}, "None"),
    ],
)
def test_storage_is_described(source, text):
    """The text is part of evidence and of failures."""
    assert str(find_storage(wiring_of(source, "/a").volumes[0], PLACE)) == text
