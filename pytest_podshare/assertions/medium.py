"""Proof of which medium a volume is on."""

from __future__ import annotations

import time

from pytest_podshare.assertions.failure import promise_broken
from pytest_podshare.assertions.mount_selection import mounts_of
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.fileops import mountinfo
from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import quantity


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
    return pod.create_evidence(claim, method, start=start, events=[entry], containers=[handle])


def _is_on(entry: MountEntry, medium: str, size: str | None) -> bool:
    if size is not None and entry.size != quantity.parse_int(size):
        return False
    if medium == "Disk":
        return entry.fs_type != "tmpfs"
    return entry.fs_type == ("tmpfs" if medium == "Memory" else medium)
