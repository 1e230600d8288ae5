"""Proofs of what must be gone after a deletion or a drain, such as the content of an emptyDir."""

from __future__ import annotations

import functools
from collections.abc import Callable

from pytest_podshare import errors
from pytest_podshare.assertions import ended_containers, possible_writers, sentinel
from pytest_podshare.assertions.disruption import MarkedFiles
from pytest_podshare.assertions.failure import promise_broken
from pytest_podshare.assertions.mount_selection import new_location
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.assertions.sentinel import SentinelFile
from pytest_podshare.assertions.side_by_side import side_by_side
from pytest_podshare.containers.fileops.posix_shell import Missing
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.pods import replacement
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.pods.replacement import Replacement
from pytest_podshare.wiring.lifetime import Lifetime


@side_by_side
@recorded
def assert_lost_on_delete(
    pod: Pod,
    *,
    volume: str | None = None,
    container: str | None = None,
    path: str | None = None,
    timeout: float | None = None,
) -> Evidence:
    """Prove that the content of the Pod's own volumes is gone in its replacement.

    Write files and check that they exist. Delete the Pod gracefully and by its UID, until no Pod
    has that UID and, on kind, the node has none of its volumes. Its replacement, a controller's or
    the same manifest again, then looks for the files. The control: the replacement sees a file that
    it writes to the same place. The handle refers to the replacement from then on.

    Kubernetes promises this: when a Pod is removed from a node for any reason, the data in the
    emptyDir is deleted permanently (documentation: Volumes, emptyDir).

    Args:
        pod: the Pod, or several, which are replaced at the same time.
        volume: name of the volume; None for every volume that is deleted with its Pod (an emptyDir,
            an ephemeral volume, an inline csi volume).
        container: with a `path`, name of the container that has the file.
        path: absolute path of a file of the application to use instead of new files. The
            application may create it again, but not with the old content.
        timeout: seconds until the Pod is gone; None for --podshare-delete-timeout.

    Returns:
        Evidence, with the proof of the replacement; of several Pods, a list.

    Raises:
        AssertionError: a file is still there.
        NoSharedVolume: the Pod has no such volume, or no running container can write to it.
        ControlMissing: the replacement is on another node, and the volume belongs to its node.
        PodError: the Pod is not gone in time, or its replacement does not become ready.
        TypeError: `path` without `container`.
    """
    return mark_for_loss(
        pod, volume=volume, container=container, path=path, timeout=timeout
    ).prove()


def mark_for_loss(
    pod: Pod,
    *,
    volume: str | None = None,
    container: str | None = None,
    path: str | None = None,
    timeout: float | None = None,
) -> MarkedFiles:
    """Write the files of `assert_lost_on_delete`."""
    if path is None:
        files = _write_to_pod_volumes(pod, volume)
    elif container is None:
        raise TypeError("path= is a file of a container: pass container= as well")
    else:
        files = [sentinel.of_application(pod, pod[container], path)]
    delete = functools.partial(replacement.delete, pod, timeout)
    return _lost(pod, files, delete, "the Pod's deletion")


