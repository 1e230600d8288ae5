"""The mounts and paths that an assertion is about."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Callable, Iterable, Iterator

from pytest_podshare import errors
from pytest_podshare.assertions.failure import describe_mounts
from pytest_podshare.containers.container import Container
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods import volume_storage
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import folders
from pytest_podshare.wiring.model import VolumeMount, VolumeSpec
from pytest_podshare.wiring.mount_kinds import is_directory, is_file
from pytest_podshare.wiring.run_order import list_running
from pytest_podshare.wiring.shared_mounts import (
    SharedMount,
    VolumePair,
    match_all_mounts,
    match_mounts,
)
from pytest_podshare.wiring.storage import pair_volumes


def find_containers(
    pod: Pod, from_c: str, to_c: str, to_pod: Pod | None
) -> tuple[Container, Container]:
    """Return the writer and the reader; if they are in different Pods, their texts name the Pods.

    Raises:
        UnknownContainer: a Pod has no such container.
        Unprovable: they are in different Pods, and one of them is an init container.
    """
    if to_pod is None or to_pod.uid == pod.uid:
        return pod[from_c], pod[to_c]
    writer, reader = pod[from_c].qualified, to_pod[to_c].qualified
    for container in (writer, reader):
        if container.spec.role == "init":
            raise errors.Unprovable(
                f"Cannot prove what {writer} and {reader} share: {container} is an init container,"
                " which has ended.",
                "Name a container that keeps running.",
                cause="ended",
            )
    return writer, reader


def find_shared(writer: Container, reader: Container) -> tuple[SharedMount, ...]:
    """Return the mounts through which two containers share folders, by the specs of their Pods.

    Volumes of two Pods are matched by their claims, or else by the PersistentVolumes behind them.
    """
    return match_mounts(writer.spec, reader.spec, _pair_volumes(writer, reader))


def _pair_volumes(writer: Container, reader: Container) -> list[VolumePair]:
    """Return the volumes of two containers' Pods that have the same content."""
    if writer.pod is reader.pod:
        return [VolumePair(volume, volume) for volume in writer.pod.wiring.volumes]
    for find in (volume_storage.storage_of, volume_storage.claimed_storage_of):
        volumes, to_volumes = (
            [(volume, find(container.pod, volume.name)) for volume in container.pod.wiring.volumes]
            for container in (writer, reader)
        )
        pairs = list(pair_volumes(volumes, to_volumes))
        if match_all_mounts(writer.spec, reader.spec, pairs):
            return pairs
    return []


def describe_pods(
    writer: Container, reader: Container, shared: Iterable[SharedMount] = ()
) -> list[str]:
    """Return the evidence that the containers are in two Pods; nothing if they are in one.

    It names what is behind the volumes that they share.
    """
    if writer.pod is reader.pod:
        return []
    pods = [container.pod for container in (writer, reader)]
    texts = (f"{pod.name} (UID {pod.uid}) on {pod.node}" for pod in pods)
    storages = [f"both mount {mounts.storage}" for mounts in shared]
    return [f"two Pods: {', '.join(texts)}", *storages]


def mounts_of(container: Container, volume: str) -> list[VolumeMount]:
    """Return a container's mounts of a volume.

    Raises:
        NoSharedVolume: it does not mount the volume.
    """
    mounts = list(container.spec.mounts_of(volume))
    if not mounts:
        raise errors.NoSharedVolume(
            f"{container.name!r} of {container.pod} does not mount volume {volume!r}:"
            f" it {describe_mounts(container)}.",
            "Name a volume that it mounts.",
        )
    return mounts


def writable_mounts(container: Container, volume: str | None) -> list[VolumeMount]:
    """Return one mount of each volume that a container can write to, or of the named volume.

    Raises:
        NoSharedVolume: it can write to no volume, or does not mount the named one.
    """
    chosen: dict[str, VolumeMount] = {}
    for mount in _all_writable_mounts(container, volume):
        chosen.setdefault(mount.volume, mount)
    return list(chosen.values())


