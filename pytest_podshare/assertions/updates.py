"""Proofs of whether a change to a ConfigMap, a Secret or the Pod's metadata reaches a volume."""

from __future__ import annotations

import posixpath
import time

from pytest_podshare import errors
from pytest_podshare.assertions import sentinel
from pytest_podshare.assertions.failure import describe, promise_broken
from pytest_podshare.assertions.mount_selection import mounts_of, running_mounts
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import operations
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods import config_source
from pytest_podshare.pods.config_source import ConfigEntry
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import VolumeMount

_METHOD = "changed through the API server"


@recorded
def assert_update_visible(
    pod: Pod, *, container: str, volume: str, timeout: float | None = None
) -> Evidence:
    """Prove that a container sees a change to the object that its volume is filled from.

    Set one entry of the ConfigMap or Secret, or the annotation or label of the downward API, to a
    random value through the API server. The file in the container must then hold it. The change is
    not undone.

    Kubernetes promises this, after a delay, for every mount without a subPath (documentation:
    ConfigMaps, Mounted ConfigMaps are updated automatically).

    Args:
        pod: the Pod.
        container: name of a container that mounts the volume.
        volume: name of a volume of a ConfigMap, a Secret or the downward API, or projected from
            these.
        timeout: seconds until the container must see it; None for --podshare-update-timeout.

    Returns:
        Evidence, with the time that it took.

    Raises:
        AssertionError: the container does not see the change in time.
        NoSharedVolume: the container does not mount the volume, or nothing in it can be changed.
        UnknownContainer: the Pod has no such container.
        MissingRight: the account may not read or patch the object.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    entry = config_source.find_entry(pod, volume)
    locations = [_locate(handle, mount, entry) for mount in mounts_of(handle, volume)]
    value = entry.change(pod)
    deadline = pod.live.deadline("update", timeout)
    steps = [_wait_for(pod, place, entry, value, start, deadline) for place in locations]
    claim = f"{container} sees a change to {entry}"
    return pod.record(claim, _METHOD, start=start, events=steps, containers=[handle])


@recorded
def assert_update_not_visible(
    pod: Pod, *, container: str, volume: str, timeout: float | None = None
) -> Evidence:
    """Prove that a container does not see a change through a subPath mount.

    Change an entry as `assert_update_visible` does. The control: wait until another mount of the
    volume without a subPath, in any container of the Pod, has the change. Only then must the
    container's own file still hold what it held before.

    Kubernetes documents this: a container that uses a ConfigMap as a subPath volume mount does not
    receive ConfigMap updates (documentation: ConfigMaps).

    Args:
        pod: the Pod.
        container: name of a container that mounts the volume with a subPath.
        volume: name of a volume of a ConfigMap, a Secret or the downward API, or projected from
            these.
        timeout: seconds until the control must see the change; None for --podshare-update-timeout.

    Returns:
        Evidence, with the control.

    Raises:
        AssertionError: the container sees the change.
        ControlMissing: no mount sees the change, so not seeing it proves nothing.
        NoSharedVolume: the container does not mount the volume, or nothing in it can be changed.
        UnknownContainer: the Pod has no such container.
        MissingRight: the account may not read or patch the object.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    entry = config_source.find_entry(pod, volume)
    locations = [_locate(handle, mount, entry) for mount in mounts_of(handle, volume)]
    control = _find_control(pod, volume, entry)
    before = [operations.read(handle, location.path) for location in locations]
    value = entry.change(pod)
    try:
        saw = _wait_for(pod, control, entry, value, start, pod.live.deadline("update", timeout))
    except AssertionError as error:
        raise errors.ControlMissing(
            f"{control.container} of {pod} does not see the change to {entry} either: {error}",
            "Raise the timeout: without the control, the other mount proves nothing.",
        ) from None
    after = [operations.read(handle, location.path) for location in locations]
    if after != before or value in after or not any(isinstance(seen, bytes) for seen in before):
        existed = isinstance(before[0], bytes)
        saw_what = "sees the change to" if existed else "has no file for"
        expected = f"unchanged: {describe(before[0])}"
        cause = volume_causes.explain_unwanted_update(locations[0])
        headline, got = f"{container!r} {saw_what} {entry}", after[0]
        raise promise_broken(
            pod, headline, locations[0], control, expected=expected, got=got, cause=cause
        )
    claim, containers = f"{container} does not see a change to {entry}", [handle, control.container]
    events = [saw, f"{container} still had the old content when {control.container} saw the change"]
    return pod.record(claim, _METHOD, start=start, events=events, containers=containers)


def _wait_for(
    pod: Pod,
    location: FileLocation,
    entry: ConfigEntry,
    value: bytes,
    start: float,
    deadline: Deadline,
) -> Step:
    """Wait until the file of an entry holds its new value."""
    container = location.container
    seen = poll(
        lambda: operations.read(container, location.path),
        until=lambda seen: isinstance(seen, bytes) and value in seen,
        deadline=deadline,
        first=0.05,
    )
    if not isinstance(seen, bytes) or value not in seen:
        headline = f"{container.name!r} does not see the change to {entry}"
        expected = f"{location}  {value.decode()}"
        got = f"{describe(seen)}  (for {deadline.seconds:g} s)"
        cause = volume_causes.explain_missing_update(location, deadline.seconds)
        raise promise_broken(pod, headline, location, expected=expected, got=got, cause=cause)
    return sentinel.step("saw", location, seen, start)


def _locate(container: Container, mount: VolumeMount, entry: ConfigEntry) -> FileLocation:
    """Return where a mount has an entry's file: below it, or the mount itself for its subPath."""
    sub_path = "/".join(mount.sub_folders)
    inside = posixpath.relpath(entry.file, sub_path) if sub_path else entry.file
    path = posixpath.normpath(posixpath.join(mount.path, inside))
    return FileLocation(container, path, mount)


def _find_control(pod: Pod, volume: str, entry: ConfigEntry) -> FileLocation:
    for container, mount in running_mounts(pod, volume):
        if not mount.sub_path:
            return _locate(container, mount, entry)
    raise errors.ControlMissing(
        f"No container of {pod} mounts volume {volume!r} without a subPath.",
        "Add such a mount to the Pod: it shows when the change has arrived on the node.",
    )