@recorded
def assert_lost_on_drain(
    pod: Pod, *, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that the content of the Pod's own volumes is gone after a drain of its node.

    Write files and check that they exist. Cordon the node and evict the Pod through the API, as
    `kubectl drain` does. Its replacement, on another node, looks for the files; the control is as
    in `assert_lost_on_delete`, and so is the promise. The node is uncordoned afterwards, whatever
    happens, and the handle refers to the replacement from then on.

    Args:
        pod: the Pod.
        volume: name of the volume; None for every volume that is deleted with its Pod (an emptyDir,
            an ephemeral volume, an inline csi volume).
        timeout: seconds until the Pod is gone; None for --podshare-delete-timeout.

    Returns:
        Evidence, with the proof of the replacement.

    Raises:
        AssertionError: a file is still there.
        NoSharedVolume: the Pod has no such volume, or no running container can write to it.
        ControlMissing: the replacement is on another node, and the volume belongs to its node.
        MissingRight: the account may not cordon nodes or evict Pods.
        NotEnoughNodes: no other node can take the Pod.
        PodError: the Pod is not gone in time, or its replacement does not become ready.
    """
    drain = functools.partial(replacement.drain, pod, timeout, elsewhere=True)
    return _lost(pod, _write_to_pod_volumes(pod, volume), drain, "a drain of its node").prove()


def _write_to_pod_volumes(pod: Pod, volume: str | None) -> list[SentinelFile]:
    """Write to each volume, or return what is there if only init containers can write to it."""
    volumes = {spec.name: spec for spec in pod.wiring.volumes if spec.lifetime is Lifetime.POD}
    readers = {
        name: reader
        for name in ([volume] if volume else volumes)
        if (reader := ended_containers.find_reader(pod, name)) is not None
    }
    files: list[SentinelFile] = []
    if not readers or (volume is None and readers.keys() != volumes.keys()):
        files = sentinel.write_to_volumes(
            pod,
            volume,
            lambda spec: spec.name in volumes and spec.name not in readers,
            "volume that is deleted with its Pod",
        )
    for name, reader in readers.items():
        files += ended_containers.find_output(pod, reader, name)
    return files


def _lost(
    pod: Pod, files: list[SentinelFile], replace: Callable[[], Replacement], after: str
) -> MarkedFiles:
    """Return what proves that files are lost when a Pod is replaced."""
    events: list[object] = []
    for file in files:
        # a file that never existed would be missing as well
        events += [file.step, sentinel.assert_present(pod, file)]

    def judge(proof: Replacement, start: float) -> Evidence:
        _check_same_node(pod, files, proof)
        after_it = [event for file in files for event in _prove_lost(pod, file, proof, after)]
        claim = f"what was written to {sentinel.volume_names(files)} is lost on {after}"
        return sentinel.create_evidence(
            pod, claim, files, start=start, events=[*events, proof, *after_it]
        )

    return MarkedFiles(files, replace, judge)


def _prove_lost(pod: Pod, file: SentinelFile, proof: Replacement, after: str) -> tuple[object, ...]:
    seen = sentinel.read_back(file)
    # an init container may have written the same again
    is_old = not file.left_by or ended_containers.is_older(pod, file)
    if not _is_lost(file, seen) and is_old:
        raise promise_broken(
            pod,
            f"{file} is still there after {after}",
            file.location,
            expected=f"{file.location}  missing",
            got=seen,
            cause=volume_causes.explain_outliving(pod, file.location.volume),
            inspected=sentinel.inspected([file]),
            proof=proof,
        )
    if not _is_lost(file, seen):
        raise _written_again(pod, file)
    gone = f"{file.container} no longer has what was in {file.location.path}"
    return (*_prove_access(pod, file), gone)


def _check_same_node(pod: Pod, files: list[SentinelFile], proof: Replacement) -> None:
    """Check that no file was left behind on another node: a hostPath belongs to its node."""
    for file in files:
        volume = pod.wiring.volume(file.location.volume)
        if volume and volume.lifetime is Lifetime.NODE and proof.node_before != proof.node_after:
            raise errors.ControlMissing(
                f"The new Pod is on another node ({proof.node_after}), where volume"
                f" {volume.name!r}, a {volume.kind}, is a different folder. Nothing was learned.",
                "Keep the Pod on one node with a nodeSelector.",
            )


def _is_lost(file: SentinelFile, seen: object) -> bool:
    """Return whether a file is gone; the application may have created its own again."""
    if isinstance(seen, bytes) and file.content and not file.is_ours:
        return not seen.startswith(file.content)
    return isinstance(seen, Missing)


def _written_again(pod: Pod, file: SentinelFile) -> errors.Unprovable:
    return errors.Unprovable(
        f"Cannot tell whether {file.location} of {pod} was deleted: {file.left_by} has written the"
        " same content, now or in the Pod before.",
        possible_writers.SKELETON,
        cause="several writers",
    )


def _prove_access(pod: Pod, file: SentinelFile) -> tuple[Step, ...]:
    """Prove that the new Pod can write and read in the place where a file was.

    Where only init containers write: that it sees what they have left in the new Pod.
    """
    if file.left_by:
        files = ended_containers.find_output(pod, file.container, file.location.volume)
        return tuple(new.step for new in files)
    mount = file.location.mount
    assert mount is not None, "a sentinel file is in a volume"
    location = new_location(file.container, mount)
    control = sentinel.write(pod, location, node_fallback=file.is_on_node)
    try:
        return control.step, sentinel.assert_present(pod, control)
    finally:
        sentinel.remove(control)
