"""Sentinel files: files of known content, written to a volume and looked for again later."""

from __future__ import annotations

import contextlib
import dataclasses
import posixpath
import secrets
import time
from collections.abc import Callable, Iterable
from typing import cast

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.assertions.mount_selection import find_writers, mount_around, new_location
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import operations
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused, ShellSession
from pytest_podshare.containers.node_shell import NodeShell
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import VolumeMount, VolumeSpec

METHOD = "sh in each container over one exec session"
# bytes of random content: impossible to guess, and likely to have bytes of every kind
_SIZE = 64


@dataclasses.dataclass(frozen=True)
class SentinelFile:
    """A file of known content in a volume.

    Args:
        location: where its container has it.
        content: the content.
        step: the evidence of writing it, or of reading the application's own file.
        uid: UID of the Pod at that time.
        shell: the container, or the node: then it proves presence in the volume only.
        is_ours: whether the assertion wrote it, and so removes it.
        left_by: the init container that wrote it; "" if it was another.
    """

    location: FileLocation
    content: bytes
    step: Step
    uid: str
    shell: ShellSession
    is_ours: bool = True
    left_by: str = ""

    def __str__(self) -> str:
        if self.left_by:
            return f"what {self.left_by!r} left in volume {self.location.volume!r}"
        return describe(self.location, self.step.action)

    @property
    def container(self) -> Container:
        """Return the container that has it."""
        return self.location.container

    @property
    def is_on_node(self) -> bool:
        """Return whether it was written through the node, without access to the container."""
        return self.shell is not self.container


