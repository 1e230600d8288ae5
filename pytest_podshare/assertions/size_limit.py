"""Proof of how much a volume can hold: its sizeLimit, in memory or on disk."""

from __future__ import annotations

import dataclasses
import time

from pytest_podshare import errors
from pytest_podshare.assertions.failure import promise_broken
from pytest_podshare.assertions.mount_selection import mounts_of, new_location
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.fileops import operations
from pytest_podshare.containers.fileops.posix_shell import Refused
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.kube import evictions, pod_status
from pytest_podshare.kube.evictions import Eviction
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods import replacement
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.storage_limit import find_storage_limit

_ENOSPC = "No space left on device"
_MEBI = 2**20
# bytes that the folders of a volume may use
_MARGIN = 2**16
# seconds until the API server has the Event of an eviction that has ended the Pod already: the
# kubelet records it first, but sends it in the background
_EVENT_DELAY = 5.0
# errors of a command in a container that the kubelet ends
_LOST = (errors.SessionLost, errors.PodGone, errors.ContainerCrashing, errors.ContainerEnded)
# answers to the deletion of a Pod that its controller has deleted or replaced
_NOT_FOUND, _CONFLICT = 404, 409


@dataclasses.dataclass
class _Filling:
    """A volume to be filled beyond its limit, and the size of its file; sizes are in bytes."""

    pod: Pod
    location: FileLocation
    limit: int
    written: int = 0

    @property
    def size(self) -> str:
        """Return the limit as a quantity."""
        return quantity.format_bytes(self.limit)

    def write(self, size: int) -> Refused | None:
        """Write a file of that size in bytes; return the refusal, if it is refused."""
        self.written = size
        return operations.write_zeros(self.location.container, self.location.path, size)

    def write_half(self) -> None:
        """Write half of the limit: the control."""
        if (refused := self.write(self.limit // 2)) is not None:
            container, volume = self.location.container, self.location.volume
            raise errors.ControlMissing(
                f"{container} of {self.pod} cannot write half of the limit to {volume}: {refused}",
                "Empty the volume first, and check that the container can write to it.",
            )


@recorded
def assert_size_limited(
    pod: Pod, *, container: str, volume: str, timeout: float | None = None
) -> Evidence:
    """Prove that an emptyDir cannot hold more than its sizeLimit.

    Write half of the limit, which must succeed: the control. Then write 1 MiB more than the limit.
    In memory, the write must be refused (`No space left on device`), and the Pod keeps running. On
    disk, the write succeeds, and the kubelet must evict the Pod because of this volume and its
    limit; the handle then refers to the Pod that replaces it. An eviction by another limit, for
    example an ephemeral-storage limit below the sizeLimit, is a failure.

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
        AssertionError: the volume holds more than its limit, or another limit evicts the Pod.
        ControlMissing: not even half of the limit can be written.
        NoSharedVolume: the container does not mount the volume, or it has no sizeLimit.
        UnknownContainer: the Pod has no such container.
        ExecError: a command could not be run; nothing was learned.
        ApiError: the Pod has ended, and the API server does not return its Events.
        PodError: the replacement of the evicted Pod does not become ready.
    """
    handle = pod[container]
    start = time.monotonic()
    mount = mounts_of(handle, volume)[0]
    limit, in_memory = _find_limit(pod, volume)
    filling = _Filling(pod, new_location(handle, mount), limit)
    if in_memory:
        proof = _fill_memory(filling)
    else:
        deadline = pod.live.deadline("evict", timeout)
        # the eviction is what the assertion waits for
        with pod.own_change():
            proof = f"Evicted: {_fill_disk(filling, deadline).message}"
            _follow_replacement(pod, deadline.seconds)
    claim = f"{volume} holds no more than {filling.size}"
    method, events = f"filled by {container}", [f"{container} wrote half of it", proof]
    return pod.create_evidence(claim, method, start=start, events=events, containers=[handle])


def _fill_memory(filling: _Filling) -> str:
    """Write more than the limit to a tmpfs, and return the proof that it was refused."""
    filling.write_half()
    refused = filling.write(filling.limit + _MEBI)
    operations.remove(filling.location.container, filling.location.path)
    if refused is None or refused.message != _ENOSPC:
        got = str(refused or "all of it written")
        raise _broken(filling, expected=_ENOSPC, got=got, cause=_explain(filling, refused))
    return f"the write of {filling.location.container} was refused: {refused}"


def _fill_disk(filling: _Filling, deadline: Deadline) -> Eviction:
    """Write more than the limit to the node's disk, and return the eviction that it causes."""
    volume = filling.location.volume
    expected = f'eviction: Usage of EmptyDir volume "{volume}" exceeds the limit'
    try:
        filling.write_half()
        eviction = _exceed_storage_limit(filling, deadline)
        refused = None if eviction else filling.write(filling.limit + _MEBI)
    except _LOST:
        # the kubelet has evicted the Pod by a lower limit before all is written
        eviction, _ = _wait_for_eviction(filling.pod, Deadline(_EVENT_DELAY))
        if eviction is None:
            raise
        refused = None
    if refused is not None:
        cause = _explain(filling, refused)
        raise _broken(filling, expected=expected, got=str(refused), cause=cause)
    if eviction is None:
        eviction, state = _wait_for_eviction(filling.pod, Deadline(deadline.seconds))
    if eviction is None:
        got = f"no eviction within {deadline.seconds:g} s: {state}"
        raise _broken(filling, expected=expected, got=got, cause=_explain(filling, None))
    if (eviction.limited, eviction.name) != ("volume", volume):
        cause = volume_causes.explain_other_limit(eviction, volume, filling.size)
        got = f"Evicted: {eviction.message}"
        headline = f"volume {volume!r} cannot be filled up to its limit of {filling.size}"
        raise _broken(filling, headline, expected=expected, got=got, cause=cause)
    return eviction


def _exceed_storage_limit(filling: _Filling, deadline: Deadline) -> Eviction | None:
    """Exceed the Pod's ephemeral-storage limit, if it is below the sizeLimit of the volume.

    Where both limits are exceeded, the kubelet names the volume's (`localStorageEviction`).

    Returns:
        The eviction; None if there is no such limit, or if it has no effect.
    """
    storage_limit = find_storage_limit(filling.pod.wiring)
    if not storage_limit or storage_limit + _MARGIN >= filling.limit:
        return None
    filling.write(min(round(storage_limit) + _MEBI, filling.limit - _MARGIN))
    return _wait_for_eviction(filling.pod, deadline)[0]


def _explain(filling: _Filling, refused: Refused | None) -> Cause:
    location = filling.location
    assert location.mount is not None, "the file is in a volume"
    return volume_causes.explain_missing_limit(
        filling.pod, location.container, location.mount, refused
    )


def _broken(
    filling: _Filling, headline: str = "", *, expected: str, got: str, cause: Cause
) -> errors.PromiseBroken:
    location = filling.location
    headline = headline or f"volume {location.volume!r} holds more than its limit of {filling.size}"
    where = f"{location}  {quantity.format_bytes(filling.written)}"
    return promise_broken(
        filling.pod, headline, location, expected=expected, got=got, where=where, cause=cause
    )


def _wait_for_eviction(pod: Pod, deadline: Deadline) -> tuple[Eviction | None, str]:
    """Return the kubelet's eviction of the Pod, and the Pod's last state."""
    uid = pod.uid

    def is_over(live: Object | None) -> bool:
        return live is None or live["metadata"]["uid"] != uid or pod_status.is_over(live)

    live = pod.live.watch.wait_for(pod.name, is_over, deadline)
    eviction = evictions.read_status(live) if live and live["metadata"]["uid"] == uid else None
    # a Pod whose containers handle SIGTERM ends without a reason, and one may have been replaced
    found = eviction or poll(
        lambda: evictions.find_event(pod.api, pod.namespace, uid),
        until=lambda found: found is not None,
        deadline=Deadline(_EVENT_DELAY if is_over(live) else 0),
        first=0.1,
    )
    return found, pod_status.summarize(live)


def _follow_replacement(pod: Pod, seconds: float) -> None:
    """Delete the evicted Pod, and let the handle refer to the Pod that replaces it."""
    try:
        replacement.delete(pod, seconds)
    except errors.ApiError as error:
        if error.status not in (_NOT_FOUND, _CONFLICT):
            raise
        # a StatefulSet or a DaemonSet deletes it itself
        pod.follow_replacement()


def _find_limit(pod: Pod, volume: str) -> tuple[int, bool]:
    """Return the sizeLimit of an emptyDir in bytes, and whether it is in memory."""
    spec = pod.wiring.volume(volume)
    if spec is None or not spec.size_limit:
        raise errors.NoSharedVolume(
            f"Volume {volume!r} of {pod} is not an emptyDir with a sizeLimit.",
            "Set the volume's emptyDir.sizeLimit.",
        )
    return quantity.parse_int(spec.size_limit), spec.medium == "Memory"
