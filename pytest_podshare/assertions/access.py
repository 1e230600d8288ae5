"""Who may do what in a volume: read-only, writable, owners and modes."""

from __future__ import annotations

import time

from pytest_podshare import errors
from pytest_podshare.assertions import sentinel
from pytest_podshare.assertions.recording import promise_broken, recorded
from pytest_podshare.containers.fileops import mountinfo, operations
from pytest_podshare.diagnosis import diagnose, volume_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import VolumeMount

# the Pod's own tmpfs, which every container may write to
_WRITABLE = VolumeMount("(shared memory)", "/dev/shm")  # noqa: S108 RUF100
_EROFS = "Read-only file system"


@recorded
def assert_read_only(pod: Pod, *, container: str, volume: str) -> Evidence:
    """Prove that a container cannot write to a volume, because it is mounted read-only.

    A write is tried and must be refused as on a read-only file system, and the container's own
    table of mounts must say `ro`: a folder that merely belongs to somebody else does not pass. The
    control of the same call: the same write succeeds in /dev/shm.

    Kubernetes promises it of `readOnly: true`, for this container alone, and of ConfigMaps and
    Secrets always.

    Args:
        pod: the Pod.
        container: the container.
        volume: the volume, which it mounts.

    Returns:
        Evidence, with the mount.

    Raises:
        AssertionError: it can be written to, or is refused for another reason.
        NoSharedVolume: the container does not mount it.
        ControlMissing: it cannot write anywhere, so that its failing here means nothing.
    """
    begun = time.monotonic()
    events: list[object] = []
    for mount in sentinel.mounts_of(pod, container, volume):
        path = f"{mount.path}/{sentinel.new_name()}"
        refused = operations.write(pod[container], path, b"x")
        if refused is None:
            operations.remove(pod[container], path)
        entry = mountinfo.find_mount(pod[container], mount.path)
        if refused is None or refused.message != _EROFS or entry is None or not entry.read_only:
            live = str(entry or f"nothing mounted at {mount.path}")
            raise promise_broken(
                pod,
                f"volume {volume!r} is not read-only for {container!r}",
                expected=f"{container}:{path}  {_EROFS}",
                got="written" if refused is None else refused,
                where=f"{container} has {mount}",
                volume=volume,
                containers=[container],
                cause=volume_causes.explain_writable(container, mount, live)
                if refused is None
                else diagnose.write_refused(pod, FileLocation(container, path, mount), refused),
            )
        events += [f"{container} was refused: {_EROFS}", str(entry)]
    (control,) = _control(pod, container)
    return pod.record(
        f"{container} cannot write to {volume}",
        method=sentinel.METHOD,
        begun=begun,
        events=[*events, control.wrote],
        containers=[container],
    )


@recorded
def assert_writable(pod: Pod, *, container: str, volume: str) -> Evidence:
    """Prove that a container can write to a volume, and read what it wrote.

    Args:
        pod: the Pod.
        container: the container.
        volume: the volume, which it mounts.

    Returns:
        Evidence.

    Raises:
        AssertionError: it cannot; says why not (`Permission denied`, `Read-only file system`).
        NoSharedVolume: the container does not mount it.
    """
    begun = time.monotonic()
    events: list[object] = []
    for mark in sentinel.write(pod, container, sentinel.mounts_of(pod, container, volume)):
        events += [mark.wrote, sentinel.assert_present(pod, mark)]
        sentinel.remove(pod, mark)
    claim = f"{container} can write to {volume}"
    return pod.record(
        claim, method=sentinel.METHOD, begun=begun, events=events, containers=[container]
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
    """Prove who owns a file or folder, and its mode, as a container sees them.

    Kubernetes promises 0777 of an emptyDir on disk, 1777 of one in memory, the group and setgid of
    fsGroup, and `defaultMode` of files from ConfigMaps, Secrets and the downward API.

    Args:
        pod: the Pod.
        container: the container.
        path: a file or folder, as it names it; a symlink is followed.
        uid: the owner that it must have; None for any.
        gid: the group that it must have; None for any.
        mode: the mode that it must have, for example `0o2777`; None for any.

    Returns:
        Evidence, with all three.

    Raises:
        AssertionError: one of them differs, or there is nothing at that path.
        TypeError: nothing was asked.
    """
    begun = time.monotonic()
    wanted = {"uid": uid, "gid": gid, "mode": mode}
    if all(value is None for value in wanted.values()):
        raise TypeError("say what is expected: uid=, gid= or mode=")
    state = operations.stat(pod[container], path)
    has = {"uid": state.uid, "gid": state.gid, "mode": state.mode} if state else {}
    asked = {name: value for name, value in wanted.items() if value is not None}
    if any(has.get(name) != value for name, value in asked.items()):
        raise promise_broken(
            pod,
            f"{path} does not have the permissions that {container!r} should see",
            expected=_described(asked),
            got=_described(has) if has else "missing",
            containers=[container],
            cause=volume_causes.explain_permissions(pod, FileLocation(container, path, None)),
        )
    claim = f"{container}:{path} has {_described(has)}"
    return pod.record(
        claim,
        method="stat in the container",
        begun=begun,
        events=[f"stat of {path}: {_described(has)}"],
        containers=[container],
    )


def _control(pod: Pod, container: str) -> list[sentinel.SentinelFile]:
    try:
        left = sentinel.write(pod, container, [_WRITABLE])
    except AssertionError as error:
        raise errors.ControlMissing(
            f"{container} of {pod} cannot write to {_WRITABLE.path} either: {error}",
            "Its failing to write to the volume means nothing; see its user and its image.",
        ) from None
    for mark in left:
        sentinel.remove(pod, mark)
    return left


def _described(values: dict[str, int]) -> str:
    parts = [
        f"{name} {value:04o}" if name == "mode" else f"{name} {value}"
        for name, value in values.items()
    ]
    return ", ".join(parts)
