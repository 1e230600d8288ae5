"""Causes in the volume itself: its kind, its medium, its lifetime, its updates."""

from __future__ import annotations

from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops.posix_shell import Refused
from pytest_podshare.diagnosis import facts, lifecycle_causes, root_cause, storage_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.kube.evictions import Eviction
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import VolumeMount


def find_gone_with_pod(pod: Pod, volume: str) -> Cause | None:
    """Find out whether a volume was deleted together with an earlier Pod."""
    spec = pod.wiring.volume(volume)
    if spec is None or spec.lifetime is not Lifetime.POD:
        return None
    return Cause(
        "replaced",
        f"volume {volume} is {_describe_kind(pod, volume)}, which is deleted with its Pod, and this"
        " is another Pod",
        "Use a PersistentVolumeClaim for data that must outlive the Pod.",
    )


def explain_outliving(pod: Pod, volume: str) -> Cause:
    """Explain why a file of an earlier Pod is still in a volume."""
    spec = pod.wiring.volume(volume)
    lifetime = spec.lifetime if spec else None
    is_kind = f"volume {volume} is {_describe_kind(pod, volume)}"
    if lifetime is Lifetime.POD:
        return Cause("unknown", f"{is_kind}, which should have been deleted with its Pod")
    why = "which is not deleted with its Pod"
    if lifetime is Lifetime.KUBELET:
        why = "which the kubelet fills again for every Pod"
    return Cause(
        "outlives its Pod",
        f"{is_kind}, {why}",
        "Use an emptyDir for data that must be deleted with the Pod.",
    )


def explain_shared_folder(pod: Pod, writer: FileLocation, reader: FileLocation) -> Cause:
    """Explain why a container sees a file that it should not see."""
    live = facts.gather(pod, writer, reader)
    source, target = (view.live_mount for view in (live.views[0], live.views[-1]))
    if (cause := storage_causes.find_same_storage(writer, reader)) is not None:
        return cause
    if source is None or target is None or source.device != target.device:
        return root_cause.find_cause(Symptom(pod.wiring, live, None))
    mounts = reader.container.spec.mounts
    mount = next((mount for mount in mounts if mount.folder == target.path), None)
    relation = "the same folder" if source.source == target.source else "nested folders"
    return Cause(
        "same folder",
        f"{target.path} in {reader.container} and {source.path} in {writer.container} are"
        f" {relation}, according to the mount tables",
        "Use a different volume or subPath for one of them.",
        (reader.container, mount) if mount else None,
    )


def explain_device(writer: FileLocation, reader: FileLocation, seen: object) -> Cause:
    """Explain why a block device cannot be used, or has other content than in another container."""
    container, volume = reader.container, reader.volume
    if isinstance(seen, bytes):
        return Cause(
            "different volume",
            f"{reader} and {writer} are two devices, although both containers list volume {volume}",
            f"Find out what replaces the device node in {container}.",
            reader.blame,
        )
    kind = "permission denied" if seen == Refused("Permission denied") else "unknown"
    return Cause(
        kind,
        f"{container} cannot use {reader.path} as the device of volume {volume}: {seen}",
        "Check the container's user, the mode of the device, and whether something replaces it.",
        reader.blame,
    )


def explain_writable(container: Container, mount: VolumeMount, live: str) -> Cause:
    """Explain why a container can write where it should not."""
    sets = "sets readOnly" if mount.read_only else "does not set readOnly"
    return Cause(
        "not read-only",
        f"the volumeMount of {mount.volume} at {mount.path} in {container} {sets}; live mount:"
        f" {live}",
        "" if mount.read_only else f"Add readOnly: true to this mount of {container}.",
        (container, mount),
    )


def explain_permissions(pod: Pod, location: FileLocation) -> Cause:
    """Explain why a file has another owner or mode, with what the Pod sets for both."""
    (view,) = facts.gather(pod, location).views
    if view.file is None:
        symptom = Symptom(pod.wiring, facts.Facts("", "", (view,)), None, existed=False)
        return root_cause.find_missing_file(symptom) or root_cause.find_cause(symptom)
    group = pod.wiring.fs_group
    fs_group = "the Pod has no fsGroup" if group is None else f"the Pod's fsGroup is {group}"
    user = f"; {location.container} runs as {view.user}" if view.user else ""
    return Cause(
        "different permissions",
        f"{view.file}; {fs_group}{user}",
        "Check fsGroup, defaultMode, and the user and umask of the process that creates it.",
    )


