"""One container sees what another writes."""

from __future__ import annotations

import dataclasses
import posixpath
import time
from collections.abc import Callable

from pytest_podshare import errors
from pytest_podshare.assertions import failure, sentinel
from pytest_podshare.assertions.recording import apart, promise_broken, recorded
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import operations, posix_shell, streaming
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.node_shell import NodeShell
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.diagnosis.facts import FileLocation, locate_shared_file
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.shared_mounts import SharedMount, find_shared_mounts


@recorded
def assert_file_visible(
    pod: Pod,
    *,
    from_c: str,
    to_c: str,
    volume: str | None = None,
    path: str | None = None,
    content: bytes | str | None = None,
    timeout: float | None = None,
) -> Evidence:
    """Prove that `to_c` sees what `from_c` writes to the volumes they share.

    Without a `path`, random content that no earlier run can have left is written under a name of
    its own, through the writer's mount; it is read through the reader's own mount path and
    subPath, compared by sha256, and removed. With a `path`, the file is one that the application
    wrote: it is read in both containers and compared.

    Kubernetes promises it: all containers of a Pod that mount a volume see the same files, at
    the same or at different paths (documentation of emptyDir).

    Args:
        pod: the Pod.
        from_c: the container that writes.
        to_c: the container that reads.
        volume: the volume; None for each one they share.
        path: a file of the application, as `from_c` names it (an absolute path).
        content: with a `path`, what the file must hold.
        timeout: seconds until `to_c` must see it; None for --podshare-visible-timeout.

    Returns:
        Evidence: what was written where and seen where, with times.

    Raises:
        NoSharedVolume: by their mounts the two do not meet (an AssertionError as well).
        AssertionError: the file is not seen, or holds something else.
        UnknownContainer: the Pod has no such container.
        ExecError: a command could not be run, so nothing is known of the file.
        Unprovable: no way leads into one of them; says what is present in the volume.
    """
    if content is not None and path is None:
        raise TypeError("content= says what the file at path= must hold: give path= too")
    started = time.monotonic()
    patience = pod.live.timeouts.or_given("visible", timeout)
    meetings = _meetings(pod, from_c, to_c, volume, written=path is None)
    if path is not None:
        meetings = (_meeting_of(pod, meetings, from_c, path),)
    steps: list[Step] = []
    try:
        # before any time is taken: opening a session costs more than all checks through it
        pod[from_c].open()
        pod[to_c].open()
        for meeting in meetings:
            between = _Transfer(pod, pod[from_c], pod[to_c], meeting, patience)
            if path is None:
                steps += between.nonce_seen()
            else:
                held = content.encode() if isinstance(content, str) else content
                wanted = None if held is None else Content.from_bytes(held)
                steps += between.file_seen(posixpath.relpath(path, meeting.from_dir), wanted)
    except errors.ToolMissing as missing:
        raise _only_present(pod, from_c, to_c, meetings, path, missing) from None
    names = ", ".join(meeting.volume.name for meeting in meetings)
    claim = f"{to_c} sees what {from_c} wrote to {names}"
    return pod.record(
        claim, method=sentinel.METHOD, begun=started, events=steps, containers=[from_c, to_c]
    )


def _meetings(
    pod: Pod, from_c: str, to_c: str, volume: str | None, *, written: bool
) -> tuple[SharedMount, ...]:
    """Where the two containers meet, by the spec; an assertion that it refutes fails here.

    To be `written` to, a volume that only the kubelet fills must be asked for by name.
    """
    meetings = tuple(
        each
        for each in find_shared_mounts(pod.wiring, from_c, to_c)
        if each.volume.name == volume
        or (volume is None and (each.volume.is_written_by_containers or not written))
    )
    if not meetings:
        raise _apart(pod, from_c, to_c, volume)
    return meetings


def _apart(pod: Pod, from_c: str, to_c: str, volume: str | None) -> errors.NoSharedVolume:
    """The error of two containers that by the spec do not meet."""
    where = f"volume {volume!r}" if volume else "one volume, and see the same folder of it"
    sides = (f"{name} {failure.mounted(pod.wiring, name)}" for name in (from_c, to_c))
    return apart(
        pod,
        f"{to_c!r} does not see what {from_c!r} writes",
        expected=f"{from_c} and {to_c} mount {where}",
        got="; ".join(sides),
        cause=diagnose.not_shared(pod, from_c, to_c, volume),
    )


def _meeting_of(
    pod: Pod, meetings: tuple[SharedMount, ...], container: str, path: str
) -> SharedMount:
    """The one meeting that a path of the application lies in."""
    within = [each for each in meetings if sentinel.is_below(path, each.from_dir)]
    if len(within) != 1:
        folders = ", ".join(each.from_dir for each in meetings)
        raise errors.NoSharedVolume(
            f"{container}:{path} lies in no volume that both containers of {pod} see.",
            f"Give an absolute path below one of {container}'s shared folders: {folders}",
        )
    return within[0]


