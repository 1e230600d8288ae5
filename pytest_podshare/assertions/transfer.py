"""A file that one container writes and another one reads."""

from __future__ import annotations

import dataclasses
import posixpath
import time
from collections.abc import Callable

from pytest_podshare.assertions import failure, sentinel
from pytest_podshare.assertions.mount_selection import new_location
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import mountinfo, operations, streaming
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import propagation
from pytest_podshare.wiring.shared_mounts import SharedMount

_Seen = Content | Missing | Refused
# an equal file proves nothing if it is not the same
_ELSEWHERE = Refused("a file in another file system")
# what is wrong with the writer's own file
_FINDINGS = {Content: "has different content in", Missing: "has no file"}


@dataclasses.dataclass(frozen=True)
class Transfer:
    """One file in a folder that two containers share.

    Args:
        pod: the writer's Pod.
        writer: the file's location in the container that writes it.
        reader: its location in the container that should see it.
        to_pod: the reader's Pod, if it is another one.
    """

    pod: Pod
    writer: FileLocation
    reader: FileLocation
    to_pod: Pod | None = None

    @classmethod
    def of(
        cls,
        pod: Pod,
        writer: Container,
        reader: Container,
        shared: SharedMount,
        path: str | None,
        to_pod: Pod | None = None,
    ) -> Transfer:
        """Return the transfer of a new file, or of the writer's file at a path."""
        if path is None:
            path = new_location(writer, shared.from_mount, shared.from_dir).path
        # the folder itself, if a single file is mounted
        name = posixpath.relpath(path, shared.from_dir)
        source, target = (
            posixpath.normpath(posixpath.join(folder, name))
            for folder in (shared.from_dir, shared.to_dir)
        )
        written = FileLocation(writer, source, shared.from_mount)
        return cls(pod, written, FileLocation(reader, target, shared.to_mount), to_pod)

    def prove_new_file(self, timeout: float) -> tuple[Step, Step]:
        """Write a file, and wait until the reader sees it.

        Raises:
            AssertionError: the reader does not see it in time.
        """
        file = sentinel.write(self.pod, self.writer, one_line=True)
        expected, reader = Content.from_bytes(file.content), self.reader

        def look() -> _Seen:
            line = operations.read_line(reader.container, reader.path)
            return expected if line == file.content else _read(reader)

        try:
            saw = self._wait_until_seen("wrote", look, lambda _: expected, timeout)
            return file.step, saw
        finally:
            # runs before the next command in the writer; nothing waits for it
            operations.discard(self.writer.container, self.writer.path)

    def prove_file(self, expected: Content | None, timeout: float) -> tuple[Step, Step]:
        """Wait until the writer has a file of the application, and the reader sees the same.

        Args:
            expected: what the file must hold; None for whatever the writer has.
            timeout: seconds for either.

        Raises:
            AssertionError: the writer lacks the file, or the reader does not see it, in time.
        """
        writer, start = self.writer, time.monotonic()
        has = poll(
            lambda: _read(writer),
            until=lambda seen: _is_expected(seen, expected),
            deadline=Deadline(timeout),
        )
        if not isinstance(has, Content) or not _is_expected(has, expected):
            finding = _FINDINGS.get(type(has), "cannot read")
            headline = f"{str(writer.container)!r} itself {finding} {writer.path}"
            want, got = f"{writer}  {expected or 'a file'}", f"{has}  (for {timeout:g} s)"
            cause = diagnose.not_visible(self.pod, writer, writer, has, existed=False)
            raise failure.promise_broken(
                self.pod, headline, writer, expected=want, got=got, cause=cause
            )
        step = sentinel.step("has", writer, has, start)

        def now_expected(seen: _Seen) -> _Seen:
            # the application may still be writing
            return has if expected is not None or seen == has else _read(writer)

        return step, self._wait_until_seen("has", self._look, now_expected, timeout)

    def _look(self) -> _Seen:
        """Return what the reader sees, if it is in the same file system as the writer's file.

        A file system that is mounted in the volume may be mounted again, with equal files.
        """
        seen, mount = _read(self.reader), self.reader.mount
        wiring = self.pod.wiring
        if not isinstance(seen, Content) or mount is None:
            return seen
        if not propagation.has_nested_mounts(wiring, mount):
            return seen
        places = {_find_place(location) for location in (self.writer, self.reader)}
        return seen if len(places) == 1 else _ELSEWHERE

    def _wait_until_seen(
        self,
        action: str,
        look: Callable[[], _Seen],
        expected: Callable[[_Seen], _Seen],
        timeout: float,
    ) -> Step:
        """Wait until the reader sees what is expected, given what it sees."""
        writer, reader, start = self.writer, self.reader, time.monotonic()
        seen, content = poll(
            lambda: (seen := look(), expected(seen)),
            until=lambda pair: pair[0] == pair[1] and isinstance(pair[0], Content),
            deadline=Deadline(timeout),
        )
        if not isinstance(seen, Content) or seen != content:
            what = sentinel.describe(writer, action)
            headline = f"{str(reader.container)!r} does not see {what}"
            want, got = f"{writer}  {content}", f"{reader}  {seen}  (for {timeout:g} s)"
            cause = diagnose.not_visible(self.pod, writer, reader, seen, existed=True)
            raise failure.promise_broken(
                *(self.pod, headline, writer, reader),
                expected=want,
                got=got,
                cause=cause,
                to_pod=self.to_pod,
            )
        return sentinel.step("saw", reader, seen, start)


def _read(location: FileLocation) -> _Seen:
    return streaming.read(location.container, location.path, root=location.root)


def _find_place(location: FileLocation) -> tuple[str, str] | None:
    """Return the device of a file and its path there, by the container's own mount table."""
    entries = mountinfo.read_mounts(location.container)
    entry = mountinfo.find_covering(entries, location.path)
    return entry.locate(location.path) if entry else None


def _is_expected(seen: _Seen, expected: Content | None) -> bool:
    return isinstance(seen, Content) and expected in (None, seen)
