"""One volume at different paths, as a cache, in memory, and with a size limit."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_medium,
    assert_permissions,
    assert_size_limited,
    assert_survives_restart,
)
from tests.support.mutations import container_of, mount_elsewhere

PAGE = "/html/index.html"


def test_nginx_serves_what_alpine_writes_to_another_path(podshare, fetch):
    """/html in the one is /usr/share/nginx/html in the other."""
    pod = podshare.deploy("manifests/different-paths.yaml")

    evidence = assert_file_visible(pod, from_c="alpine", to_c="nginx", path=PAGE)

    assert evidence.steps[1].path == "/usr/share/nginx/html/index.html"
    status, body = fetch(pod, 80)
    assert (status, body.startswith(b"different-paths ")) == (200, True)


def test_a_shared_cache_survives_restarts(podshare):
    """Both containers can write to it and see it, and no restart empties it."""
    pod = podshare.deploy("manifests/different-paths.yaml")

    assert_file_visible(pod, from_c="alpine", to_c="nginx")
    assert_file_visible(pod, from_c="nginx", to_c="alpine")
    for container in ("nginx", "alpine"):
        assert_survives_restart(pod, container=container)


def test_nginx_serves_nothing_from_another_volume(twin, fetch):
    """The mutated twin: the paths are the same, but the volumes are two."""
    pod = twin("different-paths", mount_elsewhere("alpine"))

    with pytest.raises(AssertionError, match=r"why       (different volume|not mounted): "):
        assert_file_visible(pod, from_c="alpine", to_c="nginx")
    assert fetch(pod, 80)[0] == 403


def test_a_volume_in_memory_is_a_tmpfs_of_the_specified_size(podshare):
    """In both containers; a larger write is refused, and the Pod keeps running."""
    pod = podshare.deploy("manifests/memory-medium.yaml")

    for container in ("nginx", "alpine"):
        assert_medium(pod, container=container, volume="cache", medium="Memory", size="10Mi")
    evidence = assert_size_limited(pod, container="alpine", volume="cache")
    assert "the write of alpine was refused: No space left on device" in evidence.proofs
    assert_file_visible(pod, from_c="alpine", to_c="nginx")


def test_a_volume_in_memory_survives_a_restart(podshare):
    """The tmpfs belongs to the Pod, not to a container."""
    pod = podshare.deploy("manifests/memory-medium.yaml")

    assert_survives_restart(pod, container="alpine")


def test_a_pod_with_too_large_a_volume_on_disk_is_evicted(podshare):
    """No write is refused; the kubelet evicts the Pod and names the volume."""
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
def test_it_fails_on_another_medium_or_size(twin, source, medium, size):
    """The mutated twins of the medium."""
    pod = twin("memory-medium", lambda spec: spec["volumes"][0].update(emptyDir=source))

    with pytest.raises(AssertionError, match="volume 'cache' is not on the expected medium"):
        assert_medium(pod, container="alpine", volume="cache", medium=medium, size=size)


@pytest.mark.parametrize(
    ("manifest", "mode", "removed"),
    [("memory-medium", 0o1777, False), ("different-paths", 0o777, True)],
)
def test_the_medium_decides_whether_other_users_files_can_be_removed(twin, manifest, mode, removed):
    """They can be removed unless the folder has the sticky bit."""

    def change(spec):
        container_of(spec, "alpine").update(
            command=["sleep", "10000"], args=[], securityContext={"runAsUser": 1001}
        )

    pod = twin(manifest, change)
    folder, path = "/html", "/usr/share/nginx/html/of-root"
    assert_permissions(pod, container="alpine", path=folder, uid=0, gid=0, mode=mode)
    assert pod["nginx"].exec(["sh", "-c", f"echo > {path}"]).returncode == 0

    done = pod["alpine"].exec(["rm", "-f", f"{folder}/of-root"])

    is_gone = pod["nginx"].exec(["test", "-e", path]).returncode != 0
    assert (done.returncode == 0, is_gone) == (removed, removed)