def _only_present(
    pod: Pod,
    from_c: str,
    to_c: str,
    meetings: tuple[SharedMount, ...],
    path: str | None,
    missing: errors.ToolMissing,
) -> errors.ExecError:
    """What can be said where no way leads into one of them: that it is present in the volumes."""
    if not pod.cluster.own:
        return missing
    try:
        for meeting in meetings:
            if path is None:
                mark = sentinel.leave_at(
                    pod, from_c, meeting.from_mount, meeting.from_dir, present=True
                )
            else:
                mark = sentinel.of_application(pod, from_c, path)
            name = posixpath.relpath(mark.path, meeting.from_dir)
            _, reader = locate_shared_file(meeting, from_c, to_c, name)
            seen = operations.read(NodeShell(pod.live, to_c), reader.path)
            sentinel.remove(pod, mark)
            if seen != mark.content:
                return missing
    except (errors.PodshareError, AssertionError):
        return missing
    volumes = ", ".join(meeting.volume.name for meeting in meetings)
    remedy, cause = f"{missing.fix}.", "tool missing"
    return errors.Unprovable(
        f"It cannot be proved that {to_c} sees what {from_c} {'wrote' if path is None else 'has'}.",
        remedy,
        cause=cause,
        facts=failure.named(
            {
                "got": f"present in the volume ({volumes}) on node {pod.node}, whoever sees it",
                "why": f"{cause}: {missing.what}",
                "to do": remedy,
                "pod": pod,
            }
        ),
    )


# what there is at a path
_Found = Content | posix_shell.Missing | posix_shell.Refused


@dataclasses.dataclass(frozen=True)
class _Transfer:
    """One direction between two containers through one volume."""

    pod: Pod
    writer: Container
    reader: Container
    meeting: SharedMount
    timeout: float

    def nonce_seen(self) -> tuple[Step, Step]:
        """Write what nobody can have written before, and have it seen."""
        meeting = self.meeting
        line = sentinel.new_line()
        mark = sentinel.leave_at(
            self.pod, self.writer.name, meeting.from_mount, meeting.from_dir, line
        )
        name, wanted = posixpath.basename(mark.path), Content.from_bytes(line)
        _, reader = self._places(name)

        def look() -> _Found:
            if operations.read_line(self.reader, reader.path) == line:
                return wanted
            return self._read(self.reader, reader)

        try:
            return mark.wrote, self._seen(name, mark.wrote, look, lambda _: wanted)
        finally:
            # before any other command in this Pod, and nobody waits for it
            operations.discard(self.writer, mark.path)

    def file_seen(self, name: str, wanted: Content | None) -> tuple[Step, Step]:
        """Have a file of the application seen, as the writer itself has it."""
        place, reader = self._places(name)
        path = place.path

        def own() -> _Found:
            return self._read(self.writer, place)

        begun = time.monotonic()
        deadline = Deadline(self.timeout)
        has = poll(own, until=lambda it: _is(it, wanted), deadline=deadline)
        if not isinstance(has, Content) or not _is(has, wanted):
            raise promise_broken(
                self.pod,
                f"{self.writer.name!r} itself has"
                f" {'another content in' if isinstance(has, Content) else 'no'} {path}",
                expected=f"{place}  " + ("a file" if wanted is None else failure.described(wanted)),
                got=f"{failure.described(has)}  (for {self.timeout:g} s)",
                where=f"{self.writer.name} has {self.meeting.from_mount}",
                volume=self.meeting.volume.name,
                containers=[self.writer.name],
                cause=diagnose.not_visible(self.pod, place, place, has, existed=False),
            )
        wrote = self._step("has", self.writer, path, has, time.monotonic() - begun)

        def expected(seen: _Found) -> _Found:
            # an application that goes on writing changes what there is to be seen
            return has if wanted is not None or seen == has else own()

        def look() -> _Found:
            return self._read(self.reader, reader)

        return wrote, self._seen(name, wrote, look, expected)

    def _read(self, container: Container, place: FileLocation) -> _Found:
        mount = place.mount or self.meeting.to_mount
        return streaming.read(container, place.path, root=sentinel.root_of(mount))

    def _seen(
        self,
        name: str,
        wrote: Step,
        look: Callable[[], _Found],
        expected: Callable[[_Found], _Found],
    ) -> Step:
        """Look until there is what is expected, once one knows what there is."""
        writer, reader = self._places(name)
        path = reader.path
        begun = time.monotonic()
        seen, wanted = poll(
            lambda: (seen := look(), expected(seen)),
            until=lambda pair: pair[0] == pair[1] and isinstance(pair[0], Content),
            deadline=Deadline(self.timeout),
        )
        if not isinstance(seen, Content) or seen != wanted:
            raise promise_broken(
                self.pod,
                f"{self.reader.name!r} does not see what {self.writer.name!r} {wrote.action}"
                f" in volume {self.meeting.volume.name!r}",
                expected=f"{writer}  {failure.described(wanted)}",
                got=f"{self.reader.name}:{path}  {failure.described(seen)}"
                f"  (for {self.timeout:g} s)",
                where=failure.mounts(self.meeting, self.writer.name, self.reader.name),
                volume=self.meeting.volume.name,
                containers=[self.writer.name, self.reader.name],
                cause=diagnose.not_visible(self.pod, writer, reader, seen, existed=True),
            )
        return self._step("saw", self.reader, path, seen, time.monotonic() - begun)

    def _places(self, name: str) -> tuple[FileLocation, FileLocation]:
        return locate_shared_file(self.meeting, self.writer.name, self.reader.name, name)

    def _step(
        self, action: str, container: Container, path: str, content: Content, seconds: float
    ) -> Step:
        return sentinel.step(
            action, container.name, self.meeting.volume.name, path, content, seconds
        )


def _is(content: _Found, wanted: Content | None) -> bool:
    return isinstance(content, Content) and wanted in (None, content)