def write(
    pod: Pod, location: FileLocation, *, one_line: bool = False, node_fallback: bool = False
) -> SentinelFile:
    """Write a sentinel file to a location.

    A file of `one_line` is written and read fastest; remove it with `operations.discard`. With
    `node_fallback`, write through the node if the container cannot be accessed; the file then
    proves presence in the volume only.

    Raises:
        AssertionError: the container cannot write it.
    """
    container, shell = location.container, cast(ShellSession, location.container)
    put: Callable[[ShellSession, str, bytes], Refused | None] = operations.write
    content = secrets.token_bytes(_SIZE)
    if one_line:
        put, content = operations.create, secrets.token_hex(_SIZE // 2).encode()
    start = time.monotonic()
    try:
        refused = put(shell, location.path, content)
    except errors.ToolMissing:
        if not node_fallback or not pod.cluster.own:
            raise
        shell = NodeShell(container)
        refused = put(shell, location.path, content)
    if refused is not None:
        raise failure.promise_broken(
            pod,
            f"{str(container)!r} cannot write to volume {location.volume!r}",
            location,
            expected=f"{location}  written",
            got=refused,
            cause=diagnose.write_refused(pod, location, refused),
            inspected=[container] if shell is container else [],
        )
    written = step("wrote", location, content, start, shell)
    return SentinelFile(location, content, written, pod.uid, shell)


def write_through(
    pod: Pod, container: Container, mounts: Iterable[VolumeMount], *, node_fallback: bool = False
) -> list[SentinelFile]:
    """Write a sentinel file through each of a container's mounts; see `write`."""
    locations = [new_location(container, mount) for mount in mounts]
    return [write(pod, location, node_fallback=node_fallback) for location in locations]


def write_to_volumes(
    pod: Pod, volume: str | None, accept: Callable[[VolumeSpec], bool], description: str
) -> list[SentinelFile]:
    """Write a file to each volume of `find_writers`; it only proves presence in the volume."""
    locations = [new_location(*writer) for writer in find_writers(pod, volume, accept, description)]
    return [write(pod, location, node_fallback=True) for location in locations]


def of_application(pod: Pod, container: Container, path: str) -> SentinelFile:
    """Return a file of the application as a sentinel file.

    Raises:
        AssertionError: the file does not exist, or cannot be read.
        NoSharedVolume: the path is not in a volume.
    """
    location = FileLocation(container, path, mount_around(container, path))
    start = time.monotonic()
    content = operations.read(container, posixpath.normpath(path), root=location.root)
    if not isinstance(content, bytes):
        headline = f"{container.name!r} has no readable file {path}"
        expected = f"{location}  a file"
        cause = diagnose.not_visible(pod, location, location, content, existed=False)
        raise failure.promise_broken(
            pod, headline, location, expected=expected, got=content, cause=cause
        )
    has = step("has", location, content, start)
    return SentinelFile(location, content, has, pod.uid, container, is_ours=False)


def read_back(file: SentinelFile) -> bytes | Missing | Refused:
    """Return what is at a sentinel file's location now."""
    return operations.read(file.shell, file.location.path, root=file.location.root)


def assert_present(
    pod: Pod, file: SentinelFile, *, after: str = "it was written", proof: object = None
) -> Step:
    """Return the evidence that a sentinel file is unchanged after what `proof` proves.

    Raises:
        AssertionError: the file is missing, or its content has changed.
    """
    start = time.monotonic()
    seen = read_back(file)
    if seen != file.content:
        raise failure.promise_broken(
            pod,
            f"{file} is missing or changed after {after}",
            file.location,
            expected=f"{file.location}  {failure.describe(file.content)}",
            got=seen,
            cause=diagnose.content_lost(pod, file.location, seen, uid=file.uid),
            inspected=inspected([file]),
            proof=proof,
        )
    return step("saw", file.location, file.content, start, file.shell)


def remove(file: SentinelFile) -> None:
    """Remove a sentinel file that the assertion wrote; its failure does not change the verdict."""
    if file.is_ours:
        with contextlib.suppress(errors.PodshareError):
            operations.remove(file.shell, file.location.path)


def inspected(files: Iterable[SentinelFile]) -> list[Container]:
    """Return the containers that were inspected for the files: none for those on a node."""
    return [file.container for file in files if not file.is_on_node]


def volume_names(files: Iterable[SentinelFile]) -> str:
    """Return the names of the volumes that the files are in."""
    return ", ".join(file.location.volume for file in files)


def create_evidence(
    pod: Pod, claim: str, files: Iterable[SentinelFile], *, start: float, events: Iterable[object]
) -> Evidence:
    """Return the evidence of what was proved with files; see `Pod.create_evidence`."""
    on_node = f"in the volume on node {pod.node}, not from a container"
    methods = {on_node if file.is_on_node else METHOD for file in files}
    method = ", or ".join(sorted(methods, reverse=True))
    return pod.create_evidence(
        claim, method, start=start, events=events, containers=inspected(files)
    )


def describe(location: FileLocation, action: str) -> str:
    """Return `what 'c1' wrote to volume 'shared'`, or `what 'c1' has in volume 'shared'`."""
    preposition = "to" if action == "wrote" else "in"
    return f"what {str(location.container)!r} {action} {preposition} volume {location.volume!r}"


def step(
    action: str,
    location: FileLocation,
    seen: bytes | Content,
    start: float,
    shell: ShellSession | None = None,
) -> Step:
    """Return the evidence that a content was written or seen since `start`."""
    content = Content.from_bytes(seen) if isinstance(seen, bytes) else seen
    is_inside = shell is None or shell is location.container
    name = str(location.container) if is_inside or shell is None else shell.name
    seconds = time.monotonic() - start
    volume, path = location.volume, location.path
    return Step(name, action, volume, path, content.size, content.sha256, seconds)


def check_search(reader: Container) -> str:
    """Check that the search finds a file that every container has, and return that as evidence."""
    known = "/etc/hosts"
    if operations.find(reader, ["/etc"], "hosts") != [known]:
        raise errors.ControlMissing(
            f"The search in {reader} does not find {known}, so it proves nothing.",
            "Check whether `find` works in the image.",
        )
    return f"{reader} found {known} by the same search"
