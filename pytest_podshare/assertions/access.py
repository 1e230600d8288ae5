"""Proofs of what a container can do in a volume: read-only, writable, owners and modes."""

from __future__ import annotations

import time

from pytest_podshare import errors
from pytest_podshare.assertions import sentinel
from pytest_podshare.assertions.failure import promise_broken
from pytest_podshare.assertions.mount_selection import mounts_of, new_location
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import mountinfo, operations
from pytest_podshare.diagnosis import diagnose, volume_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import VolumeMount

# the Pod's own tmpfs, which every container can write to
_SHARED_MEMORY = VolumeMount("(shared memory)", "/dev/shm")  # noqa: S108 RUF100
_EROFS = "Read-only file system"


@recorded
def assert_read_only(pod: Pod, *, container: str, volume: str) -> Evidence:
    """Prove that a container cannot write to a volume because it is mounted read-only.

    Try to write a file. It must be refused with `Read-only file system`, and the container's own
    mount table must say `ro`: a folder that only belongs to another user does not pass. The
    control: the same write succeeds in /dev/shm.

    Kubernetes promises this for a mount with `readOnly: true`, in that container alone, and for all
    mounts of ConfigMaps and Secrets (documentation: Volumes).

    Args:
        pod: the Pod.
        container: name of the container.
        volume: name of a volume that it mounts.

    Returns:
        Evidence, with the mount as the container sees it.

    Raises:
        AssertionError: the write succeeds, or is refused for another reason.
        NoSharedVolume: the container does not mount the volume.
        UnknownContainer: the Pod has no such container.
        ControlMissing: the container cannot write to /dev/shm either.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    events: list[object] = []
    for mount in mounts_of(handle, volume):
        location = new_location(handle, mount)
        refused = operations.write(handle, location.path, b"x")
        if refused is None:
            operations.remove(handle, location.path)
        entry = mountinfo.find_mount(handle, mount.folder)
        if refused is None or refused.message != _EROFS or entry is None or not entry.read_only:
            headline = f"volume {volume!r} is not read-only for {container!r}"
            expected, got = f"{location}  {_EROFS}", refused or "written"
            if refused:
                cause = diagnose.write_refused(pod, location, refused)
            else:
                live = str(entry or f"nothing mounted at {mount.path}")
                cause = volume_causes.explain_writable(handle, mount, live)
            raise promise_broken(pod, headline, location, expected=expected, got=got, cause=cause)
        events += [f"the write of {container} was refused: {_EROFS}", str(entry)]
    events.append(_write_to_shared_memory(pod, handle))
    claim = f"{container} cannot write to {volume}"
    return pod.create_evidence(
        claim, sentinel.METHOD, start=start, events=events, containers=[handle]
    )


@recorded
def assert_writable(pod: Pod, *, container: str, volume: str) -> Evidence:
    """Prove that a container can write to a volume, and read back what it wrote.

    Write a file with a new name and random content through each of the container's mounts of the
    volume, read it back, and remove it.

    Kubernetes promises this for a mount without `readOnly`, unless the volume is read-only itself,
    or its owner and mode deny access to the container's user (documentation: Volumes; Security
    Context).

    Args:
        pod: the Pod.
        container: name of the container.
        volume: name of a volume that it mounts.

    Returns:
        Evidence: what was written and read back.

    Raises:
        AssertionError: the write is refused (`Permission denied`, `Read-only file system`).
        NoSharedVolume: the container does not mount the volume.
        UnknownContainer: the Pod has no such container.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    events: list[object] = []
    for file in sentinel.write_through(pod, handle, mounts_of(handle, volume)):
        events += [file.step, sentinel.assert_present(pod, file)]
        sentinel.remove(file)
    claim = f"{container} can write to {volume}"
    return pod.create_evidence(
        claim, sentinel.METHOD, start=start, events=events, containers=[handle]
    )


@recorded
def assert_permissions(
    pod: Pod,
    *,
    container: str,
    path: str,
    uid: int | None = None,
    gid: int | None = None,
    mode: int | None = None,
) -> Evidence:
    """Prove the owner, group and mode of a file or folder, as a container sees them.

    Kubernetes promises mode 0777 for an emptyDir on disk and 1777 for one in memory, the group and
    the setgid bit of `fsGroup`, and `defaultMode` for the files of ConfigMaps, Secrets and the
    downward API (documentation: Volumes; Security Context).

    Args:
        pod: the Pod.
        container: name of the container.
        path: absolute path of a file or folder, as the container names it; symlinks are followed.
        uid: expected user ID of the owner; None for any.
        gid: expected group ID; None for any.
        mode: expected POSIX mode with setuid, setgid and sticky bits, for example `0o2777`; None
            for any.

    Returns:
        Evidence, with all three.

    Raises:
        AssertionError: one of them differs, or nothing exists at the path.
        UnknownContainer: the Pod has no such container.
        ExecError: a command could not be run; nothing was learned.
        TypeError: none of `uid`, `gid` and `mode` was passed.
    """
    arguments = {"uid": uid, "gid": gid, "mode": mode}
    expected = {name: value for name, value in arguments.items() if value is not None}
    if not expected:
        raise TypeError("pass at least one of uid=, gid= and mode=")
    handle = pod[container]
    start = time.monotonic()
    state = operations.stat(handle, path)
    has = {"uid": state.uid, "gid": state.gid, "mode": state.mode} if state else {}
    if any(has.get(name) != value for name, value in expected.items()):
        headline = f"{path} does not have the expected permissions in {container!r}"
        location = FileLocation(handle, path, None)
        wants, got = _describe(expected), _describe(has) if has else "missing"
        cause = volume_causes.explain_permissions(pod, location)
        raise promise_broken(pod, headline, location, expected=wants, got=got, cause=cause)
    claim, method = f"{container}:{path} has {_describe(has)}", "stat in the container"
    events = [f"stat of {path}: {_describe(has)}"]
    return pod.create_evidence(claim, method, start=start, events=events, containers=[handle])


def _write_to_shared_memory(pod: Pod, container: Container) -> Step:
    try:
        (control,) = sentinel.write_through(pod, container, [_SHARED_MEMORY])
    except AssertionError as error:
        raise errors.ControlMissing(
            f"{container} of {pod} cannot write to {_SHARED_MEMORY.path} either, so its failure to"
            f" write to the volume proves nothing: {error}",
            "Check the container's user and image.",
        ) from None
    sentinel.remove(control)
    return control.step


def _describe(permissions: dict[str, int]) -> str:
    return ", ".join(
        f"{name} {value:04o}" if name == "mode" else f"{name} {value}"
        for name, value in permissions.items()
    )
