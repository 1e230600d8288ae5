"""What a container that has ended left in a volume, as a running container sees it.

Nothing can be run in the writer any more. What it wrote is told by the change times of the files,
which the kernel sets by the clock of the node, and by the times at which the containers ran.
"""

from __future__ import annotations

import dataclasses
import math
import posixpath
import time

from pytest_podshare import errors
from pytest_podshare.assertions import failure, possible_writers, sentinel
from pytest_podshare.assertions.origins import Origins, find_origins, join_names, leave_out_mounts
from pytest_podshare.containers import run_clocks, run_times
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.evidence_entries import Note
from pytest_podshare.containers.fileops import changes, streaming
from pytest_podshare.containers.fileops.changes import Change
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.containers.run_times import RunTime, RunTimes
from pytest_podshare.diagnosis import diagnose, init_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.shared_mounts import SharedMount

METHOD = "by the change times of the files and"
# files to try to read until one can be read
_ATTEMPTS = 20


@dataclasses.dataclass(frozen=True)
class LeftFiles:
    """What a running container sees in a folder that it shares with one that has ended.

    Args:
        pod: the Pod.
        writer: the container that has ended.
        shared: the mounts of both.
        location: the folder, or a file in it, as the reader sees it.
        times: when all containers ran.
        origins: who changed what in it.
        is_cut: whether the folder has more entries than were listed.
    """

    pod: Pod
    writer: Container
    shared: SharedMount
    location: FileLocation
    times: RunTimes
    origins: Origins
    is_cut: bool = False

    def prove_any(self) -> list[object]:
        """Return the evidence that the reader sees something that the writer left.

        Raises:
            AssertionError: it sees nothing, or can read none of it.
            Unprovable: others may have written what it sees.
        """
        own = self.origins.own
        if not own:
            raise self._nothing_left()
        start = time.monotonic()
        files = sorted((c for c in own if c.is_file), key=lambda c: (c.size == 0, c.size))
        refused: tuple[FileLocation, Refused] | None = None
        for change in files[:_ATTEMPTS]:
            location = dataclasses.replace(self.location, path=change.path)
            seen = streaming.read(location.container, location.path, root=location.root)
            if isinstance(seen, Content):
                step = sentinel.step("saw", location, seen, start)
                return [*self._notes(change), step, *self._note_others(change)]
            if isinstance(seen, Refused):
                refused = refused or (location, seen)
        if refused is not None:
            raise _not_seen(self.pod, self.writer, *refused)
        self._check_folders()
        other = min(own, key=lambda c: (c.is_folder, c.path))
        return [*self._notes(other), Note(f"{self.location.container} saw {other}")]

    def prove_file(self, expected: Content | None) -> list[object]:
        """Return the evidence that the reader sees a file that the writer left.

        Where others may have changed it as well, the evidence says so.

        Args:
            expected: what the file must hold; None for anything.

        Raises:
            AssertionError: the reader does not see it, it holds something else, or it is older.
        """
        location, start = self.location, time.monotonic()
        seen = streaming.read(location.container, location.path, root=location.root)
        if not isinstance(seen, Content) or expected not in (None, seen):
            raise _not_seen(self.pod, self.writer, location, seen, str(expected or "a file"))
        if self.origins.older:
            raise self._older(self.origins.older[0])
        step = sentinel.step("saw", location, seen, start)
        notes = [self._notes(change) for change in self.origins.own]
        for change, names in (*self.origins.unclear, *self.origins.later):
            when = run_times.format_time(change.earliest)
            by = join_names(names, "or") if names else "none of the Pod's containers"
            notes.append([Note(f"{change.path} last changed at {when}, by {by}")])
        return [*notes[0], step] if notes else [step]

    def _notes(self, change: Change) -> list[object]:
        when = run_times.format_time(change.earliest)
        alone = f"when only {self.writer} could write"
        return [Note(str(self.origins.writer)), Note(f"{change.path} changed at {when}, {alone}")]

    def _note_others(self, shown: Change) -> list[object]:
        folder, reader = self.location.path, self.location.container
        paths = {change.path for change in self.origins.own} - {shown.path, folder}
        names = ", ".join(sorted(posixpath.relpath(path, folder) for path in paths)[:5])
        ellipsis = ", …" if len(paths) > 5 else ""
        return [Note(f"{reader} sees {len(paths)} more: {names}{ellipsis}")] if paths else []

    def _check_folders(self) -> None:
        """Check that the reader can list the folders that the writer left: files may be in them."""
        for change in [change for change in self.origins.own if change.is_folder][:_ATTEMPTS]:
            listing = changes.list_changes(self.location.container, change.path)
            if isinstance(listing, Refused):
                folder = dataclasses.replace(self.location, path=change.path)
                raise _not_seen(self.pod, self.writer, folder, listing, "a folder that it can list")

    def _nothing_left(self) -> Exception:
        reader, volume = self.location.container, self.location.volume
        # an application may have changed what was left for it, as when it takes the ownership
        suspects = [name for _, names in self.origins.later for name in names]
        if self.is_cut:
            return errors.Unprovable(
                f"Cannot tell what {self.writer} wrote to volume {volume!r}: {self.location} has"
                f" more than {changes.LIMIT} files.",
                possible_writers.NAME_FILE,
                cause="several writers",
            )
        if self.origins.unclear or suspects:
            return self._not_told_apart(suspects)
        return self._not_written(
            f"{reader.name!r} sees nothing that {self.writer.name!r} wrote to volume {volume!r}",
            expected=f"a file or folder that changed while {self.writer} ran",
            got=f"{self.location}  {self.origins}",
            times=self._run,
        )

    @property
    def _run(self) -> str:
        return f"{self.origins.writer} (by {self.times.source})"

    def _not_told_apart(self, later: list[str]) -> errors.Unprovable:
        unclear = [name for _, names in self.origins.unclear for name in names]
        who = join_names(unclear or later, "and")
        what = "the same files" if unclear else f"the files since {self.writer} ended"
        why = f"several writers: {who} may have changed {what}; {self._run}"
        got = f"{self.location}  {self.origins}"
        facts = {"got": got, "why": why, "to do": possible_writers.NAME_FILE, "pod": self.pod}
        return errors.Unprovable(
            f"Cannot tell what {self.writer} wrote to volume {self.location.volume!r} from what"
            " others wrote.",
            possible_writers.NAME_FILE,
            cause="several writers",
            facts=failure.named(facts),
        )

    def _older(self, change: Change) -> errors.PromiseBroken:
        when = run_times.format_time(change.latest)
        return self._not_written(
            f"{self.writer.name!r} has not written {self.location.path}: it was there before",
            expected=f"changed while {self.writer} ran",
            got=f"changed at {when}",
            times=f"{self.location.path} last changed at {when}; {self._run}",
        )

    def _not_written(
        self, headline: str, *, expected: str, got: str, times: str
    ) -> errors.PromiseBroken:
        cause = init_causes.explain_nothing_left(
            self.writer, self.location, self.shared.from_dir, times
        )
        expected = f"{self.location}  {expected}"
        return failure.promise_broken(
            self.pod, headline, self.location, expected=expected, got=got, cause=cause
        )


