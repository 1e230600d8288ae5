"""Who else may write to a folder, and whether its times are those of the node's clock."""

from __future__ import annotations

from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import mountinfo
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.kube.client import pod_path
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import VolumeSpec
from pytest_podshare.wiring.pod_spec import read_wiring
from pytest_podshare.wiring.shared_mounts import find_shared_mount

# what proves the wiring where the application's own files cannot
SKELETON = "Prove the wiring alone with --podshare-manifests and --podshare-skeleton."
# the kinds whose controller replaces a Pod before it is gone
_OVERLAPPING = ("Deployment", "ReplicaSet", "ReplicationController")
NAME_FILE = f"Name a file with path=, or {SKELETON[0].lower()}{SKELETON[1:]}"
# file systems whose times are set by the clock of the node itself
_LOCAL = ("ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "f2fs", "ramfs")


def list_containers(
    pod: Pod, writer: Container, reader: Container, volume: VolumeSpec
) -> list[str]:
    """Return the other containers that can write to the folder that the reader sees."""
    names = []
    for spec in pod.wiring.containers:
        # the reader shares the folder with itself
        shared = find_shared_mount(pod.wiring, spec.name, reader.name, volume.name)
        if spec.name != writer.name and shared and not shared.from_mount.read_only:
            names.append(spec.name)
    return names


def list_outsiders(pod: Pod, volume: VolumeSpec) -> list[str]:
    """Return who else may write to the volume, outside of the Pod."""
    if volume.lifetime is Lifetime.NODE:
        return [f"a process of node {pod.node}"]
    if volume.lifetime is Lifetime.STORAGE and not volume.is_claim:
        return [f"another client of the {volume.kind} volume"]
    if not volume.source or not volume.is_claim:
        return []
    # its controller created this one while the other may still have been terminating
    overlaps = pod.was_replaced and pod.manifest.subject["kind"] in _OVERLAPPING
    names = ["the Pod before this one"] if overlaps else []
    for other in pod.api.get(pod_path(pod.namespace))["items"]:
        volumes = read_wiring(other["spec"]).volumes
        claims = [spec.source for spec in volumes if spec.kind == "persistentVolumeClaim"]
        if other["metadata"]["uid"] != pod.uid and volume.source in claims:
            names.append(f"Pod {other['metadata']['name']}")
    return names


def check_clock(reader: Container, location: FileLocation) -> None:
    """Check that the times of a folder are those of the node's clock, not of a server's."""
    entry = mountinfo.find_covering(mountinfo.read_mounts(reader), location.path)
    if entry is not None and entry.fs_type not in _LOCAL:
        raise errors.Unprovable(
            f"Cannot tell when files of volume {location.volume!r} changed: it is {entry.fs_type},"
            " whose times may be of another clock than the node's.",
            SKELETON,
            cause="several writers",
        )
