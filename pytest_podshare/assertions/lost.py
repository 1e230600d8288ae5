"""What must be gone afterwards: an emptyDir dies with its Pod."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_podshare import errors
from pytest_podshare.assertions import sentinel
from pytest_podshare.assertions.recording import promise_broken, recorded
from pytest_podshare.containers.fileops import posix_shell
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.pods import replacement
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.lifetime import Lifetime


@recorded
def assert_lost_on_delete(
    pod: Pod,
    *,
    volume: str | None = None,
    container: str | None = None,
    path: str | None = None,
    timeout: float | None = None,
) -> Evidence:
    """Prove that what is in the Pod's passing volumes is gone in the Pod that comes after it.

    It is written, and seen to be there; the Pod is deleted, gracefully and by its UID, until no Pod
    has that UID and, on kind, the node has no volume of it; it comes back (a controller's
    replacement, or the same manifest again for a bare Pod) and looks. The control of the same call:
    the new Pod sees what it writes at the same place. The handle then means the new Pod.

    Kubernetes promises it: when a Pod is removed from a node for any reason, the data in the
    emptyDir is deleted permanently (documentation of emptyDir).

    Args:
        pod: the Pod.
        volume: the volume; None for each that goes with its Pod (an emptyDir, an inline csi).
        container: with a `path`, the container that has it.
        path: a file of the application instead of one of ours; it may be there again, as an
            application makes its files anew, but not with what it held.
        timeout: seconds until the Pod is gone; None for --podshare-delete-timeout.

    Returns:
        Evidence, with the proof of the replacement.

    Raises:
        AssertionError: it is still there.
        NoSharedVolume: the Pod has no such volume.
        PodError: the Pod does not go, or none becomes ready in its place.
    """
    left = _left(pod, volume, container, path)
    return _lost(
        pod,
        left,
        lambda: replacement.delete(pod, pod.deadline("delete", timeout)),
        "the Pod's deletion",
    )


@recorded
def assert_lost_on_drain(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that what is in the Pod's passing volumes is gone after a drain of its node.

    The node is cordoned, the Pod evicted through the API, as `kubectl drain` does; the Pod that
    comes is on another node and looks. The node is schedulable again afterwards, whatever happens.

    Args:
        pod: the Pod.
        volume: the volume; None for each that goes with its Pod (an emptyDir, an inline csi).
        timeout: seconds until the Pod is gone; None for --podshare-delete-timeout.

    Returns:
        Evidence, with the proof of the replacement.

    Raises:
        AssertionError: it is still there.
        NotEnoughNodes: there is no other node to go to.
        PodError: the Pod does not go, or none becomes ready in its place.
    """
    left = _left(pod, volume, None, None)
    return _lost(
        pod,
        left,
        lambda: replacement.drain(pod, pod.deadline("delete", timeout), elsewhere=True),
        "a drain of its node",
    )


def _left(
    pod: Pod, volume: str | None, container: str | None, path: str | None
) -> list[sentinel.SentinelFile]:
    if path is not None:
        if container is None:
            raise TypeError("path= is a file of a container: give container= too")
        return [sentinel.of_application(pod, container, path)]
    return sentinel.leave_in_each(
        pod, volume, lambda each: each.lifetime is Lifetime.POD, "volume that goes with its Pod"
    )


def _lost(
    pod: Pod,
    left: list[sentinel.SentinelFile],
    fate: Callable[[], replacement.Replacement],
    after: str,
) -> Evidence:
    begun = time.monotonic()
    # a file that was never there would be gone as well
    events: list[object] = []
    for mark in left:
        events += [mark.wrote, sentinel.assert_present(pod, mark)]
    proof = fate()
    events.append(proof)
    _check_same_node(pod, left, proof)
    for mark in left:
        events += _control(pod, mark)
        seen = sentinel.read_back(pod, mark)
        if not _is_lost(mark, seen):
            raise promise_broken(
                pod,
                f"what {mark.container!r} {mark.wrote.action} in volume {mark.volume!r}"
                f" is still there after {after}",
                expected=f"{mark.place}  missing",
                got=seen,
                where=f"{mark.container} has {mark.mount}",
                proof=str(proof),
                volume=mark.volume,
                containers=sentinel.looked_into([mark]),
                cause=volume_causes.explain_outliving(pod, mark.volume),
            )
        events.append(f"{mark.container} no longer has what was in {mark.path}")
    volumes = ", ".join(mark.volume for mark in left)
    return pod.record(
        f"what was written to {volumes} is lost on {after}",
        method=sentinel.method(pod, left),
        begun=begun,
        events=events,
        containers=sentinel.looked_into(left),
    )


def _check_same_node(
    pod: Pod, left: list[sentinel.SentinelFile], proof: replacement.Replacement
) -> None:
    """Refuse to call lost what was left on another node: a hostPath is a folder of its node."""
    for mark in left:
        volume = pod.wiring.volume(mark.volume)
        if volume and volume.lifetime is Lifetime.NODE and proof.node_before != proof.node_after:
            raise errors.ControlMissing(
                f"The new Pod came on another node ({proof.node_after}), where volume"
                f" {mark.volume!r}, a {volume.kind}, is another folder.",
                "Keep the Pod on one node by a nodeSelector; nothing was learned of the volume.",
            )


def _is_lost(mark: sentinel.SentinelFile, seen: object) -> bool:
    """Whether it is gone; an application may have made its file anew, without the old content."""
    if isinstance(seen, bytes) and mark.content and not mark.is_ours:
        return not seen.startswith(mark.content)
    return isinstance(seen, posix_shell.Missing)


def _control(pod: Pod, mark: sentinel.SentinelFile) -> tuple[Step, Step]:
    """That the new Pod sees at all what is in the volume."""
    (control,) = sentinel.write(pod, mark.container, [mark.mount], present=mark.on_node)
    try:
        return control.wrote, sentinel.assert_present(pod, control)
    finally:
        sentinel.remove(pod, control)
