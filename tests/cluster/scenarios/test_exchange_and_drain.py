"""Files exchanged in both directions, and what a drain of the node does to them."""

import re

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_lost_on_drain,
    assert_medium,
    assert_survives_drain,
)
from tests.support.mutations import mount_elsewhere

pytestmark = pytest.mark.two_nodes

SHAREVOL, CLAIM = "manifests/sharevol.yaml", "manifests/sharevol-claim.yaml"


def type_shown_by_mount(pod, container, path):
    """Return the file system type that `mount` prints for a path; None if it prints none."""
    table = pod[container].exec(["mount"]).stdout.decode()
    match = re.search(rf"^\S+ on {path} type (\S+) \(rw,", table, re.MULTILINE)
    return match and match[1]


@pytest.mark.parametrize("manifest", [SHAREVOL, CLAIM])
def test_files_are_exchanged_in_both_directions(podshare, manifest):
    """The article's own file as well."""
    pod = podshare.deploy(manifest)

    pod["c1"].exec(["sh", "-c", "echo 'some data' > /tmp/xchange/data"])
    assert_file_visible(
        pod, from_c="c1", to_c="c2", path="/tmp/xchange/data", content="some data\n"
    )
    assert_file_visible(pod, from_c="c1", to_c="c2")
    assert_file_visible(pod, from_c="c2", to_c="c1")


def test_mount_shows_the_nodes_file_system_in_both_containers(podshare):
    """The type that it prints is the proved medium, and not a tmpfs."""
    pod = podshare.deploy(SHAREVOL)

    shown = type_shown_by_mount(pod, "c1", "/tmp/xchange")

    assert shown is not None
    assert shown == type_shown_by_mount(pod, "c2", "/tmp/data")
    for container in ("c1", "c2"):
        assert_medium(pod, container=container, volume="xchange", medium="Disk")
        assert_medium(pod, container=container, volume="xchange", medium=shown)


def test_mount_shows_a_tmpfs_for_a_volume_in_memory(twin):
    """The mutated twin of the file system's type."""
    pod = twin("sharevol", lambda spec: spec["volumes"][0].update(emptyDir={"medium": "Memory"}))

    assert type_shown_by_mount(pod, "c1", "/tmp/xchange") == "tmpfs"
    with pytest.raises(AssertionError, match="volume 'xchange' is not on the expected medium"):
        assert_medium(pod, container="c1", volume="xchange", medium="Disk")


@pytest.mark.podshare_needs("two-nodes")
def test_a_drain_loses_an_empty_dir(podshare):
    """The replacement is on the other node, and its volume is empty."""
    pod = podshare.deploy(SHAREVOL)
    before = pod.node

    assert_lost_on_drain(pod)

    assert pod.node != before
    assert not pod.api.get(f"/api/v1/nodes/{before}")["spec"].get("unschedulable")


@pytest.mark.podshare_needs("two-nodes")
def test_a_drain_does_not_lose_a_claim(podshare):
    """The claim has no owner, so it outlives the Pod, and the replacement has its files."""
    pod = podshare.deploy(CLAIM)
    path = f"/api/v1/namespaces/{pod.namespace}/persistentvolumeclaims/xchange"
    before = pod.api.get(path)["metadata"]

    assert_survives_drain(pod)

    assert pod.api.get(path)["metadata"]["uid"] == before["uid"]
    assert "ownerReferences" not in before


def test_it_fails_if_the_containers_mount_two_volumes(twin):
    """The mutated twin of the exchange."""
    pod = twin("sharevol", mount_elsewhere("c2"))

    with pytest.raises(AssertionError, match=r"why       (different volume|not mounted): "):
        assert_file_visible(pod, from_c="c1", to_c="c2")
