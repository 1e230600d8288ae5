"""What a volume is made of, and how much goes into it."""

from __future__ import annotations

import time
from typing import Any

from pytest_podshare import errors
from pytest_podshare.assertions import sentinel
from pytest_podshare.assertions.recording import promise_broken, recorded
from pytest_podshare.containers.fileops import mountinfo, operations
from pytest_podshare.deadline import Deadline
from pytest_podshare.diagnosis import volume_causes
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
    """Prove what a volume is made of, by the container's own table of mounts.

    Kubernetes promises a tmpfs of `medium: Memory`, as large as its sizeLimit, and the node's
    file system of an emptyDir without a medium (documentation of emptyDir).

    Args:
        pod: the Pod.
        container: a container that mounts it.
        volume: the volume.
        medium: `Memory` for a tmpfs, `Disk` for anything else, or the name of a file system.
        size: with `Memory`, the size that it must have, for example `10Mi`.

    Returns:
        Evidence, with the file system's type and size.

    Raises:
        AssertionError: it is made of something else, or of another size.
        NoSharedVolume: the container does not mount it.
    """
    begun = time.monotonic()
    mount = sentinel.mounts_of(pod, container, volume)[0]
    entry = mountinfo.find_mount(pod[container], mount.path)
    if entry is None:
        fits = False
    elif medium == "Disk":
        fits = entry.fs_type != "tmpfs"
    else:
        fits = entry.fs_type == ("tmpfs" if medium == "Memory" else medium)
    if size is not None:
        fits = fits and entry is not None and entry.size == quantity.parse_int(size)
    if not fits:
        raise promise_broken(
            pod,
            f"volume {volume!r} is not of the medium that {container!r} should have",
            expected=f"{medium}{'' if size is None else f' of {size}'}",
            got=str(entry or f"nothing mounted at {mount.path}"),
            where=f"{container} has {mount}",
            volume=volume,
            containers=[container],
            cause=volume_causes.explain_medium(pod, container, mount),
        )
    claim = f"{volume} is of medium {medium} for {container}"
    return pod.record(
        claim,
        method="mountinfo of the container",
        begun=begun,
        events=[entry],
        containers=[container],
    )


@recorded
def assert_size_limited(
    pod: Pod, *, container: str, volume: str, timeout: float | None = None
) -> Evidence:
    """Prove that no more than its sizeLimit stays in an emptyDir.

    Half of the limit is written, which must succeed: the control. Then more than the limit is: in
    memory the writer must be refused (`No space left on device`) and the Pod goes on; on disk the
    write succeeds, and the kubelet must evict the Pod, naming this volume and its limit. After an
    eviction the Pod that comes in its place is what the handle means.

    Kubernetes promises it: size of the tmpfs in memory; eviction on disk (documentation of
    emptyDir, and of local ephemeral storage).

    Args:
        pod: the Pod.
        container: the container that writes.
        volume: an emptyDir with a sizeLimit.
        timeout: seconds for the eviction; None for --podshare-evict-timeout. The kubelet looks
            every 10 s, at figures that are up to `volumeStatsAggPeriod` old (60 s by default, 10 s
            on the plugin's own clusters).

    Returns:
        Evidence, with the refusal or the eviction's message.

    Raises:
        AssertionError: more than the limit stays.
        ControlMissing: not even half of it can be written.
        NoSharedVolume: the container does not mount it, or it has no limit.
    """
    begun = time.monotonic()
    mount = sentinel.mounts_of(pod, container, volume)[0]
    limit, in_memory = _limit(pod, volume)
    patience = pod.live.timeouts.or_given("evict", timeout)
    path = f"{mount.path}/{sentinel.new_name()}"
    refused = operations.write_zeros(pod[container], path, limit // 2)
    if refused is not None:
        raise errors.ControlMissing(
            f"{container} of {pod} cannot write half of the limit to {volume}: {refused}",
            "Empty the volume first, and see whether it may be written to.",
        )
    refused = operations.write_zeros(pod[container], path, limit + _MEBI)
    if in_memory:
        operations.remove(pod[container], path)
        proof, seen = f"{container} was refused: {refused}", str(refused or "all of it written")
        held = refused is not None and refused.message == _ENOSPC
        expected = _ENOSPC
    else:
        expected = f'eviction: Usage of EmptyDir volume "{volume}" exceeds the limit'
        seen = proof = _eviction(pod, Deadline(patience)) if refused is None else str(refused)
        held = f'Usage of EmptyDir volume "{volume}" exceeds the limit' in seen
    if not held:
        raise promise_broken(
            pod,
            f"volume {volume!r} takes more than its limit of {quantity.format_bytes(limit)}",
            expected=expected,
            got=seen,
            where=f"{container}:{path}  {quantity.format_bytes(limit + _MEBI)}",
            volume=volume,
            containers=[container],
            cause=volume_causes.explain_missing_limit(pod, container, mount, refused),
        )
    if not in_memory:
        replacement.delete(pod, Deadline(patience))
    return pod.record(
        f"{volume} holds no more than {quantity.format_bytes(limit)}",
        method=f"filled by {container}",
        begun=begun,
        events=[f"half of it was written by {container}", proof],
        containers=[container],
    )


def _eviction(pod: Pod, deadline: Deadline) -> str:
    """Wait for the kubelet to evict the Pod; gives its words, or what was seen instead."""

    def evicted(seen: Object | None) -> bool:
        return seen is None or seen["status"].get("reason") == "Evicted"

    seen = pod.live.watch.wait_for(pod.name, evicted, deadline)
    if seen is None or not evicted(seen):
        return f"no eviction within {deadline.seconds:g} s: {pod_status.summary(seen)}"
    return f"Evicted: {str(seen['status'].get('message', '')).strip()}"


def _limit(pod: Pod, volume: str) -> tuple[int, bool]:
    """The sizeLimit in bytes, and whether the volume is in memory."""
    entry: dict[str, Any] = next(each for each in pod.spec["volumes"] if each["name"] == volume)
    source = entry.get("emptyDir") or {}
    if "sizeLimit" not in source:
        raise errors.NoSharedVolume(
            f"Volume {volume!r} of {pod} is no emptyDir with a sizeLimit.",
            "Give it one under emptyDir.sizeLimit.",
        )
    return quantity.parse_int(source["sizeLimit"]), source.get("medium") == "Memory"
