"""A Pod of two containers that share a volume, and images with different shells."""

from pytest_podshare.deadline import Deadline, poll

MIB = 2**20
# sh is that of busybox in the one, and dash in the other
IMAGES = ["busybox", "centos:7"]


def two(image="busybox", **volume):
    """Return the manifest of a Pod of two containers that share a volume."""
    container = {"image": image, "command": ["sh", "-c", "sleep 10000"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "two"},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {**container, "name": "c1", "volumeMounts": [{"name": "v", "mountPath": "/v"}]},
                {**container, "name": "c2", "volumeMounts": [{"name": "v", "mountPath": "/w"}]},
            ],
            "volumes": [{"name": "v", "emptyDir": volume}],
        },
    }


def wait_for_file(pod, name):
    """Wait until a command has created that file in the volume, and remove it."""
    code = poll(
        lambda: pod["c2"].run(f"rm /w/{name}".encode()).returncode,
        until=lambda code: code == 0,
        deadline=Deadline(30),
    )
    assert code == 0


def with_name(name, manifest):
    """Return the manifest with another name."""
    return {**manifest, "metadata": {**manifest["metadata"], "name": name}}
