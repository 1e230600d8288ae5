"""Marks: files of random content, left in a volume to be looked for later."""

from __future__ import annotations

import contextlib
import dataclasses
import posixpath
import secrets
import time
from collections.abc import Callable, Iterable, Iterator

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.assertions.recording import promise_broken
from pytest_podshare.containers.fileops import operations, posix_shell
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.node_shell import NodeShell
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec

METHOD = "sh in each container over one exec session"
# random bytes: enough that nobody guesses them, and every byte value gets its turn
SIZE = 64


@dataclasses.dataclass(frozen=True)
class SentinelFile:
    """A file that was left.

    Args:
        container: who wrote it, or has it.
        mount: the mount it lies in.
        path: where, as that container names it.
        content: what it holds.
        wrote: the step of writing it.
        uid: of the Pod at that time.
        is_ours: whether we wrote it, so that it is ours to remove.
        on_node: whether it was left on the node, so that nothing is known but that it is present.
    """

    container: str
    mount: VolumeMount
    path: str
    content: bytes
    wrote: Step
    uid: str
    is_ours: bool = True
    on_node: bool = False

    @property
    def volume(self) -> str:
        """The volume it lies in."""
        return self.mount.volume

    @property
    def place(self) -> FileLocation:
        """Where it lies, to ask why it does not."""
        return FileLocation(self.container, self.path, self.mount)


def new_name() -> str:
    """A file name that nobody else has."""
    return f"podshare-{secrets.token_hex(8)}"


def written_by(pod: Pod, container: str, volume: str | None) -> list[VolumeMount]:
    """The mounts through which a container may write, one of each volume.

    Raises:
        NoSharedVolume: it has none, or none of the volume that was named.
    """
    kinds = {each.name: each for each in pod.wiring.volumes}
    chosen: dict[str, VolumeMount] = {}
    for mount in pod.wiring.container(container).mounts:
        if volume is None:
            fits = not mount.read_only and kinds[mount.volume].is_written_by_containers
        else:
            fits = mount.volume == volume
        if fits:
            chosen.setdefault(mount.volume, mount)
    if not chosen:
        what = "no volume it may write to" if volume is None else f"no volume {volume!r}"
        raise errors.NoSharedVolume(
            f"{container!r} of {pod} has {what}: it {failure.mounted(pod.wiring, container)}.",
            "Name a container and a volume that it mounts.",
        )
    return list(chosen.values())


def mounts_of(pod: Pod, container: str, volume: str) -> list[VolumeMount]:
    """The container's mounts of that volume.

    Raises:
        NoSharedVolume: it has none.
    """
    mounts = list(pod.wiring.container(container).mounts_of(volume))
    if not mounts:
        raise errors.NoSharedVolume(
            f"{container!r} of {pod} does not mount volume {volume!r}:"
            f" it {failure.mounted(pod.wiring, container)}.",
            "Name a volume that it mounts.",
        )
    return mounts


def running_mounts(pod: Pod, volume: str) -> Iterator[tuple[ContainerSpec, VolumeMount]]:
    """Every mount of a volume in a container that goes on running, with that container."""
    for container in pod.wiring.containers:
        if container.role != "init":
            yield from ((container, mount) for mount in container.mounts_of(volume))


def writer_of(pod: Pod, volume: str) -> tuple[ContainerSpec, VolumeMount]:
    """A running container that may write to that volume, and its mount.

    Raises:
        NoSharedVolume: there is none.
    """
    for container, mount in running_mounts(pod, volume):
        if not mount.read_only:
            return container, mount
    raise errors.NoSharedVolume(
        f"No running container of {pod} may write to volume {volume!r}.",
        "Name a volume that a container mounts without readOnly.",
    )


def method(pod: Pod, left: Iterable[SentinelFile]) -> str:
    """How marks were left and looked for, as far as the containers' ways do not say it."""
    ways = {
        f"as present in the volume on node {pod.node}, whoever sees it" if mark.on_node else METHOD
        for mark in left
    }
    return ", or ".join(sorted(ways, reverse=True)) or METHOD


def looked_into(left: Iterable[SentinelFile]) -> list[str]:
    """Return the containers that marks were left and looked for in, and not on their node."""
    return [mark.container for mark in left if not mark.on_node]


def write(
    pod: Pod, container: str, mounts: list[VolumeMount], *, present: bool = False
) -> list[SentinelFile]:
    """Leave a mark through each of these mounts; `present` as of `leave_at`.

    Raises:
        AssertionError: one cannot be written.
    """
    return [leave_at(pod, container, mount, mount.path, present=present) for mount in mounts]


def leave_in_each(
    pod: Pod, volume: str | None, fits: Callable[[VolumeSpec], bool], wanted: str
) -> list[SentinelFile]:
    """Leave a mark in each volume that fits and may be written to, or in the one that is named.

    What is claimed of them is that they are present, whoever sees them.

    Raises:
        AssertionError: one cannot be written.
        NoSharedVolume: there is no such volume, or nobody may write to it; says what was `wanted`.
    """
    names = [
        each.name
        for each in pod.wiring.volumes
        if each.name == volume or (volume is None and fits(each) and not each.is_read_only)
    ]
    if not names:
        raise errors.NoSharedVolume(
            f"{pod} has no {f'volume {volume!r}' if volume else wanted}.",
            "Name one of its volumes, or mount such a one.",
        )
    left: list[SentinelFile] = []
    for name in names:
        writer, mount = writer_of(pod, name)
        left += write(pod, writer.name, [mount], present=True)
    return left


