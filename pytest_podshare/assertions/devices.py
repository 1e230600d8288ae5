"""Proof that two containers have the same block device."""

from __future__ import annotations

import contextlib
import secrets
import time

from pytest_podshare import errors
from pytest_podshare.assertions import failure, sentinel
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import blocks
from pytest_podshare.containers.fileops.posix_shell import Refused
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@recorded
def assert_device_shared(
    pod: Pod, *, from_c: str, to_c: str, volume: str, offset: int, timeout: float | None = None
) -> Evidence:
    """Prove that `to_c` reads from a block device what `from_c` writes to it.

    Write 512 random bytes at an offset through the devicePath of one container, read them through
    that of the other, and restore what was there before. Nothing is written by default, since
    any block may hold data: name one that no application uses while the test runs.

    Kubernetes promises a claim with `volumeMode: Block` as the same raw device to every container
    that lists it in its `volumeDevices` (documentation: Persistent Volumes, Raw Block Volume
    Support).

    Args:
        pod: the Pod.
        from_c: name of the container that writes.
        to_c: name of the container that reads.
        volume: name of the volume, which both list in their `volumeDevices`.
        offset: where to write, in bytes from the start of the device; a multiple of 512.
        timeout: seconds until `to_c` must read it; None for --podshare-visible-timeout.

    Returns:
        Evidence: what was written and read.

    Raises:
        AssertionError: the bytes are not read, or the device cannot be read or written.
        NoSharedVolume: a container does not list the volume (also an AssertionError).
        UnknownContainer: the Pod has no such container.
        ExecError: a command could not be run; nothing was learned.
        ValueError: the offset is not a multiple of 512.
    """
    if offset < 0 or offset % blocks.SIZE:
        raise ValueError(f"offset={offset} is not a multiple of {blocks.SIZE}")
    writer, reader = pod[from_c], pod[to_c]
    source, target = (_find_device(pod, container, volume) for container in (writer, reader))
    index, start = offset // blocks.SIZE, time.monotonic()
    before = blocks.read(writer, source.path, index)
    if not isinstance(before, bytes):
        raise _refused(pod, source, before, "read")
    content = secrets.token_bytes(blocks.SIZE)
    try:
        refused = blocks.write(writer, source.path, index, content)
        if refused is not None:
            raise _refused(pod, source, refused, "write to")
        wrote = sentinel.step("wrote", source, content, start)
        deadline = Deadline(pod.live.timeouts.resolve("visible", timeout))
        seen = poll(
            lambda: blocks.read(reader, target.path, index),
            until=lambda found: found == content,
            deadline=deadline,
        )
    finally:
        with contextlib.suppress(errors.PodshareError):
            blocks.write(writer, source.path, index, before)
    if seen != content:
        raise failure.promise_broken(
            pod,
            f"{to_c!r} does not read what {from_c!r} wrote to the device of volume {volume!r}",
            source,
            target,
            expected=f"{source}  {failure.describe(content)}",
            got=f"{target}  {failure.describe(seen)}  (for {deadline.seconds:g} s)",
            cause=volume_causes.explain_device(source, target, seen),
        )
    claim = f"{to_c} reads what {from_c} wrote to the device of {volume} at {offset}"
    saw = sentinel.step("saw", target, content, start)
    containers = [writer, reader]
    return pod.create_evidence(
        claim, sentinel.METHOD, start=start, events=[wrote, saw], containers=containers
    )


def _find_device(pod: Pod, container: Container, volume: str) -> FileLocation:
    """Return where a container has the device of a volume."""
    for device in container.spec.devices:
        if device.volume == volume:
            return FileLocation(container, device.folder, device)
    listed = ", ".join(str(device) for device in container.spec.devices) or "no device"
    raise failure.refuted_by_spec(
        pod,
        f"{container.name!r} has no device of volume {volume!r}",
        expected=f"{container} lists volume {volume} in its volumeDevices",
        got=f"{container} lists {listed}",
        cause=Cause(
            "not mounted",
            f"{container} does not list volume {volume!r} in its volumeDevices",
            f"Add {volume!r} to the volumeDevices of {container}.",
            (container, None),
        ),
    )


def _refused(pod: Pod, location: FileLocation, seen: object, verb: str) -> errors.PromiseBroken:
    return failure.promise_broken(
        pod,
        f"{location.container.name!r} cannot {verb} the device of volume {location.volume!r}",
        location,
        expected=f"{location}  a block device",
        got=seen if isinstance(seen, Refused) else str(seen),
        cause=volume_causes.explain_device(location, location, seen),
    )
