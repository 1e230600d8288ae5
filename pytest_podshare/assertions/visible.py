"""Proof that one container sees what another writes."""

from __future__ import annotations

import time

from pytest_podshare import errors
from pytest_podshare.assertions import ended_containers, failure, sentinel
from pytest_podshare.assertions.mount_selection import (
    describe_pods,
    find_containers,
    find_shared,
    is_within,
)
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.assertions.transfer import Transfer
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import operations
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.node_shell import NodeShell
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.file_modes import find_private_modes
from pytest_podshare.wiring.shared_mounts import SharedMount


@recorded
def assert_file_visible(
    pod: Pod,
    *,
    from_c: str,
    to_c: str,
    to_pod: Pod | None = None,
    volume: str | None = None,
    path: str | None = None,
    content: bytes | str | None = None,
    timeout: float | None = None,
) -> Evidence:
    """Prove that `to_c` sees what `from_c` writes to the volumes they share.

    Without a `path`, write a file with a new name and random content through the writer's mount,
    read it through the reader's own mountPath and subPath, compare the SHA-256 digests and remove
    it. With a `path`, read that file of the application in both containers and compare.

    If the writer has ended, as init containers have, the reader must see what it left: files whose
    change time (ctime) lies between its start and its end, when no other container could write. In
    a skeleton, the writer reports its random content. Named by `path`, a file of several possible
    writers is proved to be seen, and the evidence names them.

    Kubernetes promises that all containers of a Pod that mount a volume see the same files, at the
    same or at different paths (documentation: Volumes, emptyDir). Containers of two Pods see the
    same files if their volumes have the same claim; the access modes of the claim say on how many
    nodes, or in how many Pods (documentation: Persistent Volumes, Access Modes).

    Args:
        pod: the Pod.
        from_c: name of the container that writes.
        to_c: name of the container that reads.
        to_pod: the Pod of `to_c`, if it is another one. Volumes of two Pods are the same if they
            have the same claim, the same network storage, or a hostPath on the same node.
        volume: name of the volume, as `pod` calls it; None for every volume they share.
        path: absolute path of a file of the application, as `from_c` names or named it.
        content: with a `path`, what the file must hold.
        timeout: seconds until `to_c` must see it; None for --podshare-visible-timeout.

    Returns:
        Evidence: what was written and seen, where, and how long it took. If the writer's command
        has `umask 077` or the like, it says that files of the application may be private.

    Raises:
        AssertionError: the file is not seen, its content differs, the writer has left nothing, or
            `to_c` has ended before `from_c` starts.
        NoSharedVolume: by their mounts the two share no folder (also an AssertionError).
        UnknownContainer: the Pod has no such container.
        ExecError: a command could not be run; nothing was learned about the file.
        Unprovable: a container cannot be accessed, `to_c` has ended, or several containers may have
            written what it sees; says what is present in the volume.
        TypeError: `content` without `path`.
    """
    if content is not None and path is None:
        raise TypeError("content= is what the file at path= must hold: pass path= as well")
    writer, reader = find_containers(pod, from_c, to_c, to_pod)
    start = time.monotonic()
    held = content.encode() if isinstance(content, str) else content
    expected = None if held is None else Content.from_bytes(held)
    if writer.pod is reader.pod:
        ended_containers.check_order(pod, writer, reader)
    shared = _find_shared(pod, writer, reader, volume, path, to_pod)
    transfers = [Transfer.of(pod, writer, reader, mounts, path, to_pod) for mounts in shared]
    seconds = pod.live.timeouts.resolve("visible", timeout)
    steps: list[Step] = []
    try:
        if "init" in (writer.spec.role, reader.spec.role):
            return ended_containers.prove_visible(
                pod, writer, reader, shared, path=path, expected=expected
            )
        # outside of all timing: opening a session takes longer than every check through it
        writer.open()
        reader.open()
        for transfer in transfers:
            if path is None:
                steps += transfer.prove_new_file(seconds)
            else:
                steps += transfer.prove_file(expected, seconds)
    except (errors.ContainerEnded, errors.ContainerExited):
        # it had ended before, or it has ended during the check
        if writer.pod is not reader.pod or not ended_containers.has_ended(pod, writer):
            raise
        return ended_containers.prove_visible(
            pod, writer, reader, shared, path=path, expected=expected
        )
    except errors.ToolMissing as missing:
        raise _only_present(transfers, path, missing) from None
    names = ", ".join(mounts.volume.name for mounts in shared)
    claim, containers = f"{reader} sees what {writer} wrote to {names}", [writer, reader]
    paths = [mounts.from_dir for mounts in shared]
    notes = _note_private_modes(writer, reader, paths) if path is None else []
    events = [*describe_pods(writer, reader, shared), *steps, *notes]
    return pod.create_evidence(
        claim, sentinel.METHOD, start=start, events=events, containers=containers
    )


