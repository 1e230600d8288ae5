"""Proofs of whether a change to a ConfigMap, a Secret or the Pod's metadata reaches a volume."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Sequence

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
from pytest_podshare.pods.config_change import changed_entries
from pytest_podshare.pods.config_source import ConfigEntry, ConfigSources
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.folders import is_below, split_sub_path
from pytest_podshare.wiring.model import VolumeMount

_METHOD = "changed through the API server"


@recorded
def assert_update_visible(
    pod: Pod, *, container: str, volume: str, timeout: float | None = None
) -> Evidence:
    """Prove that a container sees a change to the object that its volume is filled from.

    Set each entry of the ConfigMaps and Secrets, and each annotation and label of the downward API,
    to a random value through the API server. Where a file has all annotations or labels, add one.
    Every file in the container must then hold the value. Afterwards put back the previous values,
    also if this fails; the kubelet brings them into the container later.

    Kubernetes promises this, after a delay, for every mount without a subPath (documentation:
    ConfigMaps, Mounted ConfigMaps are updated automatically). What cannot be changed, such as an
    immutable ConfigMap or the Pod's name, is named in the evidence, or in the error if nothing can.

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
        NoSharedVolume: the container does not mount the volume.
        UpdateImpossible: nothing in the volume can be changed.
        UnknownContainer: the Pod has no such container.
        MissingRight: the account may not read or patch the object.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    mounts = mounts_of(handle, volume)
    sources = config_source.find_sources(pod, volume)
    places = _find_places(handle, volume, mounts, sources)
    with changed_entries(pod, _list_entries(places)) as value:
        deadline = pod.live.deadline("update", timeout)
        steps = [_wait_for(pod, place, entry, value, start, deadline) for entry, place in places]
    claim = f"{container} sees a change to {_describe(places)}"
    events = [*steps, *_describe_fixed(sources), "the previous values were put back"]
    return pod.create_evidence(claim, _METHOD, start=start, events=events, containers=[handle])


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
        NoSharedVolume: the container does not mount the volume.
        UpdateImpossible: nothing in the volume can be changed.
        UnknownContainer: the Pod has no such container.
        MissingRight: the account may not read or patch the object.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    mounts = mounts_of(handle, volume)
    sources = config_source.find_sources(pod, volume)
    places = _find_places(handle, volume, mounts, sources)
    controls = {entry: _find_control(pod, volume, entry) for entry, _ in places}
    before = [operations.read(handle, place.path) for _, place in places]
    with changed_entries(pod, list(controls)) as value:
        deadline = pod.live.deadline("update", timeout)
        saw = [
            _wait_for_control(pod, *control, value, start, deadline) for control in controls.items()
        ]
        after = [operations.read(handle, place.path) for _, place in places]
    for (entry, place), old, new in zip(places, before, after, strict=True):
        if new != old or not isinstance(old, bytes):
            saw_what = "sees the change to" if isinstance(old, bytes) else "has no file for"
            cause = volume_causes.explain_unwanted_update(place)
            headline, expected = f"{container!r} {saw_what} {entry}", f"unchanged: {describe(old)}"
            raise promise_broken(
                pod, headline, place, controls[entry], expected=expected, got=new, cause=cause
            )
    claim = f"{container} does not see a change to {_describe(places)}"
    watching = controls[places[0][0]].container
    kept = f"{container} still had the old content when {watching} saw the change"
    events = [*saw, kept, *_describe_fixed(sources), "the previous values were put back"]
    return pod.create_evidence(
        claim, _METHOD, start=start, events=events, containers=[handle, watching]
    )


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


def _wait_for_control(
    pod: Pod,
    entry: ConfigEntry,
    control: FileLocation,
    value: bytes,
    start: float,
    deadline: Deadline,
) -> Step:
    try:
        return _wait_for(pod, control, entry, value, start, deadline)
    except AssertionError as error:
        raise errors.ControlMissing(
            f"{control.container} of {pod} does not see the change to {entry} either: {error}",
            "Raise the timeout: without the control, the other mount proves nothing.",
        ) from None


def _find_places(
    container: Container, volume: str, mounts: Sequence[VolumeMount], sources: ConfigSources
) -> list[tuple[ConfigEntry, FileLocation]]:
    """Return each entry that a mount has, and where it has its file."""
    places = [
        (entry, _locate(container, mount, entry))
        for mount in mounts
        for entry in sources.entries
        if is_below(split_sub_path(entry.file), mount.sub_folders)
    ]
    if not places:
        sub_paths = ", ".join(mount.sub_path for mount in mounts)
        raise errors.UpdateImpossible(
            f"Nothing that {container} of {container.pod} mounts of volume {volume!r} can be"
            f" changed: no entry is at its subPath {sub_paths}.",
            "Name in the subPath a file of the volume whose entry can be changed.",
        )
    return places


def _list_entries(places: Sequence[tuple[ConfigEntry, FileLocation]]) -> list[ConfigEntry]:
    """Return the entries, each once, though a container may mount the volume several times."""
    return list(dict.fromkeys(entry for entry, _ in places))


def _describe(places: Sequence[tuple[ConfigEntry, FileLocation]]) -> str:
    first, *others = _list_entries(places)
    return f"{first} and {len(others)} more" if others else str(first)


def _describe_fixed(sources: ConfigSources) -> list[str]:
    return [f"not changed: {fixed}" for fixed in dict.fromkeys(sources.fixed)]


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
