"""Proof that containers see the same files in a volume that only the kubelet fills."""

from __future__ import annotations

import itertools
import posixpath
import time

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import operations, streaming
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.containers.volume_root import find_root
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import VolumeMount
from pytest_podshare.wiring.run_order import list_running
from pytest_podshare.wiring.shared_mounts import SharedMount, find_shared_mount

# an image may have thousands of files, and large ones
_MAX_FILES, _MAX_SIZE = 50, 1024 * 1024

# what a container has under each name; None for a file that is only compared by its name
_Files = dict[str, Content | Missing | Refused | None]


@recorded
def assert_same_files(pod: Pod, *, volume: str, timeout: float | None = None) -> Evidence:
    """Prove that all containers that mount a volume see the same files in it.

    List the files of the volume in each running container, through its own mounts, and compare
    their names, and the digests of the first 50 that have less than 1 MiB. At least one file must
    be compared: the control. Nothing is written, so the volume may be one that only the kubelet
    fills: a ConfigMap, a Secret, a projected volume with a service account token, an image.

    Kubernetes promises that a volume of a Pod has the same files in every container (documentation:
    Volumes; Projected Volumes; Image volumes).

    Args:
        pod: the Pod.
        volume: name of a volume that at least two running containers mount.
        timeout: seconds until the files must be the same, since the kubelet may be replacing them;
            None for --podshare-visible-timeout.

    Returns:
        Evidence, with how many files were compared.

    Raises:
        AssertionError: the files of two containers differ, or cannot be read.
        NoSharedVolume: no two running containers see the same folder of the volume.
        ControlMissing: the volume has no file that can be compared.
        ExecError: a command could not be run; nothing was learned.
    """
    start = time.monotonic()
    seconds = pod.live.timeouts.resolve("visible", timeout)
    pairs = _find_pairs(pod, volume)
    events = [_compare(pod, *pair, Deadline(seconds)) for pair in pairs]
    containers = list({c.name: c for first, second, _ in pairs for c in (first, second)}.values())
    claim = (
        f"{', '.join(container.name for container in containers)} see the same files in {volume}"
    )
    method = "names and digests in each container"
    return pod.create_evidence(claim, method, start=start, events=events, containers=containers)


def _find_pairs(pod: Pod, volume: str) -> list[tuple[Container, Container, SharedMount]]:
    """Return the pairs of running containers that see the same folder of a volume."""
    names = [container.name for container in list_running(pod.wiring)]
    pairs = [
        (pod[first], pod[second], shared)
        for first, second in itertools.combinations(names, 2)
        if (shared := find_shared_mount(pod.wiring, first, second, volume)) is not None
    ]
    if not pairs:
        raise errors.NoSharedVolume(
            f"No two running containers of {pod} see the same folder of volume {volume!r}.",
            "Name a volume that at least two of them mount.",
        )
    return pairs


def _compare(
    pod: Pod, first: Container, second: Container, shared: SharedMount, deadline: Deadline
) -> str:
    """Return what was compared, once both containers have the same files."""
    files, others = poll(
        lambda: (
            _read_files(first, shared.from_dir, shared.from_mount),
            _read_files(second, shared.to_dir, shared.to_mount),
        ),
        until=lambda found: found[0] == found[1] and _count_read(found[0]) > 0,
        deadline=deadline,
    )
    names = [name for name in sorted({*files, *others}) if _differs(files, others, name)]
    if names:
        name = names[0]
        locations = (
            FileLocation(first, _join(shared.from_dir, name), shared.from_mount),
            FileLocation(second, _join(shared.to_dir, name), shared.to_mount),
        )
        seen, other = files.get(name, Missing()), others.get(name, Missing())
        if not isinstance(seen, Content):
            # the cause is in the container that lacks the file
            locations, seen, other = (locations[1], locations[0]), other, seen
        raise failure.promise_broken(
            pod,
            f"{first.name!r} and {second.name!r} do not see the same files in volume"
            f" {shared.volume.name!r}",
            *locations,
            expected=f"{locations[0]}  {seen or 'a file'}",
            got=f"{locations[1]}  {other or 'a file'}  (for {deadline.seconds:g} s)",
            cause=diagnose.not_visible(pod, *locations, other, existed=True),
        )
    if not _count_read(files):
        raise errors.ControlMissing(
            f"Volume {shared.volume.name!r} of {pod} has no file below {_MAX_SIZE // 1024} KiB, so"
            " that nothing can be compared.",
            "Check whether the object that it is filled from exists and has an entry.",
        )
    return f"{first} and {second} have the same {len(files)} files; {_count_read(files)} were read"


def _read_files(container: Container, folder: str, mount: VolumeMount) -> _Files:
    paths = operations.list_files(container, folder)
    small = sorted(operations.list_files(container, folder, max_size=_MAX_SIZE))[:_MAX_FILES]
    root = find_root(container, mount)
    read = {path: streaming.read(container, path, root=root) for path in small}
    return {posixpath.relpath(path, folder): read.get(path) for path in paths}


def _join(folder: str, name: str) -> str:
    """Return the path of a file in a folder, or of the folder if that is a file itself."""
    return posixpath.normpath(posixpath.join(folder, name))


def _count_read(files: _Files) -> int:
    return sum(isinstance(seen, Content) for seen in files.values())


def _differs(files: _Files, others: _Files, name: str) -> bool:
    seen, other = files.get(name, Missing()), others.get(name, Missing())
    return seen != other or isinstance(seen, Missing | Refused)