def find_left_files(
    pod: Pod,
    writer: Container,
    reader: Container,
    shared: SharedMount,
    times: RunTimes,
    path: str | None = None,
) -> LeftFiles:
    """Return what a reader sees of a container that has ended.

    Args:
        pod: the Pod.
        writer: the container that has ended.
        reader: a running container.
        shared: the mounts of both.
        times: when the containers ran.
        path: a file, as the writer named it; None for everything in the folder that both see.

    Raises:
        AssertionError: the reader cannot see the folder, or the file.
        Unprovable: the volume's times are not those of the node's clock.
    """
    target = shared.to_dir
    if path is not None:
        target = posixpath.join(target, posixpath.relpath(path, shared.from_dir))
    location = FileLocation(reader, posixpath.normpath(target), shared.to_mount)
    listing = changes.list_changes(reader, location.path)
    if isinstance(listing, Missing | Refused):
        raise _not_seen(pod, writer, location, listing)
    possible_writers.check_clock(reader, location)
    names = possible_writers.list_containers(pod, writer, reader, shared.volume)
    others = [times.containers[name] for name in names]
    for name in possible_writers.list_outsiders(pod, shared.volume):
        others.append(RunTime(name, -math.inf, math.inf))
    if shared.volume.outlives_pod and not times.containers[writer.name].is_exact:
        others.append(RunTime("a Pod before this one", -math.inf, times.pod_start))
    run, with_folders = times.containers[writer.name], times.source == run_clocks.CONTAINERD
    found = leave_out_mounts(listing, location.path, location.volume, reader.spec.mounts)
    origins = find_origins(found, run, others, with_folders=with_folders)
    is_cut = len(listing) > changes.LIMIT
    return LeftFiles(pod, writer, shared, location, times, origins, is_cut)


def _not_seen(
    pod: Pod,
    writer: Container,
    location: FileLocation,
    seen: object,
    expected: str = "a file that it can read",
) -> errors.PromiseBroken:
    cause = diagnose.not_visible(pod, location, location, seen, existed=False)
    if isinstance(seen, Missing) and cause.kind == "unknown":
        cause = init_causes.explain_missing_file(writer, cause)
    return failure.promise_broken(
        pod,
        f"{location.container.name!r} does not see what {writer.name!r} has left in"
        f" volume {location.volume!r}",
        location,
        expected=f"{location}  {expected}",
        got=seen,
        cause=cause,
    )
