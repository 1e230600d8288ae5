"""Proof that what one container mounts in a volume reaches another."""

from __future__ import annotations

import posixpath
import time

from pytest_podshare import errors
from pytest_podshare.assertions import failure, sentinel
from pytest_podshare.assertions.mount_selection import new_location
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.assertions.transfer import Transfer
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import mountinfo, operations, tmpfs
from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import diagnose, propagation_causes
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import propagation
from pytest_podshare.wiring.shared_mounts import SharedMount, find_shared_mounts


@recorded
def assert_mount_propagated(
    pod: Pod, *, from_c: str, to_c: str, volume: str | None = None, timeout: float | None = None
) -> Evidence:
    """Prove that `to_c` sees what `from_c` mounts in a volume while both are running.

    Mount a tmpfs of 64 KiB on a new folder of the volume in `from_c`, write a file with random
    content to it, and read the file in `to_c`. The tmpfs is in the mount table of `from_c`: the
    control. Then unmount it and remove the folder. What the application itself mounts is proved
    with `assert_file_visible` and a `path` in it.

    Kubernetes promises this for a mount with `mountPropagation: Bidirectional` in a privileged
    container, and one with `HostToContainer` or `Bidirectional` in the other, also after a restart
    of the first (documentation: Volumes, Mount propagation).

    Args:
        pod: the Pod.
        from_c: name of the container that mounts; its image needs `mount` and a shell.
        to_c: name of the container that must see the file.
        volume: name of the volume; None for every volume they share whose mounts `from_c`
            propagates.
        timeout: seconds until `to_c` must see it; None for --podshare-visible-timeout.

    Returns:
        Evidence: what was mounted, written and seen.

    Raises:
        AssertionError: the file is not seen, or `from_c` cannot mount anything there.
        NoSharedVolume: by their mounts the two share no folder, or `from_c` propagates no mounts
            (also an AssertionError).
        UnknownContainer: the Pod has no such container.
        ControlMissing: `from_c` itself no longer has what was mounted.
        ExecError: a command could not be run; nothing was learned.
    """
    writer, reader = pod[from_c], pod[to_c]
    start = time.monotonic()
    shared = _find_shared(pod, writer, reader, volume)
    seconds = pod.live.timeouts.resolve("visible", timeout)
    writer.open()
    reader.open()
    if writer.access.is_ephemeral:
        raise errors.Unprovable(
            f"Cannot mount a file system in {writer} of {pod}: its image has no shell.",
            "Prove with assert_file_visible and a path that a file of the application is seen.",
        )
    events: list[object] = []
    for mounts in shared:
        folder = new_location(writer, mounts.from_mount, mounts.from_dir)
        path = posixpath.join(folder.path, "file")
        transfer = Transfer.of(pod, writer, reader, mounts, path)
        with tmpfs.mounted(writer, folder.path) as refused:
            if refused is not None:
                raise failure.promise_broken(
                    pod,
                    f"{writer.name!r} cannot mount a file system in volume {folder.volume!r}",
                    folder,
                    expected=f"{folder}  mounted",
                    got=refused,
                    cause=diagnose.write_refused(pod, folder, refused),
                )
            events += [_check_mounted(writer, folder.path), *_prove_visible(transfer, seconds)]
    names = ", ".join(mounts.volume.name for mounts in shared)
    claim = f"{to_c} sees what {from_c} mounts in {names}"
    containers = [writer, reader]
    return pod.create_evidence(
        claim, sentinel.METHOD, start=start, events=events, containers=containers
    )


def _find_shared(
    pod: Pod, writer: Container, reader: Container, volume: str | None
) -> list[SharedMount]:
    """Return the mounts of each volume through which the writer can propagate mounts."""
    shared = find_shared_mounts(pod.wiring, writer.name, reader.name)
    named = [mounts for mounts in shared if volume in (None, mounts.volume.name)]
    sent = [mounts for mounts in named if propagation.is_sent(mounts.from_mount)]
    if sent:
        return sent
    if named:
        cause = propagation_causes.explain_not_sent(writer, named[0].from_mount)
    else:
        cause = diagnose.not_shared(pod, writer, reader, volume)
    raise failure.refuted_by_spec(
        pod,
        f"{reader.name!r} does not see what {writer.name!r} mounts",
        expected=f"{writer} mounts a volume of {reader} with mountPropagation Bidirectional",
        got="; ".join(
            f"{container} {failure.describe_mounts(container)}" for container in (writer, reader)
        ),
        cause=cause,
    )


def _check_mounted(writer: Container, folder: str) -> MountEntry:
    """Return the entry of a mount point in the container's own mount table."""
    entry = mountinfo.find_mount(writer, folder)
    if entry is None:
        raise errors.ControlMissing(
            f"{writer} of {writer.pod} has nothing mounted at {folder}, although `mount` has"
            " succeeded.",
            "Find out what unmounts it. Without the mount, the other container proves nothing.",
        )
    return entry


def _prove_visible(transfer: Transfer, timeout: float) -> list[object]:
    """Write a file to what was mounted, and wait until the reader sees it."""
    pod, reader = transfer.pod, transfer.reader
    file = sentinel.write(pod, transfer.writer)
    start, deadline = time.monotonic(), Deadline(timeout)
    seen = poll(
        lambda: operations.read(reader.container, reader.path, root=reader.root),
        until=lambda content: content == file.content,
        deadline=deadline,
    )
    if seen != file.content:
        # raises ControlMissing if the writer has lost it meanwhile
        _check_mounted(file.container, posixpath.dirname(file.location.path))
        raise failure.promise_broken(
            pod,
            f"{reader.container.name!r} does not see what {file.container.name!r} mounts in volume"
            f" {reader.volume!r}",
            file.location,
            reader,
            expected=f"{file.location}  {failure.describe(file.content)}",
            got=f"{reader}  {failure.describe(seen)}  (for {timeout:g} s)",
            cause=diagnose.not_visible(pod, file.location, reader, seen, existed=True),
        )
    return [file.step, sentinel.step("saw", reader, file.content, start)]
