"""Proofs about containers that have ended: init containers, and the containers of a Job."""

from __future__ import annotations

import dataclasses
import posixpath
import time
from collections.abc import Sequence

from pytest_podshare import errors
from pytest_podshare.assertions import failure, left_files, possible_writers, skeleton_files
from pytest_podshare.assertions.sentinel import SentinelFile
from pytest_podshare.containers import run_clocks
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import changes, operations
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.run_times import RunTimes
from pytest_podshare.diagnosis import init_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.kube import pod_status
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.mount_kinds import is_writable
from pytest_podshare.wiring.run_order import (
    list_init_writers,
    list_running,
    runs_before_or_beside,
)
from pytest_podshare.wiring.shared_mounts import SharedMount, find_shared_mount


def check_order(pod: Pod, writer: Container, reader: Container) -> None:
    """Check that the writer runs before or beside the reader.

    Raises:
        PromiseBroken: the reader has ended before the writer starts.
    """
    if writer is reader or runs_before_or_beside(pod.wiring, writer.spec, reader.spec):
        return
    raise failure.promise_broken(
        pod,
        f"{reader.name!r} cannot see what {writer.name!r} writes",
        expected=f"{writer} runs before or beside {reader}",
        got=f"{reader} has ended before {writer} starts",
        cause=init_causes.explain_wrong_order(writer, reader),
    )


def prove_visible(
    pod: Pod,
    writer: Container,
    reader: Container,
    shared: Sequence[SharedMount],
    *,
    path: str | None,
    expected: Content | None,
) -> Evidence:
    """Prove that a reader sees what a writer left, of whom at least one has ended.

    Args:
        pod: the Pod.
        writer: the container that writes.
        reader: the container that reads.
        shared: their mounts of each volume.
        path: a file, as the writer names it; None for anything that it left.
        expected: what that file must hold; None for anything.

    Raises:
        AssertionError: the reader does not see it.
        Unprovable: it cannot be told who wrote what, or the reader has ended.
    """
    start = time.monotonic()
    found = _look(pod, writer, reader, shared, path=path, expected=expected)
    return pod.create_evidence(
        found.claim, found.method, start=start, events=found.events, containers=found.containers
    )


@dataclasses.dataclass(frozen=True)
class _Finding:
    """What a reader sees of a writer: what was proved, how, the events, and who was inspected."""

    claim: str
    method: str
    events: tuple[object, ...]
    containers: tuple[Container, ...] = ()


def _look(
    pod: Pod,
    writer: Container,
    reader: Container,
    shared: Sequence[SharedMount],
    *,
    path: str | None = None,
    expected: Content | None = None,
) -> _Finding:
    """Return what a reader sees of a writer; see `prove_visible`."""
    events: list[object] = []
    names = ", ".join(pair.volume.name for pair in shared)
    claim, method = f"{reader} sees what {writer} left in {names}", skeleton_files.METHOD
    if pod.manifest.stand_in and path is None and "init" in (writer.spec.role, reader.spec.role):
        steps = skeleton_files.prove(pod, writer, reader, shared)
        return _Finding(claim, method, tuple(steps))
    if has_ended(pod, reader):
        raise _only_present(pod, writer, reader, shared)
    reader.open()
    times = _read_times(pod)
    for pair in shared:
        found = left_files.find_left_files(pod, writer, reader, pair, times, path)
        events += found.prove_any() if path is None else found.prove_file(expected)
        method = f"{left_files.METHOD} {times.source}"
        if path is not None and not found.origins.own:
            claim = f"{reader} sees {found.location.path} in {names}; its times do not show that"
            claim += f" {writer} wrote it"
    return _Finding(claim, method, tuple(events), (reader,))


def _read_times(pod: Pod) -> RunTimes:
    """Return when the containers of a Pod ran."""
    raw = pod.live.check_still_there()
    return run_clocks.read_run_times(raw, [pod[spec.name] for spec in pod.wiring.containers])


