"""File systems that a container mounts in a shared volume."""

import re
import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare import assert_file_visible, assert_mount_propagated, errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path
from tests.support.mutations import container_of

SOUND, BROKEN = (
    Path("manifests/mount-propagation.yaml"),
    Path("manifests/broken/not-propagated.yaml"),
)
OBJECT = {"from_c": "mounter", "to_c": "app", "path": "/remote/bucket/object"}


def test_what_a_sidecar_mounts_is_seen_also_after_its_restart(podshare):
    """A killed sidecar leaves its mount behind, and mounts another file system when it starts."""
    pod = podshare.deploy(SOUND)

    before = assert_file_visible(pod, **OBJECT)
    pod["mounter"].restart()
    after = assert_file_visible(pod, **OBJECT)

    digests = [{step.sha256 for step in evidence.steps} for evidence in (before, after)]
    assert [len(found) for found in digests] == [1, 1]
    assert digests[0] != digests[1]
    assert assert_mount_propagated(pod, from_c="mounter", to_c="app").steps


def test_a_container_without_propagation_keeps_what_was_mounted_when_it_started(podshare):
    """The twin: it sees the first file system for ever, and never the second one."""
    pod = podshare.deploy(BROKEN)

    before = assert_file_visible(pod, **OBJECT)
    pod["mounter"].restart()
    with pytest.raises(errors.PromiseBroken) as caught:
        assert_file_visible(pod, **OBJECT, timeout=1)

    assert caught.value.cause == "not propagated"
    assert caught.value.at == f"{BROKEN}:{line_of(BROKEN, 'mountPath: /data') - 1}"
    assert pod["app"].volume("remote").content("bucket/object").sha256 == before.steps[0].sha256


def line_of(path, text):
    """Return the number of the line that contains a text."""
    return 1 + next(i for i, line in enumerate(path.read_text().splitlines()) if text in line)


def test_the_files_of_a_volume_include_what_is_mounted_in_it(podshare):
    """Both containers name the file alike, and the app may write where the mounter reads."""
    pod = podshare.deploy(SOUND)
    mounter, app = (pod[name].volume("remote") for name in ("mounter", "app"))

    app.write("bucket/answer", "yes")

    assert mounter.read("bucket/answer") == b"yes"
    assert mounter.read("bucket/object") == app.read("bucket/object")
    assert app.listdir("bucket") == ["answer", "object"]


def test_what_a_container_mounts_for_itself_alone_is_not_the_volumes(podshare):
    """The twin: without mountPropagation, its file system is not a part of the volume."""
    manifest = yaml.safe_load(SOUND.read_text())
    for name in ("mounter", "app"):
        del container_of(manifest["spec"], name)["volumeMounts"][0]["mountPropagation"]
    pod = podshare.deploy(manifest)

    with pytest.raises(errors.NotInVolume):
        pod["mounter"].volume("remote").read("bucket/object")
    with pytest.raises(errors.PromiseBroken) as caught:
        assert_file_visible(pod, **OBJECT, timeout=1)

    assert caught.value.cause == "shadowed"
    assert pod["mounter"].exec(["test", "-s", OBJECT["path"]]).returncode == 0


def test_a_proof_leaves_no_mount_behind(podshare):
    """A folder or a mount that stays would be seen by the application."""
    pod = podshare.deploy(SOUND)

    assert_mount_propagated(pod, from_c="mounter", to_c="app")

    for name in ("mounter", "app"):
        assert pod[name].volume("remote").listdir() == ["bucket"]
        table = pod[name].exec(["cat", "/proc/mounts"]).stdout.decode()
        assert "podshare" not in re.findall(r"^(\S+) ", table, re.M)


@pytest.mark.podshare_needs("node-access")
def test_a_mount_that_stays_in_a_volume_keeps_its_pod(podshare):
    """The kubelet cannot remove the volume until someone unmounts it on the node."""
    pod = podshare.deploy(SOUND)
    path = pod_path(pod.namespace, pod.name)
    script = b"umount -l /var/lib/kubelet/pods/%s/volumes/*/remote/left" % pod.uid.encode()
    command = "mkdir /remote/left && mount -t tmpfs left /remote/left"
    assert pod["mounter"].exec(["sh", "-c", command]).returncode == 0
    pod.close()
    try:
        pod.api.delete(path, gracePeriodSeconds=1)
        ended = poll(
            lambda: pod.api.get(path)["status"]["phase"],
            until=lambda phase: phase in ("Succeeded", "Failed"),
            deadline=Deadline(60),
        )
        # otherwise a Pod whose containers have ended is gone within a second
        time.sleep(5)
        still = pod.api.get(path)["metadata"]["deletionTimestamp"]
    finally:
        nodes.run_script(pod.node, script)

    assert ended in ("Succeeded", "Failed")
    assert still
    assert poll(lambda: is_gone(pod), until=bool, deadline=Deadline(120))


def is_gone(pod):
    """Return whether a Pod does not exist any more."""
    try:
        pod.api.get(pod_path(pod.namespace, pod.name))
    except errors.ApiError as error:
        return error.status == 404
    return False