def explain_medium(pod: Pod, container: Container, mount: VolumeMount) -> Cause:
    """Explain why a volume is on another medium, or has another size."""
    volume = pod.wiring.volume(mount.volume)
    kind = _describe_kind(pod, mount.volume)
    if volume is not None and volume.kind == "emptyDir":
        medium = "in memory" if volume.medium == "Memory" else "on the node's disk (no medium set)"
        limit = f"sizeLimit {volume.size_limit}" if volume.size_limit else "no sizeLimit"
        kind = f"{kind} {medium} with {limit}"
    return Cause(
        "different medium",
        f"the spec declares volume {mount.volume} as {kind}",
        "Set the volume's emptyDir.medium (Memory for a tmpfs) and sizeLimit as the test expects.",
        (container, mount),
    )


def explain_missing_limit(
    pod: Pod, container: Container, mount: VolumeMount, refusal: object
) -> Cause:
    """Explain why a volume holds more than its limit, or why the test could not fill it."""
    live = facts.gather(pod, FileLocation(container, mount.path, mount))
    symptom = Symptom(pod.wiring, live, refusal, is_write=True)
    if refusal is not None:
        return root_cause.find_cause(symptom)
    if (stopped := lifecycle_causes.find_stopped(symptom)) is not None:
        return stopped
    entry, volume = live.views[0].live_mount, pod.wiring.volume(mount.volume)
    limit = f"sizeLimit is {volume.size_limit if volume else ''}"
    if entry is None or entry.size is None:
        return Cause(
            "not limited",
            f"{limit}, but the kubelet has not evicted the Pod",
            "Check whether something deletes the files before the kubelet measures the volume, and"
            " how often the kubelet does so (volumeStatsAggPeriod).",
        )
    return Cause(
        "not limited",
        f"{limit}, but the tmpfs at {entry.path} has {quantity.format_bytes(entry.size)}",
        f"Find out what remounted it: {container} itself can do so if it is privileged.",
    )


def explain_other_limit(eviction: Eviction, volume: str, size: str) -> Cause:
    """Explain why a Pod was evicted by another limit than the sizeLimit of that volume."""
    remedy = eviction.remedy
    if eviction.limited == "pod":
        remedy = (
            "Raise the ephemeral-storage limits of the containers: their sum must exceed the"
            f" sizeLimit of {volume} ({size}) and what the Pod writes elsewhere. Or lower the"
            " sizeLimit."
        )
    return Cause("other limit", f"the kubelet evicted the Pod because {eviction.why}", remedy)


def explain_missing_log_line(pod: Pod, container: Container) -> Cause:
    """Explain why a log does not show something."""
    live = facts.gather(pod, FileLocation(container, "/", None))
    return lifecycle_causes.find_lifecycle_cause(Symptom(pod.wiring, live, None)) or Cause(
        "never written",
        f"{container} has not printed the line; its state: {live.views[0].description}",
        "Check what the container prints, and from which mounted file.",
    )


def explain_missing_update(location: FileLocation, seconds: float) -> Cause:
    """Explain why a change of a ConfigMap, a Secret or the Pod's metadata does not arrive."""
    container, mount = location.container, location.mount
    if mount is not None and mount.sub_path:
        return Cause(
            "never updates",
            f"{container} mounts volume {mount.volume} with subPath {mount.sub_path}, and a subPath"
            " mount keeps the content it had when the container started",
            "Mount the whole volume and read the file in it, or restart the container after each"
            " change.",
            (container, mount),
        )
    return Cause(
        "unknown",
        f"{container} mounts the whole volume {location.volume}, which the kubelet updates at its"
        f" next sync (syncFrequency, 1 min by default); it has not done so within {seconds:g} s",
        "Raise --podshare-update-timeout.",
    )


def explain_unwanted_update(location: FileLocation) -> Cause:
    """Explain why a change arrives where it should not, or where nothing existed before."""
    container, volume = location.container, location.volume
    if location.mount is not None and location.mount.sub_path:
        return Cause("unknown", f"{container} mounts volume {volume} with a subPath")
    return Cause(
        "no subPath",
        f"{container} mounts the whole volume {volume}, which the kubelet updates",
        "Use a subPath mount for what must not change while the container runs.",
        location.blame,
    )


def _describe_kind(pod: Pod, volume: str) -> str:
    spec = pod.wiring.volume(volume)
    return storage_causes.describe_kind(spec) if spec else "of unknown kind"
