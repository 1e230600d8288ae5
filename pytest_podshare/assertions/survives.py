"""What must still be there afterwards: after a restart, a deletion, a drain."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_podshare.assertions import sentinel
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.pods import replacement
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@recorded
def assert_survives_restart(
    pod: Pod,
    *,
    container: str,
    volume: str | None = None,
    path: str | None = None,
    strategy: str | None = None,
    timeout: float | None = None,
) -> Evidence:
    """Prove that what a container wrote to its volumes is there after it has been restarted.

    The restart is proved: same Pod, another container id, a higher restartCount, the old instance
    as the last state, the other containers untouched.

    Kubernetes promises it: a crashing container does not remove a Pod from its node, so the data
    in an emptyDir is safe across crashes (documentation of emptyDir).

    Args:
        pod: the Pod.
        container: the container that writes, is restarted, and looks again.
        volume: the volume; None for each one that it may write to.
        path: a file of the application instead, as the container names it.
        strategy: how to restart (`node`, `resize`, `term`, `image`); None for the first possible.
        timeout: seconds until the container is ready again; None for --podshare-ready-timeout.

    Returns:
        Evidence, with the restart's proof.

    Raises:
        AssertionError: it is gone, or changed.
        RestartForbidden: the container's restart policy says that it stays ended.
        RestartImpossible: no restart happened, so nothing is known.
        NodeAccessMissing: the same, for it takes the node, which cannot be reached.
    """
    left = _marks(pod, container, volume, path)
    return _survives(
        pod,
        left,
        lambda: pod[container].restart(strategy=strategy, timeout=timeout),
        f"what {container} wrote to {{volumes}} survives its restart"
        if not any(mark.on_node for mark in left)
        else f"what is present in {{volumes}} survives a restart of {container}",
        f"{container} was restarted",
    )


@recorded
def assert_survives_sandbox_restart(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that what is in the Pod's volumes is there after its sandbox has been restarted.

    All containers start anew, init containers included, in the same Pod: as after a fault of the
    container runtime. Needs the node, so a kind cluster.

    Args:
        pod: the Pod.
        volume: the volume; None for each one that a running container may write to.
        timeout: seconds until the Pod is ready again; None for --podshare-ready-timeout.

    Returns:
        Evidence, with the restart's proof.

    Raises:
        AssertionError: it is gone, or changed.
        NodeAccessMissing: the cluster's nodes cannot be reached.
    """
    return _survives(
        pod,
        sentinel.leave_in_each(
            pod,
            volume,
            lambda each: each.is_written_by_containers,
            "volume that containers write to",
        ),
        lambda: pod.restart_sandbox(timeout=timeout),
        "what was written to {volumes} survives a restart of the sandbox",
        "the sandbox was restarted",
    )


@recorded
def assert_survives_delete(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that what is in the Pod's lasting volumes is there in the Pod that comes after it.

    The Pod is deleted by its UID; a controller's replacement, or the same manifest again, is the
    Pod that looks, and the handle then means that one.

    Kubernetes promises it of claims: a PersistentVolume has a life of its own (documentation of
    persistent volumes).

    Args:
        pod: the Pod.
        volume: the volume; None for each one that outlives its Pod (a claim, a hostPath).
        timeout: seconds until the Pod is gone; None for --podshare-delete-timeout.

    Returns:
        Evidence, with the proof of the replacement.

    Raises:
        AssertionError: it is gone, or changed.
        NoSharedVolume: the Pod has no such volume.
        PodError: the Pod does not go, or none becomes ready in its place.
    """
    return _survives(
        pod,
        _in_lasting(pod, volume),
        lambda: replacement.delete(pod, pod.deadline("delete", timeout)),
        "what was written to {volumes} survives the Pod's deletion",
        "the Pod was replaced",
    )


@recorded
def assert_survives_drain(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that what is in the Pod's lasting volumes is there after a drain of its node.

    The node is cordoned, the Pod evicted through the API, the node made schedulable again, for a
    volume may be bound to it; then the Pod that comes looks.

    Args:
        pod: the Pod.
        volume: the volume; None for each one that outlives its Pod.
        timeout: seconds until the Pod is gone; None for --podshare-delete-timeout.

    Returns:
        Evidence, with the proof of the replacement.

    Raises:
        AssertionError: it is gone, or changed.
        PodError: the Pod does not go, or none becomes ready in its place.
    """
    return _survives(
        pod,
        _in_lasting(pod, volume),
        lambda: replacement.drain(pod, pod.deadline("delete", timeout), elsewhere=False),
        "what was written to {volumes} survives a drain of its node",
        "the node was drained",
    )


def _survives(
    pod: Pod, left: list[sentinel.SentinelFile], fate: Callable[[], object], claim: str, after: str
) -> Evidence:
    begun = time.monotonic()
    proof = fate()
    events: list[object] = [*(mark.wrote for mark in left), proof]
    for mark in left:
        events.append(sentinel.assert_present(pod, mark, after=after, proof=proof))
        sentinel.remove(pod, mark)
    volumes = ", ".join(mark.volume for mark in left)
    return pod.record(
        claim.format(volumes=volumes),
        method=sentinel.method(pod, left),
        begun=begun,
        events=events,
        containers=sentinel.looked_into(left),
    )


def _marks(
    pod: Pod, container: str, volume: str | None, path: str | None
) -> list[sentinel.SentinelFile]:
    if path is not None:
        return [sentinel.of_application(pod, container, path)]
    return sentinel.write(pod, container, sentinel.written_by(pod, container, volume), present=True)


def _in_lasting(pod: Pod, volume: str | None) -> list[sentinel.SentinelFile]:
    return sentinel.leave_in_each(
        pod, volume, lambda each: each.outlives_pod, "volume that outlives its Pod"
    )
