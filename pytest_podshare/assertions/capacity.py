"""Proofs of which medium a volume is on, and of how much it can hold."""

from __future__ import annotations

import contextlib
import time

from pytest_podshare import errors
from pytest_podshare.assertions.failure import promise_broken
from pytest_podshare.assertions.mount_selection import mounts_of, new_location
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.fileops import mountinfo, operations
from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.deadline import Deadline
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods import replacement
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import quantity

_ENOSPC = "No space left on device"
_MEBI = 2**20


@recorded
def assert_medium(
    pod: Pod, *, container: str, volume: str, medium: str, size: str | None = None
) -> Evidence:
    """Prove which medium a volume is on, by the container's own mount table.

    Kubernetes promises a tmpfs for `medium: Memory`, as large as its sizeLimit, and the node's file
    system for an emptyDir without a medium (documentation: Volumes, emptyDir).

    Args:
        pod: the Pod.
        container: name of a container that mounts the volume.
        volume: name of the volume.
        medium: `Memory` for a tmpfs, `Disk` for anything else, or the name of a file system.
        size: expected size of the tmpfs, as a Kubernetes quantity (`10Mi`); None for any.

    Returns:
        Evidence, with the type and size of the file system.

    Raises:
        AssertionError: the volume is on another medium, or has another size.
        NoSharedVolume: the container does not mount the volume.
        UnknownContainer: the Pod has no such container.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    mount = mounts_of(handle, volume)[0]
    entry = mountinfo.find_mount(handle, mount.folder)
    if entry is None or not _is_on(entry, medium, size):
        headline = f"volume {volume!r} is not on the expected medium in {container!r}"
        location = FileLocation(handle, mount.path, mount)
        expected = medium + ("" if size is None else f" of {size}")
        got = entry or f"nothing mounted at {mount.path}"
        cause = volume_causes.explain_medium(pod, handle, mount)
        raise promise_broken(pod, headline, location, expected=expected, got=got, cause=cause)
    claim, method = f"{volume} is on medium {medium} in {container}", "mountinfo of the container"
    return pod.record(claim, method, start=start, events=[entry], containers=[handle])


@recorded
def assert_size_limited(
    pod: Pod, *, container: str, volume: str, timeout: float | None = None
) -> Evidence:
    """Prove that an emptyDir cannot hold more than its sizeLimit.

    Write half of the limit, which must succeed: the control. Then write 1 MiB more than the limit.
    In memory, the write must be refused (`No space left on device`), and the Pod keeps running. On
    disk, the write succeeds, and the kubelet must evict the Pod because of this volume and its
    limit; the handle then refers to the Pod that replaces it.

    Kubernetes promises a tmpfs of that size in memory, and an eviction on disk (documentation:
    Volumes, emptyDir; Local ephemeral storage).

    Args:
        pod: the Pod.
        container: name of the container that writes.
        volume: name of an emptyDir with a sizeLimit.
        timeout: seconds until the eviction; None for --podshare-evict-timeout. The kubelet checks
            every 10 s, on figures that are up to `volumeStatsAggPeriod` old (60 s by default, 10 s
            on the plugin's own clusters).

    Returns:
        Evidence, with the refusal, or with the eviction's message.

    Raises:
        AssertionError: the volume holds more than its limit.
        ControlMissing: not even half of the limit can be written.
        NoSharedVolume: the container does not mount the volume, or it has no sizeLimit.
        UnknownContainer: the Pod has no such container.
        ExecError: a command could not be run; nothing was learned.
        PodError: the replacement of the evicted Pod does not become ready.
    """
    handle = pod[container]
    start = time.monotonic()
    mount = mounts_of(handle, volume)[0]
    limit, in_memory = _find_limit(pod, volume)
    seconds = pod.live.timeouts.resolve("evict", timeout)
    location = new_location(handle, mount)
    refused = operations.write_zeros(handle, location.path, limit // 2)
    if refused is not None:
        raise errors.ControlMissing(
            f"{container} of {pod} cannot write half of the limit to {volume}: {refused}",
            "Empty the volume first, and check that the container can write to it.",
        )
    # the eviction is what the assertion waits for
    with contextlib.nullcontext() if in_memory else pod.own_change():
        refused = operations.write_zeros(handle, location.path, limit + _MEBI)
        if in_memory:
            operations.remove(handle, location.path)
            expected = _ENOSPC
            seen, proof = (
                str(refused or "all of it written"),
                f"the write of {container} was refused: {refused}",
            )
            is_limited = refused is not None and refused.message == _ENOSPC
        else:
            exceeded = f'Usage of EmptyDir volume "{volume}" exceeds the limit'
            expected = f"eviction: {exceeded}"
            seen = proof = str(refused) if refused else _wait_for_eviction(pod, Deadline(seconds))
            is_limited = exceeded in seen
        if not is_limited:
            size = quantity.format_bytes(limit)
            headline = f"volume {volume!r} holds more than its limit of {size}"
            where = f"{location}  {quantity.format_bytes(limit + _MEBI)}"
            cause = volume_causes.explain_missing_limit(pod, handle, mount, refused)
            raise promise_broken(
                pod, headline, location, expected=expected, got=seen, where=where, cause=cause
            )
        if not in_memory:
            replacement.delete(pod, seconds)
    claim = f"{volume} holds no more than {quantity.format_bytes(limit)}"
    method, events = f"filled by {container}", [f"{container} wrote half of it", proof]
    return pod.record(claim, method, start=start, events=events, containers=[handle])


def _is_on(entry: MountEntry, medium: str, size: str | None) -> bool:
    if size is not None and entry.size != quantity.parse_int(size):
        return False
    if medium == "Disk":
        return entry.fs_type != "tmpfs"
    return entry.fs_type == ("tmpfs" if medium == "Memory" else medium)


def _wait_for_eviction(pod: Pod, deadline: Deadline) -> str:
    """Return the kubelet's message when it has evicted the Pod, or what was seen instead."""

    def is_evicted(live: Object | None) -> bool:
        return live is None or live["status"].get("reason") == "Evicted"

    live = pod.live.watch.wait_for(pod.name, is_evicted, deadline)
    if live is None or not is_evicted(live):
        return f"no eviction within {deadline.seconds:g} s: {pod_status.summarize(live)}"
    return f"Evicted: {str(live['status'].get('message', '')).strip()}"


def _find_limit(pod: Pod, volume: str) -> tuple[int, bool]:
    """Return the sizeLimit of an emptyDir in bytes, and whether it is in memory."""
    spec = pod.wiring.volume(volume)
    if spec is None or not spec.size_limit:
        raise errors.NoSharedVolume(
            f"Volume {volume!r} of {pod} is not an emptyDir with a sizeLimit.",
            "Set the volume's emptyDir.sizeLimit.",
        )
    return quantity.parse_int(spec.size_limit), spec.medium == "Memory"