def _all_writable_mounts(container: Container, volume: str | None) -> list[VolumeMount]:
    if volume is not None:
        mounts = mounts_of(container, volume)
        # if all are read-only, the refusal of a write says so
        return [mount for mount in mounts if not mount.read_only] or mounts
    volumes = {spec.name: spec for spec in container.pod.wiring.volumes}
    found = [
        mount
        for mount in container.spec.mounts
        if not mount.read_only and volumes[mount.volume].is_written_by_containers
    ]
    if not found:
        raise errors.NoSharedVolume(
            f"{container.name!r} of {container.pod} has no volume that it can write to:"
            f" it {describe_mounts(container)}.",
            "Name a container and a volume that it mounts.",
        )
    return found


def other_folders(
    writer: Container, reader: Container, volume: str | None
) -> list[tuple[VolumeMount, str]]:
    """Return where a writer may write as well, besides one mount of each volume.

    Those are its other mounts, and the folders in its mounts that the reader mounts: the reader
    does not see what is written beside such a folder.
    """
    first = [(mount, mount.path) for mount in writable_mounts(writer, volume)]
    mounts = _all_writable_mounts(writer, volume)
    found = [(mount, mount.path) for mount in mounts]
    pairs = _pair_volumes(writer, reader)
    if writer.pod is reader.pod:
        # two volumes of one Pod can be the same claim, or folders of one another on the node
        storages = [
            (spec, volume_storage.storage_of(writer.pod, spec.name))
            for spec in writer.pod.wiring.volumes
        ]
        pairs += pair_volumes(storages, storages)
    found += [
        (shared.from_mount, shared.from_dir)
        for shared in match_all_mounts(writer.spec, reader.spec, pairs)
        if shared.from_mount in mounts
        and shared.is_certain
        and is_directory(shared.to_mount, shared.volume)
    ]
    return [place for place in dict.fromkeys(found) if place not in first]


def running_mounts(pod: Pod, volume: str) -> Iterator[tuple[Container, VolumeMount]]:
    """Return every mount of a volume in a container that keeps running, with that container."""
    for spec in list_running(pod.wiring):
        yield from ((pod[spec.name], mount) for mount in spec.mounts_of(volume))


def find_writers(
    pod: Pod, volume: str | None, accept: Callable[[VolumeSpec], bool], description: str
) -> list[tuple[Container, VolumeMount]]:
    """Return a running container that can write to each volume, and its mount.

    The volumes are the named one, or else all that `accept` returns True for, as described.

    Raises:
        NoSharedVolume: the Pod has no such volume, or no running container can write to it.
    """
    names = [
        spec.name
        for spec in pod.wiring.volumes
        if spec.name == volume or (volume is None and accept(spec) and not spec.is_read_only)
    ]
    if not names:
        raise errors.NoSharedVolume(
            f"{pod} has no {f'volume {volume!r}' if volume else description}.",
            "Name one of its volumes, or add one.",
        )
    return [_find_writer(pod, name) for name in names]


def _find_writer(pod: Pod, volume: str) -> tuple[Container, VolumeMount]:
    spec = pod.wiring.volume(volume)
    found = [(one, mount) for one, mount in running_mounts(pod, volume) if not mount.read_only]
    if found:
        # a folder, unless all mount a single file
        return min(found, key=lambda pair: spec is None or is_file(pair[1], spec))
    raise errors.NoSharedVolume(
        f"No running container of {pod} can write to volume {volume!r}.",
        "Name a volume that a container mounts without readOnly.",
    )


def mount_around(container: Container, path: str) -> VolumeMount:
    """Return the mount that a path is in.

    Raises:
        NoSharedVolume: the path is not in a volume.
    """
    mount = container.spec.covering_mount(path) if _is_unambiguous(path) else None
    if mount is None:
        raise errors.NoSharedVolume(
            f"{container}:{path} of {container.pod} is not in a volume.",
            f"Pass a path below one of its mounts: it {describe_mounts(container)}.",
        )
    return mount


def is_within(path: str, folder: str) -> bool:
    """Return whether an unambiguous path is a folder or below it."""
    return _is_unambiguous(path) and folders.is_within(path, folder)


def _is_unambiguous(path: str) -> bool:
    """Return whether a path is unambiguous, which a relative path or one with `..` may not be."""
    return posixpath.isabs(path) and ".." not in path.split("/")


def new_location(
    container: Container, mount: VolumeMount, folder: str | None = None
) -> FileLocation:
    """Return the location of a file with a new name, in a mount or in a folder of it."""
    name = f"podshare-{secrets.token_hex(8)}"
    return FileLocation(container, posixpath.join(folder or mount.path, name), mount)
