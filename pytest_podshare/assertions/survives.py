"""Proofs of what must still be there after a restart, a deletion or a drain."""

from __future__ import annotations

import functools
from collections.abc import Callable

from pytest_podshare.assertions import ended_containers, sentinel
from pytest_podshare.assertions.disruption import MarkedFiles
from pytest_podshare.assertions.mount_selection import writable_mounts
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.assertions.sentinel import SentinelFile
from pytest_podshare.assertions.side_by_side import side_by_side
from pytest_podshare.pods import replacement
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@side_by_side
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
    """Prove that what a container wrote to its volumes survives its restart.

    If it can only read the named volume, prove it for what init containers left there.

    The restart itself is proved as well: the Pod is the same, the container has another container
    ID and a higher restartCount, the old instance is its last state, and the other containers were
    not restarted.

    Kubernetes promises this: a container that crashes does not remove a Pod from a node, so the
    data in an emptyDir volume is safe across container crashes (documentation: Volumes, emptyDir).

    Args:
        pod: the Pod, or several, which are restarted at the same time.
        container: name of the container that writes, is restarted, and reads.
        volume: name of the volume; None for every volume that the container can write to.
        path: absolute path of a file of the application to use instead of a new file.
        strategy: how to restart (`node`, `resize`, `term`, `image`); None for the first possible.
        timeout: seconds until the container is ready again; None for --podshare-ready-timeout.

    Returns:
        Evidence, with the proof of the restart; of several Pods, a list.

    Raises:
        AssertionError: the file is missing or changed.
        NoSharedVolume: the container has no such volume, or `path` is in none.
        Unprovable: times do not tell what the init containers left.
        UnknownContainer: the Pod has no such container.
        RestartForbidden: the restart policy keeps the container from being started again.
        RestartImpossible: the container was not restarted; nothing was learned.
        NodeAccessMissing: only the node could restart it, and nodes cannot be accessed.
    """
    marks = mark_for_restart(
        pod, container=container, volume=volume, path=path, strategy=strategy, timeout=timeout
    )
    return marks.prove()


def mark_for_restart(
    pod: Pod,
    *,
    container: str,
    volume: str | None = None,
    path: str | None = None,
    strategy: str | None = None,
    timeout: float | None = None,
) -> MarkedFiles:
    """Write the files of `assert_survives_restart`."""
    handle = pod[container]
    claim = f"what {container} wrote to {{volumes}} survives its restart"
    if path is not None:
        files = [sentinel.of_application(pod, handle, path)]
    elif volume is not None and ended_containers.reads_only_output(pod, handle, volume):
        files = ended_containers.find_output(pod, handle, volume)
        claim = f"what init containers left for {container} in {{volumes}} survives its restart"
    else:
        mounts = writable_mounts(handle, volume)
        files = sentinel.write_through(pod, handle, mounts, node_fallback=True)
    if any(file.is_on_node for file in files):
        claim = f"what is present in {{volumes}} survives a restart of {container}"
    restart = functools.partial(handle.restart, strategy=strategy, timeout=timeout)
    return _survives(pod, files, restart, claim, f"{container} was restarted")