def _note_private_modes(writer: Container, reader: Container, paths: list[str]) -> list[str]:
    """Return that a file of podshare says nothing about files with the modes of the writer.

    Args:
        writer: the writer.
        reader: the reader.
        paths: the writer's paths of the folders that both see.
    """
    modes = find_private_modes(writer.spec, paths)
    if not modes:
        return []
    return [
        f"this is about the folder, not about files of {writer} with modes of its own"
        f" (`{'`, `'.join(modes)}`): prove those with"
        f" assert_readable(container={reader.name!r}, path=…)"
    ]


def _find_shared(
    pod: Pod,
    writer: Container,
    reader: Container,
    volume: str | None,
    path: str | None,
    to_pod: Pod | None,
) -> tuple[SharedMount, ...]:
    """Return the mounts through which the two containers share folders, by the Pods' specs.

    If nothing is named, leave out volumes that only the kubelet fills: nothing can be written
    there. If a path is named, return the one folder it is in.
    """
    shared = tuple(
        mounts
        for mounts in find_shared(writer, reader)
        if mounts.volume.name == volume
        or (volume is None and (path is not None or mounts.volume.is_written_by_containers))
    )
    if not shared:
        headline = f"{str(reader)!r} does not see what {str(writer)!r} writes"
        shares = f"volume {volume!r}" if volume else "the same volume and see the same folder"
        expected = f"{writer} and {reader} mount {shares}"
        if writer.pod is not reader.pod:
            expected = f"{writer} and {reader} mount the same folder of a claim"
        got = "; ".join(
            f"{mounter} {failure.describe_mounts(mounter)}" for mounter in (writer, reader)
        )
        cause = diagnose.not_shared(pod, writer, reader, volume)
        raise failure.refuted_by_spec(
            pod, headline, expected=expected, got=got, cause=cause, to_pod=to_pod
        )
    if path is None:
        return shared
    around = tuple(mounts for mounts in shared if is_within(path, mounts.from_dir))
    if len(around) != 1:
        folders = ", ".join(mounts.from_dir for mounts in shared)
        raise errors.NoSharedVolume(
            f"{writer}:{path} is not in a volume that both {writer} and {reader} see.",
            f"Pass an absolute path below one of the folders that {writer} shares: {folders}",
        )
    return around


def _only_present(
    transfers: list[Transfer], path: str | None, missing: errors.ToolMissing
) -> errors.ExecError:
    """Return what can be said without access to a container: that the file is in the volume."""
    pod, writer, reader = transfers[0].pod, transfers[0].writer, transfers[0].reader
    if not pod.cluster.own:
        return missing
    try:
        for transfer in transfers:
            if path is None:
                file = sentinel.write(pod, transfer.writer, node_fallback=True)
            else:
                file = sentinel.of_application(pod, writer.container, path)
            seen = operations.read(NodeShell(reader.container), transfer.reader.path)
            sentinel.remove(file)
            if seen != file.content:
                return missing
    except (errors.PodshareError, AssertionError):
        return missing
    volumes = ", ".join(transfer.writer.volume for transfer in transfers)
    remedy, cause = f"{missing.fix}.", "tool missing"
    has = "wrote" if path is None else "has"
    what = f"Cannot prove that {reader.container} sees what {writer.container} {has}."
    node = reader.container.pod.node
    got = f"present in the volume ({volumes}) on node {node}, not checked from a container"
    facts = {"got": got, "why": f"{cause}: {missing.what}", "to do": remedy, "pod": pod}
    return errors.Unprovable(what, remedy, cause=cause, facts=failure.named(facts))
