"""Files exchanged both ways, and what a drain of the node does to them."""

import re

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_lost_on_drain,
    assert_medium,
    assert_survives_drain,
)
from tests.support.mutations import elsewhere

pytestmark = pytest.mark.two_nodes

SHAREVOL, CLAIM = "manifests/sharevol.yaml", "manifests/sharevol-claim.yaml"


def shown_by_mount(pod, container, path):
    """The file system type in the line that `mount` has for that path; None without a line."""
    table = pod[container].exec(["mount"]).stdout.decode()
    found = re.search(rf"^\S+ on {path} type (\S+) \(rw,", table, re.MULTILINE)
    return found and found[1]


@pytest.mark.parametrize("manifest", [SHAREVOL, CLAIM])
def test_data_is_exchanged_both_ways(podshare, manifest):
    """What c1 wrote c2 reads, and back, by the article's own file as well."""
    pod = podshare.deploy(manifest)

    pod["c1"].exec(["sh", "-c", "echo 'some data' > /tmp/xchange/data"])
    assert_file_visible(
        pod, from_c="c1", to_c="c2", path="/tmp/xchange/data", content="some data\n"
    )
    assert_file_visible(pod, from_c="c1", to_c="c2")
    assert_file_visible(pod, from_c="c2", to_c="c1")


def test_mount_shows_the_nodes_own_file_system_in_both(podshare):
    """The type that `mount` prints is the one that is proved, and it is no tmpfs."""
    pod = podshare.deploy(SHAREVOL)

    shown = shown_by_mount(pod, "c1", "/tmp/xchange")

    assert shown is not None
    assert shown == shown_by_mount(pod, "c2", "/tmp/data")
    for container in ("c1", "c2"):
        assert_medium(pod, container=container, volume="xchange", medium="Disk")
        assert_medium(pod, container=container, volume="xchange", medium=shown)


def test_mount_shows_a_file_system_in_memory_for_what_it_is(twin):
    """The mutated twin of the file system's type."""
    pod = twin("sharevol", lambda spec: spec["volumes"][0].update(emptyDir={"medium": "Memory"}))

    assert shown_by_mount(pod, "c1", "/tmp/xchange") == "tmpfs"
    with pytest.raises(AssertionError, match="volume 'xchange' is not of the medium"):
        assert_medium(pod, container="c1", volume="xchange", medium="Disk")


@pytest.mark.podshare_needs("two-nodes")
def test_a_drain_loses_it(podshare):
    """The Pod that comes is on the other node, and its volume is empty."""
    pod = podshare.deploy(SHAREVOL)
    before = pod.node

    assert_lost_on_drain(pod)

    assert pod.node != before
    assert not pod.api.get(f"/api/v1/nodes/{before}")["spec"].get("unschedulable")


@pytest.mark.podshare_needs("two-nodes")
def test_a_drain_does_not_lose_what_is_in_a_claim(podshare):
    """The same Pod with a claim, which is nobody's but its own, finds its data again."""
    pod = podshare.deploy(CLAIM)
    path = f"/api/v1/namespaces/{pod.namespace}/persistentvolumeclaims/xchange"
    before = pod.api.get(path)["metadata"]

    assert_survives_drain(pod)

    assert pod.api.get(path)["metadata"]["uid"] == before["uid"]
    assert "ownerReferences" not in before


def test_nothing_is_exchanged_between_two_volumes(twin):
    """The mutated twin of the exchange."""
    pod = twin("sharevol", elsewhere("c2"))

    with pytest.raises(AssertionError, match=r"why       (another volume|not mounted): "):
        assert_file_visible(pod, from_c="c1", to_c="c2")
