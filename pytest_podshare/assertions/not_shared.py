"""Proof that one container sees nothing of what another writes."""

from __future__ import annotations

import functools
import posixpath
import time

from pytest_podshare import errors
from pytest_podshare.assertions import failure, sentinel, skeleton_files
from pytest_podshare.assertions.mount_selection import (
    describe_pods,
    find_containers,
    new_location,
    other_folders,
    writable_mounts,
)
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.fileops import operations
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import volume_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@recorded
def assert_not_shared(
    pod: Pod,
    *,
    from_c: str,
    to_c: str,
    to_pod: Pod | None = None,
    volume: str | None = None,
    window: float = 0.5,
) -> Evidence:
    """Prove that `to_c` sees nothing of what `from_c` writes.

    Write a file with a new name and random content to each volume that `from_c` can write to (or to
    `volume`): through each of its mounts, and in each folder in them that `to_c` mounts. For a
    while, look for that name below every mount of `to_c`, and at the path where `from_c` has it.
    Two controls show that the result means something: `from_c` sees the file, and the same search
    finds a file that `to_c` is known to have.

    An init container has ended, so this is proved for skeletons only, by what each one reported.

    Kubernetes promises that a container sees the volumes that its volumeMounts name, and of those
    only the subPath (documentation: Volumes, Using subPath). Each replica of a StatefulSet has
    claims of its own from the volumeClaimTemplates (documentation: StatefulSets, Stable Storage).

    Args:
        pod: the Pod.
        from_c: name of the container that writes.
        to_c: name of the container that must not see the file.
        to_pod: the Pod of `to_c`, if it is another one; both containers may have the same name.
        volume: name of the volume; None for every volume that `from_c` can write to.
        window: seconds during which the file must stay unseen. A network file system may show a new
            file on another node only later: then use more than its cache takes.

    Returns:
        Evidence: what was written, and the controls.

    Raises:
        AssertionError: the file is seen.
        NoSharedVolume: `from_c` has no such volume, or none that it can write to.
        UnknownContainer: the Pod has no such container.
        ControlMissing: the search does not work in `to_c`.
        Unprovable: one of them is an init container, and its application ran.
        ExecError: a command could not be run; nothing was learned.
    """
    writer, reader = find_containers(pod, from_c, to_c, to_pod)
    start = time.monotonic()
    events: list[object] = [*describe_pods(writer, reader)]
    if "init" in (writer.spec.role, reader.spec.role):
        return skeleton_files.prove_apart(pod, writer, reader, volume)
    files = sentinel.write_through(pod, writer, writable_mounts(writer, volume))
    for mount, folder in other_folders(writer, reader, volume):
        try:
            files.append(sentinel.write(pod, new_location(writer, mount, folder)))
        except errors.PromiseBroken as refused:
            # the reader can see nothing in a folder in which the writer can create nothing
            events.append(f"{refused.what} in {folder}")
    for file in files:
        events += [file.step, sentinel.assert_present(pod, file)]
        folder, name = posixpath.split(file.location.path)
        folders = [*(mount.path for mount in reader.spec.mounts), folder]
        search = functools.partial(operations.find, reader, folders, name)
        found = poll(search, until=bool, deadline=Deadline(window))
        sentinel.remove(file)
        if found:
            seen_at = FileLocation(reader, found[0], None)
            mounts = failure.describe_mounts(reader)
            raise failure.promise_broken(
                pod,
                f"{str(reader)!r} sees {file}",
                file.location,
                expected=f"no file {name} in {reader}",
                got=", ".join(f"{reader}:{path}" for path in found),
                where=f"{writer} mounts {file.location.mount}; {reader} {mounts}",
                cause=volume_causes.explain_shared_folder(pod, file.location, seen_at),
                inspected=[writer, reader],
                to_pod=to_pod,
            )
        events.append(sentinel.check_search(reader))
    claim = f"{reader} sees nothing of what {writer} wrote to {sentinel.volume_names(files)}"
    method = f"{sentinel.METHOD}, searched for {window:g} s"
    return pod.create_evidence(
        claim, method, start=start, events=events, containers=[writer, reader]
    )
