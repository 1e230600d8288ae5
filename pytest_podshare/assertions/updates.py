"""Whether a change of a ConfigMap, a Secret or the Pod's own metadata arrives in a volume."""

from __future__ import annotations

import posixpath
import time

from pytest_podshare import errors
from pytest_podshare.assertions import failure, sentinel
from pytest_podshare.assertions.recording import promise_broken, recorded
from pytest_podshare.containers.fileops import operations
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.pods import config_source
from pytest_podshare.pods.evidence import Evidence, Step, digest
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount


@recorded
def assert_update_visible(
    pod: Pod, *, container: str, volume: str, timeout: float | None = None
) -> Evidence:
    """Prove that a change of what a volume is made from arrives in the container.

    One entry of the ConfigMap or Secret, or the annotation or label of the downward API, is changed
    through the API server to something that nobody can have guessed; the container's file must
    hold it. The change stays.

    Kubernetes promises it, after a while, of every mount without a subPath (documentation of
    ConfigMap).

    Args:
        pod: the Pod.
        container: a container that mounts it.
        volume: a volume of a ConfigMap, a Secret, the downward API, or projected from these.
        timeout: seconds until it must be there; None for --podshare-update-timeout.

    Returns:
        Evidence, with the time that it took.

    Raises:
        AssertionError: it does not arrive.
        NoSharedVolume: the container does not mount it, or nothing in it can change.
    """
    begun = time.monotonic()
    source = config_source.of_volume(pod, volume)
    mounts = sentinel.mounts_of(pod, container, volume)
    content = source.change(pod)
    deadline = pod.deadline("update", timeout)
    steps = [_arrived(pod, container, mount, source, content, begun, deadline) for mount in mounts]
    claim = f"a change of {source} is seen by {container}"
    return pod.record(
        claim,
        method="changed through the API server",
        begun=begun,
        events=steps,
        containers=[container],
    )


@recorded
def assert_update_not_visible(
    pod: Pod, *, container: str, volume: str, timeout: float | None = None
) -> Evidence:
    """Prove that a change does not arrive through a subPath, as it never does.

    The control of the same call: another mount of the same volume, without a subPath, in any
    container of the Pod, gets the change; only then is the container's own file looked at, and it
    must still hold what it held.

    Kubernetes says so: a container that uses a ConfigMap as a subPath mount does not receive
    updates (documentation of ConfigMap).

    Args:
        pod: the Pod.
        container: a container that mounts it.
        volume: a volume of a ConfigMap, a Secret, the downward API, or projected from these.
        timeout: seconds until the control must have got it; None for --podshare-update-timeout.

    Returns:
        Evidence, with the control.

    Raises:
        AssertionError: the change arrives.
        ControlMissing: no mount gets the change, so that its staying away means nothing.
        NoSharedVolume: the container does not mount it, or nothing in it can change.
    """
    begun = time.monotonic()
    source = config_source.of_volume(pod, volume)
    mounts = sentinel.mounts_of(pod, container, volume)
    watcher, whole = _control(pod, volume)
    before = [operations.read(pod[container], _path(mount, source)) for mount in mounts]
    content = source.change(pod)
    try:
        deadline = pod.deadline("update", timeout)
        seen = _arrived(pod, watcher.name, whole, source, content, begun, deadline)
    except AssertionError as error:
        raise errors.ControlMissing(
            f"The change of {source} did not arrive in {watcher.name} of {pod} either: {error}",
            "Its staying away elsewhere means nothing; raise the timeout.",
        ) from None
    after = [operations.read(pod[container], _path(mount, source)) for mount in mounts]
    if after != before or content in after or not any(isinstance(each, bytes) for each in before):
        saw = isinstance(before[0], bytes)
        raise promise_broken(
            pod,
            f"{container!r} sees the change of {source}"
            if saw
            else f"{container!r} never saw the file of {source}",
            expected=f"what it held: {failure.described(before[0])}",
            got=after[0],
            where=f"{container} has {mounts[0]}; {watcher.name} has {whole}",
            volume=volume,
            containers=[container],
            cause=volume_causes.explain_unwanted_update(container, mounts[0]),
        )
    return pod.record(
        f"a change of {source} is not seen by {container}",
        method="changed through the API server",
        begun=begun,
        events=[seen, f"{container} still has what it held, when {watcher.name} had the change"],
        containers=[container, watcher.name],
    )


def _arrived(
    pod: Pod,
    container: str,
    mount: VolumeMount,
    source: config_source.ConfigEntry,
    content: bytes,
    begun: float,
    deadline: Deadline,
) -> Step:
    path = _path(mount, source)
    seen = poll(
        lambda: operations.read(pod[container], path),
        until=lambda it: isinstance(it, bytes) and content in it,
        deadline=deadline,
        first=0.05,
    )
    if not isinstance(seen, bytes) or content not in seen:
        raise promise_broken(
            pod,
            f"{container!r} does not see the change of {source}",
            expected=f"{container}:{path}  {content.decode()}",
            got=f"{failure.described(seen)}  (for {deadline.seconds:g} s)",
            where=f"{container} has {mount}",
            volume=mount.volume,
            containers=[container],
            cause=volume_causes.explain_missing_update(container, mount, deadline.seconds),
        )
    seconds = time.monotonic() - begun
    return Step(container, "saw", mount.volume, path, len(seen), digest(seen), seconds)


def _path(mount: VolumeMount, source: config_source.ConfigEntry) -> str:
    """Where the entry's file is: below the mount, or the mount itself for a subPath of it."""
    if not mount.sub_path:
        return posixpath.join(mount.path, source.file)
    return posixpath.normpath(
        posixpath.join(mount.path, posixpath.relpath(source.file, mount.sub_path))
    )


def _control(pod: Pod, volume: str) -> tuple[ContainerSpec, VolumeMount]:
    for container, mount in sentinel.running_mounts(pod, volume):
        if not mount.sub_path:
            return container, mount
    raise errors.ControlMissing(
        f"No container of {pod} mounts volume {volume!r} without a subPath.",
        "Add such a mount to the Pod: it shows that the change has arrived on the node.",
    )
