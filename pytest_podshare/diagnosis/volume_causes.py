"""Causes that lie in what a volume is: its kind, its medium, its lifetime, its updates."""

from __future__ import annotations

from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops.path_walk import PathEntry
from pytest_podshare.diagnosis import facts, lifecycle_causes, root_cause
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import VolumeMount, VolumeSpec


def gone_with_its_pod(pod: Pod, volume: str) -> Cause | None:
    """Why nothing of an earlier Pod is in a volume of this one; None where it should be."""
    found = pod.wiring.volume(volume)
    if found is None or found.lifetime is not Lifetime.POD:
        return None
    return Cause(
        "replaced",
        f"volume {volume} is {_a(found)}, which is deleted with its Pod, and this is another Pod",
        "Keep in a PersistentVolumeClaim what must outlive the Pod.",
    )


def outlives(pod: Pod, volume: str) -> Cause:
    """Why something of an earlier Pod is still in a volume of this one."""
    found = pod.wiring.volume(volume)
    lifetime = found.lifetime if found else None
    if found and lifetime is Lifetime.POD:
        text = f"volume {volume} is {_a(found)}, and should have gone with its Pod"
        return Cause("unknown", text)
    why = "which stays when its Pod goes"
    if lifetime is Lifetime.KUBELET:
        why = "which the kubelet fills for every Pod anew"
    return Cause(
        "outlives its Pod",
        f"volume {volume} is of kind {_kind(pod, volume)}, {why}",
        "Use an emptyDir for what must go with the Pod.",
    )


def same_folder(pod: Pod, writer: FileLocation, reader: FileLocation) -> Cause:
    """Why a container sees what it should not."""
    told = facts.gather(pod, writer, reader)
    mine, theirs = (view.entry for view in (told.views[0], told.views[-1]))
    if mine is None or theirs is None or mine.device != theirs.device:
        return root_cause.first(Symptom(pod.wiring, told, None))
    mounts = reader.container.spec.mounts
    mount = next((each for each in mounts if each.path == theirs.path), None)
    return Cause(
        "same folder",
        f"{theirs.path} of {reader.container} and {mine.path} of {writer.container} are"
        f" {'one folder' if mine.source == theirs.source else 'folders one in the other'},"
        " by their tables of mounts",
        "Give one of them another volume or subPath.",
        (reader.container, mount) if mount else None,
    )


def writable(container: Container, mount: VolumeMount, live: object) -> Cause:
    """Why a container may write where it should not."""
    how = "says readOnly" if mount.read_only else "does not say readOnly"
    return Cause(
        "not read-only",
        f"the volumeMount of {mount.volume} at {mount.path} in {container} {how}; live: {live}",
        "" if mount.read_only else f"Add readOnly: true to this mount of {container}.",
        (container, mount),
    )


def permissions(pod: Pod, place: FileLocation) -> Cause:
    """Why a file has another owner or mode: what is there, and what the Pod says of owners."""
    (view,) = facts.gather(pod, place).views
    entry: PathEntry | None = view.file
    if entry is None:
        case = Symptom(pod.wiring, facts.Facts("", "", (view,)), None, written=False)
        return root_cause.nothing_there(case) or root_cause.first(case)
    group = pod.wiring.fs_group
    says = "the Pod has no fsGroup" if group is None else f"the Pod's fsGroup is {group}"
    who = f", {place.container} is {view.user}" if view.user else ""
    return Cause("other permissions", f"{entry}; {says}{who}", _OWNERS)


_OWNERS = "See fsGroup, defaultMode, and the user and umask of who makes it."


def medium(pod: Pod, container: Container, mount: VolumeMount) -> Cause:
    """Why a volume is made of something else."""
    return Cause(
        "another medium",
        f"by the spec volume {mount.volume} is {_made_of(pod, mount.volume)}",
        "Give the volume the emptyDir.medium (Memory for a tmpfs) and sizeLimit that it should"
        " have.",
        (container, mount),
    )


def _made_of(pod: Pod, name: str) -> str:
    volume = pod.wiring.volume(name)
    if volume is None or volume.kind != "emptyDir":
        return f"of kind {_kind(pod, name)}"
    where = "in memory" if volume.medium == "Memory" else "on the node's disk, without a medium"
    limit = f"with sizeLimit {volume.size_limit}" if volume.size_limit else "without a sizeLimit"
    return f"an emptyDir {where}, {limit}"


def not_limited(pod: Pod, container: Container, mount: VolumeMount, refusal: object) -> Cause:
    """Why more than its limit stays in a volume."""
    told = facts.gather(pod, FileLocation(container, mount.path, mount))
    if refusal is not None:
        return root_cause.first(Symptom(pod.wiring, told, refusal, writing=True))
    entry, volume = told.views[0].entry, pod.wiring.volume(mount.volume)
    limit = volume.size_limit if volume else ""
    if entry is None or entry.size is None:
        return Cause(
            "not limited",
            f"sizeLimit is {limit}, and the kubelet has not evicted the Pod",
            "See whether something removes the files before the kubelet looks, and how often it"
            " does (volumeStatsAggPeriod).",
        )
    return Cause(
        "not limited",
        f"sizeLimit is {limit}, and the tmpfs at {entry.path} takes "
        f"{quantity.format_bytes(entry.size)}",
        f"See what has remounted it: {container} itself, if it is privileged.",
    )


def log(pod: Pod, container: Container) -> Cause:
    """Why a log does not show something."""
    told = facts.gather(pod, FileLocation(container, "/", None))
    trouble = lifecycle_causes.trouble(Symptom(pod.wiring, told, None))
    return trouble or Cause(
        "never written",
        f"{container} is {told.views[0].state}, and has not printed it",
        "See what it prints, and from which file of which mount it takes that.",
    )


def update(location: FileLocation, seconds: float) -> Cause:
    """Why a change of a ConfigMap, a Secret or the Pod's metadata does not arrive."""
    container, mount = location.container, location.mount
    if mount is not None and mount.sub_path:
        return Cause(
            "never updates",
            f"{container} mounts volume {mount.volume} by subPath {mount.sub_path}, and such a"
            " mount keeps what it had when the container started",
            "Mount the whole volume and read the file in it, or restart the container after each"
            " change.",
            (container, mount),
        )
    return Cause(
        "unknown",
        f"{container} mounts the whole of volume {location.volume}, which the kubelet updates at"
        f" its next look (syncFrequency, 1 min by default); {seconds:g} s were not enough",
        "Raise --podshare-update-timeout.",
    )


def updated(container: Container, mount: VolumeMount) -> Cause:
    """Why a change arrives where it should not, or nothing was ever there."""
    if mount.sub_path:
        return Cause("unknown", f"{container} mounts volume {mount.volume} by subPath")
    return Cause(
        "no subPath",
        f"{container} mounts the whole of volume {mount.volume}, which the kubelet updates",
        "Mount by subPath what must not change while the container runs.",
        (container, mount),
    )


def _a(volume: VolumeSpec) -> str:
    """`an emptyDir`, `a csi`."""
    return f"{'an' if volume.kind[0] in 'aeiou' else 'a'} {volume.kind}"


def _kind(pod: Pod, volume: str) -> str:
    found = pod.wiring.volume(volume)
    return found.kind if found else "unknown"