def find_output(pod: Pod, reader: Container, volume: str) -> list[SentinelFile]:
    """Return a file of each init container that left one where a running container sees it.

    Raises:
        AssertionError: no init container has left anything there.
        Unprovable: it cannot be told who wrote what.
    """
    found: list[SentinelFile] = []
    problem: Exception = errors.NoSharedVolume(
        f"No init container of {pod} writes to a folder of volume {volume!r} that {reader} sees.",
        "Name a volume that an init container and this one mount.",
    )
    for spec in list_init_writers(pod.wiring, volume):
        shared = find_shared_mount(pod.wiring, spec.name, reader.name, volume)
        if shared is None:
            continue
        try:
            finding = _look(pod, pod[spec.name], reader, [shared])
        except (AssertionError, errors.Unprovable) as error:
            problem = error
            continue
        for step in finding.events:
            if isinstance(step, Step) and step.action == "saw":
                found.append(_read(pod, reader, shared, step, spec.name))
    if not found:
        raise problem
    return found


def reads_only_output(pod: Pod, reader: Container, volume: str) -> bool:
    """Return whether a container can create no file in a volume, but init containers can.

    It mounts the volume read-only, or only a file of it.
    """
    spec, mounts = pod.wiring.volume(volume), reader.spec.mounts_of(volume)
    if spec is None or not mounts or any(is_writable(mount, spec) for mount in mounts):
        return False
    return bool(list_init_writers(pod.wiring, volume))


def find_reader(pod: Pod, volume: str) -> Container | None:
    """Return a running container of a volume into which only init containers write.

    None if a running container can write to it as well, or if there is no such volume.
    """
    running = [pod[spec.name] for spec in list_running(pod.wiring) if spec.mounts_of(volume)]
    if running and all(reads_only_output(pod, container, volume) for container in running):
        return running[0]
    return None


def is_older(pod: Pod, file: SentinelFile) -> bool:
    """Return whether a file has not changed since the init container started that wrote it once."""
    writer, path = pod[file.left_by], file.location.path
    shared = find_shared_mount(pod.wiring, writer.name, file.container.name, file.location.volume)
    assert shared is not None, "it was found there before"
    own_path = posixpath.join(shared.from_dir, posixpath.relpath(path, shared.to_dir))
    try:
        times = _read_times(pod)
        found = left_files.find_left_files(pod, writer, file.container, shared, times, own_path)
    except AssertionError:
        return False
    return bool(found.origins.older)


def _read(
    pod: Pod, reader: Container, shared: SharedMount, step: Step, left_by: str
) -> SentinelFile:
    location = FileLocation(reader, step.path, shared.to_mount)
    content = operations.read(reader, step.path, root=location.root)
    seen = content if isinstance(content, bytes) else b""
    return SentinelFile(location, seen, step, pod.uid, reader, is_ours=False, left_by=left_by)


def has_ended(pod: Pod, container: Container) -> bool:
    """Return whether a container has ended and will not be started again."""
    if container.spec.role == "init":
        return True
    raw = pod.live.check_still_there()
    policy = container.spec.restart_policy
    return pod_status.find_final_termination(raw, container.name, policy) is not None


def _only_present(
    pod: Pod, writer: Container, reader: Container, shared: Sequence[SharedMount]
) -> errors.Unprovable:
    """Return the error that says what is in the volume, which the reader cannot say any more."""
    got = [_describe_presence(pod, writer, pair) for pair in shared]
    why = f"ended: {reader} has ended, and can no longer say what it saw"
    facts = {"got": "; ".join(got), "why": why, "to do": possible_writers.SKELETON, "pod": pod}
    return errors.Unprovable(
        f"Cannot prove that {reader} saw what {writer} wrote.",
        possible_writers.SKELETON,
        cause="ended",
        facts=failure.named(facts),
    )


def _describe_presence(pod: Pod, writer: Container, pair: SharedMount) -> str:
    """Return what a running container sees in the folder that the two share."""
    volume = pair.volume.name
    for spec in list_running(pod.wiring):
        container = pod[spec.name]
        shared = find_shared_mount(pod.wiring, writer.name, spec.name, volume)
        if shared is None or has_ended(pod, container):
            continue
        folder = pair.from_dir if spec.name == writer.name else shared.to_dir
        listing = changes.list_changes(container, folder)
        if isinstance(listing, list):
            names = sorted(
                posixpath.relpath(change.path, folder) for change in listing if not change.is_folder
            )
            shown = f"{', '.join(names[:5])}{', …' if len(names) > 5 else ''}" or "no file"
            return f"present in volume {volume}, as {container} sees it: {shown}"
    return f"no running container sees volume {volume}"