@side_by_side
@recorded
def assert_survives_sandbox_restart(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that the content of the Pod's volumes survives a restart of its sandbox.

    All containers of the same Pod start again, including init containers, as they do after a
    failure of the container runtime. This needs access to the node, and so a kind cluster.

    Kubernetes promises this: an emptyDir exists for as long as its Pod is on its node
    (documentation: Volumes, emptyDir).

    Args:
        pod: the Pod, or several, which are restarted at the same time.
        volume: name of the volume; None for every volume that a running container can write to.
        timeout: seconds until the Pod is ready again; None for --podshare-ready-timeout.

    Returns:
        Evidence, with the proof of the restart; of several Pods, a list.

    Raises:
        AssertionError: a file is missing or changed.
        NoSharedVolume: the Pod has no such volume, or no running container can write to it.
        NodeAccessMissing: the cluster's nodes cannot be accessed.
        RestartImpossible: the containers were not restarted; nothing was learned.
    """
    files = sentinel.write_to_volumes(
        pod, volume, lambda spec: spec.is_written_by_containers, "volume that containers write to"
    )
    restart = functools.partial(pod.restart_sandbox, timeout=timeout)
    claim = "what was written to {volumes} survives a restart of the sandbox"
    return _survives(pod, files, restart, claim, "the sandbox was restarted").prove()


@side_by_side
@recorded
def assert_survives_delete(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that the content of the Pod's persistent volumes survives the Pod's deletion.

    Delete the Pod by its UID and wait for its replacement: a controller's, or the same manifest
    again. The replacement reads the files, and the handle refers to it from then on.

    Kubernetes promises this for claims: a PersistentVolume has a lifecycle independent of any Pod
    that uses it (documentation: Persistent Volumes).

    Args:
        pod: the Pod, or several, which are replaced at the same time.
        volume: name of the volume; None for every volume that outlives its Pod (a claim, a
            hostPath).
        timeout: seconds until the Pod is gone; None for --podshare-delete-timeout.

    Returns:
        Evidence, with the proof of the replacement; of several Pods, a list.

    Raises:
        AssertionError: a file is missing or changed.
        NoSharedVolume: the Pod has no such volume, or no running container can write to it.
        PodError: the Pod is not gone in time, or its replacement does not become ready.
    """
    return mark_for_delete(pod, volume=volume, timeout=timeout).prove()


def mark_for_delete(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> MarkedFiles:
    """Write the files of `assert_survives_delete`."""
    files = _write_to_persistent(pod, volume)
    delete = functools.partial(replacement.delete, pod, timeout)
    claim = "what was written to {volumes} survives the Pod's deletion"
    return _survives(pod, files, delete, claim, "the Pod was replaced")


@recorded
def assert_survives_drain(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that the content of the Pod's persistent volumes survives a drain of its node.

    Cordon the node, evict the Pod through the API as `kubectl drain` does, and uncordon the node,
    since a volume may be bound to it. The replacement reads the files, and the handle refers to it
    from then on. Kubernetes promises this as for `assert_survives_delete`.

    Args:
        pod: the Pod.
        volume: name of the volume; None for every volume that outlives its Pod (a claim, a
            hostPath).
        timeout: seconds until the Pod is gone; None for --podshare-delete-timeout.

    Returns:
        Evidence, with the proof of the replacement.

    Raises:
        AssertionError: a file is missing or changed.
        NoSharedVolume: the Pod has no such volume, or no running container can write to it.
        MissingRight: the account may not cordon nodes or evict Pods.
        PodError: the Pod is not gone in time, or its replacement does not become ready.
    """
    files = _write_to_persistent(pod, volume)
    drain = functools.partial(replacement.drain, pod, timeout, elsewhere=False)
    claim = "what was written to {volumes} survives a drain of its node"
    return _survives(pod, files, drain, claim, "the node was drained").prove()


def _survives(
    pod: Pod, files: list[SentinelFile], disrupt: Callable[[], object], claim: str, after: str
) -> MarkedFiles:
    """Return what proves that files survive a disruption; see `sentinel.assert_present`."""

    def judge(proof: object, start: float) -> Evidence:
        events: list[object] = [*(file.step for file in files), proof]
        for file in files:
            events.append(sentinel.assert_present(pod, file, after=after, proof=proof))
            sentinel.remove(file)
        text = claim.format(volumes=sentinel.volume_names(files))
        return sentinel.create_evidence(pod, text, files, start=start, events=events)

    return MarkedFiles(files, disrupt, judge)


def _write_to_persistent(pod: Pod, volume: str | None) -> list[SentinelFile]:
    return sentinel.write_to_volumes(
        pod, volume, lambda spec: spec.outlives_pod, "volume that outlives its Pod"
    )