def new_line() -> bytes:
    """A content that nobody guesses, of one line: a shell can read it without any program."""
    return secrets.token_hex(SIZE // 2).encode()


def leave_at(
    pod: Pod,
    container: str,
    mount: VolumeMount,
    folder: str,
    line: bytes | None = None,
    *,
    present: bool = False,
) -> SentinelFile:
    """Leave a mark in a folder, which lies in that mount.

    Its content is random; with a `line` it is that, in the quick way, and `discard`'s to remove.
    If all that is claimed of it is that it is `present` in the volume, it is left on the node where
    no way leads into the container.

    Raises:
        AssertionError: it cannot be written.
    """
    path = posixpath.join(folder, new_name())
    put: Callable[[posix_shell.ShellSession, str, bytes], posix_shell.Refused | None]
    put, content = operations.write, secrets.token_bytes(SIZE)
    if line is not None:
        put, content = operations.create, line
    begun = time.monotonic()
    on_node = False
    try:
        refused = put(pod[container], path, content)
    except errors.ToolMissing:
        if not present or not pod.cluster.own:
            raise
        on_node, refused = True, put(NodeShell(pod.live, container), path, content)
    if refused is not None:
        raise promise_broken(
            pod,
            f"{container!r} cannot write to volume {mount.volume!r}",
            expected=f"{container}:{path}  written",
            got=refused,
            where=f"{container} has {mount}",
            volume=mount.volume,
            containers=[] if on_node else [container],
            cause=diagnose.write_refused(pod, FileLocation(container, path, mount), refused),
        )
    who = f"node {pod.node}" if on_node else container
    wrote = step("wrote", who, mount.volume, path, content, time.monotonic() - begun)
    return SentinelFile(container, mount, path, content, wrote, pod.uid, on_node=on_node)


def of_application(pod: Pod, container: str, path: str) -> SentinelFile:
    """Take a file of the application for a mark.

    Raises:
        AssertionError: it is not there.
        NoSharedVolume: it lies in no volume.
    """
    mounts = pod.wiring.container(container).mounts
    around = [each for each in mounts if is_below(path, each.path)]
    if not around:
        raise errors.NoSharedVolume(
            f"{container}:{path} of {pod} lies in no volume.",
            f"Give a path below one of its mounts: it {failure.mounted(pod.wiring, container)}.",
        )
    mount = max(around, key=lambda each: len(each.path))
    begun = time.monotonic()
    content = operations.read(pod[container], posixpath.normpath(path), root=root_of(mount))
    if not isinstance(content, bytes):
        place = FileLocation(container, path, mount)
        raise promise_broken(
            pod,
            f"{container!r} does not have the file to begin with",
            expected=f"{place}  a file",
            got=content,
            containers=[container],
            cause=diagnose.not_visible(pod, place, place, content, existed=False),
        )
    has = step("has", container, mount.volume, path, content, time.monotonic() - begun)
    return SentinelFile(container, mount, path, content, has, pod.uid, is_ours=False)


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder, or is it; one with `..` in it may lie anywhere."""
    if not posixpath.isabs(path) or ".." in path.split("/"):
        return False
    return posixpath.commonpath([path, folder]) == posixpath.normpath(folder)


def root_of(mount: VolumeMount) -> str:
    """The path that no link may lead out of, for whoever uses files of a mount."""
    return posixpath.normpath(mount.path)


def read_back(pod: Pod, mark: SentinelFile) -> bytes | posix_shell.Missing | posix_shell.Refused:
    """What is where the mark was left."""
    return operations.read(_reader(pod, mark), mark.path, root=root_of(mark.mount))


def assert_present(
    pod: Pod, mark: SentinelFile, *, after: str = "it was written", proof: object = None
) -> Step:
    """The step of seeing the mark where it was left, after what is proved by that proof.

    Raises:
        AssertionError: it is not there, or holds something else.
    """
    begun = time.monotonic()
    seen = read_back(pod, mark)
    if seen != mark.content:
        raise promise_broken(
            pod,
            f"what {mark.container!r} {mark.wrote.action} in volume {mark.volume!r}"
            f" is not there after {after}",
            expected=f"{mark.place}  {failure.described(mark.content)}",
            got=seen,
            where=f"{mark.container} has {mark.mount}",
            proof=proof,
            volume=mark.volume,
            containers=looked_into([mark]),
            cause=diagnose.content_lost(pod, mark.place, seen, uid=mark.uid),
        )
    seconds = time.monotonic() - begun
    return step("saw", mark.wrote.container, mark.volume, mark.path, mark.content, seconds)


def remove(pod: Pod, mark: SentinelFile) -> None:
    """Remove a mark of ours; the verdict stands, whatever becomes of it."""
    if mark.is_ours:
        with contextlib.suppress(errors.PodshareError):
            operations.remove(_reader(pod, mark), mark.path)


def _reader(pod: Pod, mark: SentinelFile) -> posix_shell.ShellSession:
    return NodeShell(pod.live, mark.container) if mark.on_node else pod[mark.container]


def step(
    action: str, container: str, volume: str, path: str, held: bytes | Content, seconds: float
) -> Step:
    """A step of evidence about a content."""
    it = Content.from_bytes(held) if isinstance(held, bytes) else held
    return Step(container, action, volume, path, it.size, it.sha256, seconds)
