"""A claim with volumeMode Block, on a loop device of the node."""

import contextlib
import secrets

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path

_SIZE = 8 * 2**20


@contextlib.contextmanager
def block_claim(podshare):
    """Create a loop device on a node, and a PersistentVolume of it, and yield a claim for that.

    The Pods that use it are deleted first.
    """
    if not podshare.cluster.own:
        pytest.skip("the nodes of this cluster cannot be accessed")
    node = podshare.cluster.api.get("/api/v1/nodes")["items"][-1]["metadata"]["name"]
    name = f"podshare-block-{secrets.token_hex(4)}"
    image = f"/var/lib/{name}"
    made = nodes.run_script(
        node, f"truncate -s {_SIZE} {image} && losetup -f --show {image}".encode()
    )
    assert made.returncode == 0, made.stderr
    device = made.stdout.decode().strip()
    api, path = podshare.cluster.api, "/api/v1/persistentvolumes"
    term = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    spec = {
        "capacity": {"storage": str(_SIZE)},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "volumeMode": "Block",
        "storageClassName": "",
        "local": {"path": device},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}},
    }
    try:
        api.post(path, {"kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec})
        yield {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "disk"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "volumeMode": "Block",
                "storageClassName": "",
                "volumeName": name,
                "resources": {"requests": {"storage": str(_SIZE)}},
            },
        }
    finally:
        for pod in podshare.pods:
            delete(pod)
        api.delete(f"{path}/{name}")
        # the kubelet has another loop device of this one for a moment longer
        script = (
            b"i=0; while losetup -a | grep -q %s/ && [ $i -lt 60 ]; do sleep 0.5; i=$((i+1)); done"
        )
        nodes.run_script(node, script % name.encode())
        nodes.run_script(node, f"losetup -d {device}; rm -f {image}".encode())


def delete(pod):
    """Delete a Pod and wait until the kubelet has released its volumes."""
    path = pod_path(pod.namespace, pod.name)
    pod.close()
    pod.api.delete(path, gracePeriodSeconds=1)
    assert poll(lambda: is_gone(pod, path), until=bool, deadline=Deadline(60))


def is_gone(pod, path):
    """Return whether a Pod does not exist any more."""
    try:
        pod.api.get(path)
    except errors.ApiError as error:
        return error.status == 404
    return False
