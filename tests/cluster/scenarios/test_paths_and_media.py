"""One volume at different paths, as a cache, in memory, and with a size limit."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_medium,
    assert_permissions,
    assert_size_limited,
    assert_survives_restart,
)
from tests.support.mutations import container_of, elsewhere

PAGE = "/html/index.html"


def test_nginx_serves_what_alpine_writes_under_another_path(podshare, fetch):
    """/html of the one is /usr/share/nginx/html of the other."""
    pod = podshare.deploy("manifests/different-paths.yaml")

    evidence = assert_file_visible(pod, from_c="alpine", to_c="nginx", path=PAGE)

    assert evidence.steps[1].path == "/usr/share/nginx/html/index.html"
    status, body = fetch(pod, 80)
    assert (status, body.startswith(b"different-paths ")) == (200, True)


def test_a_cache_is_shared_and_stays_warm(podshare):
    """Either container may fill it, both see it, and neither's restart empties it."""
    pod = podshare.deploy("manifests/different-paths.yaml")

    assert_file_visible(pod, from_c="alpine", to_c="nginx")
    assert_file_visible(pod, from_c="nginx", to_c="alpine")
    for container in ("nginx", "alpine"):
        assert_survives_restart(pod, container=container)


def test_nginx_serves_nothing_from_another_volume(twin, fetch):
    """The mutated twin: the same paths, and two volumes."""
    pod = twin("different-paths", elsewhere("alpine"))

    with pytest.raises(AssertionError, match=r"why       (another volume|not mounted): "):
        assert_file_visible(pod, from_c="alpine", to_c="nginx")
    assert fetch(pod, 80)[0] == 403


def test_a_volume_in_memory_is_a_tmpfs_of_the_size_asked_for(podshare):
    """For both containers; who writes more is refused, and the Pod goes on."""
    pod = podshare.deploy("manifests/memory-medium.yaml")

    for container in ("nginx", "alpine"):
        assert_medium(pod, container=container, volume="cache", medium="Memory", size="10Mi")
    evidence = assert_size_limited(pod, container="alpine", volume="cache")
    assert "alpine was refused: No space left on device" in evidence.proofs
    assert_file_visible(pod, from_c="alpine", to_c="nginx")


def test_a_volume_in_memory_survives_a_restart(podshare):
    """It is the Pod's memory and not the container's."""
    pod = podshare.deploy("manifests/memory-medium.yaml")

    assert_survives_restart(pod, container="alpine")


def test_a_volume_on_disk_that_grows_too_large_costs_the_pod(podshare):
    """Nobody is refused anything; the kubelet evicts the Pod, and says which volume it was."""
    pod = podshare.deploy("manifests/disk-limit.yaml")
    assert_medium(pod, container="alpine", volume="cache", medium="Disk")
    before = pod.uid

    evidence = assert_size_limited(pod, container="alpine", volume="cache")

    message = 'Evicted: Usage of EmptyDir volume "cache" exceeds the limit "10Mi".'
    assert message in evidence.proofs
    assert pod.uid != before


@pytest.mark.parametrize(
    ("source", "medium", "size"),
    [
        ({}, "Memory", None),
        ({"medium": "Memory", "sizeLimit": "10Mi"}, "Disk", None),
        ({"medium": "Memory", "sizeLimit": "20Mi"}, "Memory", "10Mi"),
    ],
    ids=["disk", "memory", "another size"],
)
def test_another_medium_or_size_is_noticed(twin, source, medium, size):
    """The mutated twins of the medium."""
    pod = twin("memory-medium", lambda spec: spec["volumes"][0].update(emptyDir=source))

    with pytest.raises(AssertionError, match="volume 'cache' is not of the medium"):
        assert_medium(pod, container="alpine", volume="cache", medium=medium, size=size)


@pytest.mark.parametrize(
    ("manifest", "mode", "removed"),
    [("memory-medium", 0o1777, False), ("different-paths", 0o777, True)],
)
def test_who_may_remove_whose_files_depends_on_the_medium(twin, manifest, mode, removed):
    """Another user's file can be removed where the folder is not sticky."""

    def change(spec):
        container_of(spec, "alpine").update(
            command=["sleep", "10000"], args=[], securityContext={"runAsUser": 1001}
        )

    pod = twin(manifest, change)
    folder, theirs = "/html", "/usr/share/nginx/html/theirs"
    assert_permissions(pod, container="alpine", path=folder, uid=0, gid=0, mode=mode)
    assert pod["nginx"].exec(["sh", "-c", f"echo > {theirs}"]).returncode == 0

    done = pod["alpine"].exec(["rm", "-f", f"{folder}/theirs"])

    gone = pod["nginx"].exec(["test", "-e", theirs]).returncode != 0
    assert (done.returncode == 0, gone) == (removed, removed)
