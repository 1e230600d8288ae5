"""Causes in what is behind the volumes of two Pods."""

import dataclasses

import pytest

from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.containers.fileops.path_walk import PathEntry, User
from pytest_podshare.containers.fileops.posix_shell import Missing
from pytest_podshare.containers.live_pod import CurrentPod
from pytest_podshare.diagnosis import storage_causes
from pytest_podshare.diagnosis.facts import ContainerView, Facts, FileLocation
from pytest_podshare.diagnosis.root_cause import find_cause
from pytest_podshare.diagnosis.symptom import Symptom
from tests.support import offline_pods

CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}


class FakeApi:
    """Says which PersistentVolume a claim is bound to, or refuses to."""

    server = "https://127.0.0.1:1"

    def __init__(self, volume):
        self._volume = volume

    def get(self, path):
        """Return the claim at a path."""
        if not self._volume:
            raise errors.ApiError("no", "", status=403, reason="Forbidden", details="")
        return {"spec": {"volumeName": f"{self._volume}-of-{path.rpartition('/')[2]}"}}


def container(name, source=CLAIM, *, node="worker", volume="", mounts=None):
    """Return the container c of a Pod, which mounts the volume v at /v."""
    mounts = [{"name": "v", "mountPath": "/v"}] if mounts is None else mounts
    spec = {
        "nodeName": node,
        "containers": [{"name": "c", "volumeMounts": mounts}],
        "volumes": [{"name": "v", **source}],
    }
    live = offline_pods.live_pod(spec, name=name, api=FakeApi(volume))
    live.raw["spec"]["nodeName"] = node
    return Container(CurrentPod(live, flush=lambda: None), "c").qualified


def view(inside, root, *, has_file, device="8:1"):
    """Return what a container reports about /v/file."""
    entries = (PathEntry("/v", "directory", 0, 0, 0o755, 2, ""),)
    file = PathEntry("/v/file", "regular file", 0, 0, 0o644, 7, "")
    return ContainerView(
        FileLocation(inside, "/v/file", inside.spec.mounts[0]),
        mount_table=(
            MountEntry("/", "/", "overlay", ("rw",), (), "0:7"),
            MountEntry("/v", root, "ext4", ("rw",), (), device),
        ),
        user=User(0, (0,)),
        path_entries=(*entries, file) if has_file else entries,
    )


def cause_of(writer, reader):
    """Return the cause that is named if the reader does not see the file."""
    wiring = reader.location.container.pod.wiring
    return find_cause(Symptom(wiring, Facts("", "", (writer, reader)), Missing()))


def test_folders_of_one_claim_are_named_relative_to_it():
    """A subPathExpr has a value that only the live mount shows."""
    writer = view(container("web-0"), "/storage/pvc-1/web-0", has_file=True)
    reader = view(container("web-1"), "/storage/pvc-1/web-1", has_file=False)

    cause = cause_of(writer, reader)

    assert (cause.kind, cause.text) == (
        "different subPath",
        "web-0/c mounts folder 'web-0' of volume v, but web-1/c mounts folder 'web-1'",
    )


def test_on_two_nodes_devices_are_not_compared():
    """The same numbers mean nothing there; only one node has the file."""
    writer = view(container("web", node="a"), "/storage/one", has_file=True)
    reader = view(container("worker", node="b"), "/storage/two", has_file=False)

    cause = cause_of(writer, reader)

    assert (cause.kind, cause.text) == (
        "different volume",
        "both Pods have claim 'data', but web/c is on node a, worker/c is on node b, and only the"
        " first has the file",
    )


def test_on_two_nodes_another_device_is_not_a_cause():
    """If the writer has lost the file, that is the cause, although the devices differ."""
    writer = view(container("web", node="a"), "/storage", has_file=False)
    reader = view(container("worker", node="b"), "/storage", has_file=False, device="9:9")

    assert cause_of(writer, reader).kind == "removed"
    on_one_node = view(container("worker", node="a"), "/storage", has_file=False, device="9:9")
    assert cause_of(writer, on_one_node).kind == "different volume"


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        (
            {"hostPath": {"path": "/data"}},
            "Keep both Pods on one node, or use a claim that both nodes can access"
            " (ReadWriteMany).",
        ),
        (CLAIM, "Use the same claim in both Pods, in one namespace."),
    ],
)
def test_folders_of_two_nodes_need_one_node(source, remedy):
    """The same claim would not help; between a folder and a claim it does."""
    writer = container("web", {"hostPath": {"path": "/data"}}, node="a")
    reader = container("worker", source, node="b")

    cause = storage_causes.explain_separate_pods(writer, reader, None)

    assert (cause.kind, cause.remedy) == ("different volume", remedy)
    assert "is folder /data of node a; " in cause.text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            {"persistentVolumeClaim": {"claimName": "spare"}},
            "volume 'v' of web/c is claim 'data' of namespace ns (PersistentVolume pv-of-data);"
            " volume 'v' of worker/c is claim 'spare' of namespace ns (PersistentVolume"
            " pv-of-spare)",
        ),
        (
            {"emptyDir": {}},
            "volume 'v' of web/c is claim 'data' of namespace ns (PersistentVolume pv-of-data);"
            " worker/c mounts nothing that Pods can share",
        ),
    ],
)
def test_the_claims_are_named_if_they_differ(source, text):
    """The API server says which PersistentVolume is behind each."""
    writer, reader = container("web", volume="pv"), container("worker", source, volume="pv")

    cause = storage_causes.explain_separate_pods(writer, reader, None)

    assert (cause.kind, cause.text) == ("different volume", text)
    assert cause.blame[0] is reader


def test_without_the_permission_the_claims_are_named_alone():
    """A cause is not worth an error of its own."""
    spare = container("worker", {"persistentVolumeClaim": {"claimName": "spare"}})

    text = storage_causes.explain_separate_pods(container("web"), spare, "v").text

    assert text == (
        "volume 'v' of web/c is claim 'data' of namespace ns;"
        " volume 'v' of worker/c is claim 'spare' of namespace ns"
    )


@pytest.mark.parametrize(
    ("volume", "mounts", "kind", "text"),
    [
        ("x", None, "not mounted", "web/c mounts no volume 'x'"),
        ("v", [], "not mounted", "the Pod of worker/c has claim 'data' as volume 'v', but"
         " worker/c does not mount it"),
        ("v", [{"name": "v", "mountPath": "/v", "subPath": "in"}], "different subPath",
         "web/c mounts the root folder of volume v, but worker/c mounts folder 'in'"),
    ],
)  # fmt: skip
def test_a_missing_mount_is_named(volume, mounts, kind, text):
    """It is in the Pod of the writer or in the Pod of the reader."""
    cause = storage_causes.explain_separate_pods(
        container("web"), container("worker", mounts=mounts), volume
    )

    assert (cause.kind, cause.text) == (kind, text)


def test_a_claim_of_both_pods_is_why_a_file_is_seen():
    """On any node, and by any name of the volume; not if the claims differ."""
    writer, reader = container("web"), container("worker", node="other")
    places = [FileLocation(one, "/v/file", one.spec.mounts[0]) for one in (writer, reader)]
    spare = container("worker", {"persistentVolumeClaim": {"claimName": "spare"}})

    cause = storage_causes.find_same_storage(*places)

    assert cause.kind == "same folder"
    assert cause.text == (
        "volume 'v' of web/c and volume 'v' of worker/c are the same: claim 'data' of namespace ns"
    )
    elsewhere = dataclasses.replace(places[1], container=spare)
    assert storage_causes.find_same_storage(places[0], elsewhere) is None
