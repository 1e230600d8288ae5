"""Behaviour that the Kubernetes documentation leaves open; see docs/findings.md."""

import pytest

from pytest_podshare import assert_file_visible, assert_permissions
from pytest_podshare.deadline import Deadline, poll


def two(**first):
    """Return a Pod of two idle containers that share a volume; `first` changes the first one."""
    container = {
        "image": "busybox",
        "command": ["sleep", "10000"],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "two"},
        "spec": {
            "containers": [{**container, "name": "c1", **first}, {**container, "name": "c2"}],
            "volumes": [{"name": "v", "emptyDir": {}}],
        },
    }


def test_a_termination_message_in_a_volume_is_not_shared(podshare):
    """The kubelet mounts a separate file there; the control is another file in the volume."""
    pod = podshare.deploy(two(terminationMessagePath="/v/last-words"))
    assert_file_visible(pod, from_c="c1", to_c="c2")

    assert pod["c1"].exec(["sh", "-c", "echo farewell > /v/last-words"]).returncode == 0

    assert pod["c1"].exec(["cat", "/v/last-words"]).stdout == b"farewell\n"
    placeholder = pod["c2"].exec(["cat", "/v/last-words"])
    assert (placeholder.returncode, placeholder.stdout) == (0, b"")


def test_all_containers_of_a_pod_share_64_mebibytes_of_memory(podshare):
    """It is at /dev/shm, which is not a volume; another Pod has a separate one."""
    pod = podshare.deploy(two())
    other = podshare.deploy({**two(), "metadata": {"name": "other"}})

    assert pod["c1"].exec(["sh", "-c", "echo shared > /dev/shm/file"]).returncode == 0

    assert pod["c2"].exec(["cat", "/dev/shm/file"]).stdout == b"shared\n"
    assert other["c2"].exec(["ls", "-A", "/dev/shm"]).stdout == b""
    assert pod["c2"].exec(["df", "-k", "/dev/shm"]).stdout.split()[-5] == b"65536"


@pytest.mark.parametrize("group", [None, 2000], ids=["without fsGroup", "with fsGroup"])
def test_new_files_have_the_mode_that_the_umask_leaves(podshare, group):
    """A shared group does not make files writable for the group."""
    manifest = two(securityContext={"runAsUser": 1000, "runAsGroup": 1000})
    if group is not None:
        manifest["spec"]["securityContext"] = {"fsGroup": group}
    pod = podshare.deploy(manifest)

    assert pod["c1"].exec(["touch", "/v/file"]).returncode == 0

    gid = 1000 if group is None else group
    assert_permissions(pod, container="c2", path="/v/file", uid=1000, gid=gid, mode=0o644)


@pytest.mark.parametrize(
    ("mode", "is_bound"),
    [("ReadWriteMany", False), ("ReadWriteOnce", True), ("ReadWriteOncePod", True)],
)
def test_the_default_storage_class_of_kind_binds_volumes_to_one_node(podshare, mode, is_bound):
    """It rejects claims for several nodes, and an event has the reason."""
    if not podshare.cluster.own:
        pytest.skip("this is about the default StorageClass of kind")
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": [mode], "resources": {"requests": {"storage": "1Mi"}}},
    }
    namespace = f"/api/v1/namespaces/{podshare.namespace}"
    podshare.cluster.api.post(f"{namespace}/persistentvolumeclaims", claim)
    manifest = two()
    manifest["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    podshare.cluster.api.post(f"{namespace}/pods", manifest)

    def messages():
        events = podshare.cluster.api.get(f"{namespace}/events")["items"]
        return " / ".join(event.get("message") or "" for event in events)

    refused = "NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes"
    bound = "Successfully provisioned volume"
    # an attempt that takes too long fails for another reason, and is repeated
    text = poll(
        messages, until=lambda text: refused in text or bound in text, deadline=Deadline(240)
    )

    assert (bound in text) == is_bound
    assert (refused in text) != is_bound
