"""What the containers of a skeleton left and saw, by their own reports.

The reports are in their logs: an init container has ended before anything can be run in it.
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Iterable

from pytest_podshare import errors
from pytest_podshare.assertions import failure, possible_writers, sentinel
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import operations
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing
from pytest_podshare.diagnosis import diagnose, init_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import skeleton_script
from pytest_podshare.wiring.shared_mounts import SharedMount
from pytest_podshare.wiring.skeleton_script import SkeletonReport

METHOD = "random content, by the reports of the init containers"


def prove(
    pod: Pod, writer: Container, reader: Container, shared: Iterable[SharedMount]
) -> list[Step]:
    """Return the evidence that a reader sees what a container of a skeleton left in each volume.

    Raises:
        AssertionError: the writer could not write it, or the reader does not see it.
    """
    start, steps = time.monotonic(), list[Step]()
    report, reader_report = _read_report(writer), _read_own_report(reader)
    for pair in shared:
        path = skeleton_script.writer_path(pair, writer.name, pod.uid)
        source = FileLocation(writer, path, pair.from_mount)
        content = report.wrote.get(path)
        if content is None:
            raise _not_written(pod, source, report)
        steps.append(sentinel.step("wrote", source, _with_newline(content), start))
        path = skeleton_script.reader_path(pair, writer.name, pod.uid)
        target = FileLocation(reader, path, pair.to_mount)
        steps.append(_check_seen(pod, source, target, content, reader_report))
    return steps


def _read_report(container: Container) -> SkeletonReport:
    return skeleton_script.parse_report(container.logs())


def _read_own_report(reader: Container) -> SkeletonReport | None:
    """Return what an init container reported; None for others, which are looked into instead."""
    return _read_report(reader) if reader.spec.role == "init" else None


def _check_seen(
    pod: Pod,
    source: FileLocation,
    target: FileLocation,
    content: str,
    report: SkeletonReport | None,
) -> Step:
    """Return the evidence that a reader sees a content, by its report or by its own shell."""
    start = time.monotonic()
    if report is not None:
        seen, refusal = report.saw.get(target.path, ()), report.refused.get(target.path)
        cause = _explain_init(pod, target, report, refusal)
        got: object = refusal or (Content.from_bytes(_with_newline(seen[0])) if seen else Missing())
    else:
        read = operations.read(target.container, target.path, root=target.root)
        # several init containers may have added to a single file
        seen = tuple(read.decode(errors="replace").split()) if isinstance(read, bytes) else ()
        cause, got = None, read
    if content not in seen:
        what = sentinel.describe(source, "wrote")
        raise failure.promise_broken(
            pod,
            f"{target.container.name!r} does not see {what}",
            source,
            target,
            expected=f"{source}  {Content.from_bytes(_with_newline(content))}",
            got=f"{target}  {failure.describe(got)}",
            cause=cause or diagnose.not_visible(pod, source, target, got, existed=True),
            inspected=[],
        )
    return sentinel.step("saw", target, _with_newline(content), start)


def prove_apart(pod: Pod, writer: Container, reader: Container, volume: str | None) -> Evidence:
    """Prove that a reader sees nothing of what a container of a skeleton left.

    Raises:
        AssertionError: it sees a file.
        ControlMissing: the reader would not have reported one.
        Unprovable: the applications ran, and one of the containers has ended.
    """
    start = time.monotonic()
    if not pod.manifest.stand_in:
        raise errors.Unprovable(
            f"Cannot prove that {reader} saw nothing of {writer}: an init container has ended.",
            possible_writers.SKELETON,
            cause="ended",
        )
    report, reader_report = _read_report(writer), _read_own_report(reader)
    steps: list[object] = []
    for path, content in report.wrote.items():
        mount = writer.spec.covering_mount(path)
        if mount is not None and volume in (None, mount.volume):
            source = FileLocation(writer, path, mount)
            steps.append(sentinel.step("wrote", source, _with_newline(content), start))
            _check_unseen(pod, source, reader, content, reader_report)
    if not steps:
        raise errors.NoSharedVolume(
            f"{writer.name!r} of {pod} has written nothing to {volume or 'any volume'}.",
            "Name a container and a volume that it can write to.",
        )
    steps.append(_check_control(reader, reader_report))
    claim = f"{reader} sees nothing of what {writer} left"
    return pod.create_evidence(claim, METHOD, start=start, events=steps, containers=[])


def _check_unseen(
    pod: Pod,
    source: FileLocation,
    reader: Container,
    content: str,
    report: SkeletonReport | None,
) -> None:
    """Check that a reader sees a file at none of its mounts."""
    if report is not None:
        found = [path for path, contents in report.saw.items() if content in contents]
    else:
        folders = [mount.path for mount in reader.spec.mounts]
        found = operations.find(reader, folders, posixpath.basename(source.path))
    if found:
        where = FileLocation(reader, found[0], reader.spec.covering_mount(found[0]))
        mounts = failure.describe_mounts(reader)
        raise failure.promise_broken(
            pod,
            f"{reader.name!r} sees {sentinel.describe(source, 'wrote')}",
            source,
            expected=f"no file of {source.container} in {reader}",
            got=", ".join(f"{reader}:{path}" for path in found),
            where=f"{source.container} mounts {source.mount}; {reader} {mounts}",
            cause=init_causes.explain_same_folder(source, where),
            inspected=[],
        )


def _check_control(reader: Container, report: SkeletonReport | None) -> str:
    """Check that a reader finds a file that it has, and return that as evidence."""
    if report is None:
        return sentinel.check_search(reader)
    own = [path for path, content in report.wrote.items() if content in report.saw.get(path, ())]
    if not own:
        raise errors.ControlMissing(
            f"{reader} has reported no file that it wrote itself, so its report proves nothing.",
            "Let it mount a volume that it can write to.",
        )
    return f"{reader} found {own[0]} by the same search"


def _with_newline(content: str) -> bytes:
    return f"{content}\n".encode()


def _not_written(pod: Pod, source: FileLocation, report: SkeletonReport) -> Exception:
    refusal = report.refused.get(source.path, "it has printed no report about it")
    if source.mount is not None and source.mount.read_only:
        refusal = f"Read-only file system: its volumeMount at {source.mount.path} sets readOnly"
    return failure.promise_broken(
        pod,
        f"{source.container.name!r} cannot write to volume {source.volume!r}",
        source,
        expected=f"{source}  written",
        got=refusal,
        cause=init_causes.explain_refusal(source, report.user, refusal, pod.wiring),
        inspected=[],
    )


def _explain_init(
    pod: Pod, target: FileLocation, report: SkeletonReport, refusal: str | None
) -> Cause:
    """Return why an init container did not see a file."""
    if refusal is not None:
        return init_causes.explain_refusal(target, report.user, refusal, pod.wiring)
    return init_causes.explain_missing(target, list(report.saw))
