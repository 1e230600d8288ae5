"""What Pods can meet outside their namespace."""

import pytest

from pytest_podshare.wiring.isolation import find_shared
from pytest_podshare.wiring.manifest import load

CONTAINER = {"name": "c", "image": "busybox"}


def pod(spec=(), container=(), others=()):
    """Return a manifest of a Pod and other objects."""
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{**CONTAINER, **dict(container)}], **dict(spec)},
    }
    return load({"apiVersion": "v1", "kind": "List", "items": [document, *others]})


def other(kind, **spec):
    """Return another object."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "o"}, "spec": spec}


@pytest.mark.parametrize(
    ("manifest", "shared"),
    [
        (pod(), ""),
        (pod({"volumes": [{"name": "v", "emptyDir": {}}]}), ""),
        (pod({"volumes": [{"name": "v", "hostPath": {"path": "/var/log"}}]}), "/var/log"),
        (pod({"hostNetwork": True}), "network"),
        (pod(container={"ports": [{"containerPort": 80}]}), ""),
        (pod(container={"ports": [{"containerPort": 80, "hostPort": 80}]}), "port 80"),
        (pod(others=[other("PersistentVolumeClaim")]), ""),
        (pod(others=[other("PersistentVolumeClaim", volumeName="pv")]), "PersistentVolume pv"),
        (pod(others=[other("PersistentVolume")]), "the PersistentVolume"),
        (pod(others=[other("StorageClass")]), "the StorageClass"),
        (pod(others=[other("Service", ports=[{"port": 80}])]), ""),
        (pod(others=[other("Service", ports=[{"port": 80, "nodePort": 30080}])]), "a node port"),
        (pod(others=[other("Kafka")]), "the Kafka"),
    ],
)
def test_a_manifest_shares_what_is_not_in_its_namespace(manifest, shared):
    """An object of an unknown kind may do anything, by its operator."""
    found = find_shared(manifest)

    assert shared in found
    assert bool(found) is bool(shared)
