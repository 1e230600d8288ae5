"""What the wiring of a Pod promises: stable ids, and the assertions that prove them.

Pure: names assertions and their arguments, and calls none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from pytest_podshare.wiring import propagation
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.mount_kinds import is_directory, is_writable
from pytest_podshare.wiring.promise import OFF, Promise, PromiseOption
from pytest_podshare.wiring.run_order import list_running, runs_before_or_beside
from pytest_podshare.wiring.shared_mounts import SharedMount, find_exchange, find_shared_mount


def list_default_promises(wiring: Wiring) -> tuple[Promise, ...]:
    """Return what a wiring promises if its manifest expects nothing else."""
    promises = (option.default_promise for option in list_options(wiring))
    return tuple(promise for promise in promises if promise is not None)


def list_options(wiring: Wiring) -> tuple[PromiseOption, ...]:
    """Return everything that a wiring can promise; what replaces the Pod comes last."""
    options: list[PromiseOption] = []
    volumes = [volume for volume in wiring.volumes if wiring.mounts_of(volume.name)]
    for kind in (_exchanges, _propagations, _same_files, _access, _media, _restarts, _deletions):
        for volume in volumes:
            options += kind(wiring, volume)
    return tuple(options)


def _exchanges(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether the second container of each pair sees what the first one writes."""
    pairs = (
        (writer, mounts, reader)
        for writer, mounts in _writers(wiring.containers, volume)
        for reader in wiring.containers
        if runs_before_or_beside(wiring, writer, reader)
    )
    for writer, mounts, reader in pairs:
        pair = find_exchange(wiring, volume, writer, reader)
        yield PromiseOption(
            id=f"{writer.name}→{reader.name}@{volume.name}",
            default="visible" if pair else OFF,
            assertions={"visible": "assert_file_visible", "apart": "assert_not_shared"},
            arguments={"from_c": writer.name, "to_c": reader.name, "volume": volume.name},
            position=pair.to_mount.position if pair else mounts[0].position,
        )


def _propagations(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether a container sees what another mounts in the volume."""
    for name, other, pair in _pairs(wiring, volume):
        if propagation.is_sent(pair.from_mount):
            is_received = pair.is_certain and propagation.is_received(pair.to_mount)
            yield PromiseOption(
                id=f"propagated@{volume.name}[{name}→{other}]",
                default="propagated" if is_received else OFF,
                assertions={"propagated": "assert_mount_propagated"},
                arguments={"from_c": name, "to_c": other, "volume": volume.name},
                position=pair.to_mount.position,
            )


def _same_files(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether all containers see the same files, if only the kubelet fills the volume."""
    pairs = [pair for _, _, pair in _pairs(wiring, volume)]
    if pairs and not volume.is_written_by_containers:
        yield PromiseOption(
            id=f"same@{volume.name}",
            default="same" if all(pair.is_certain for pair in pairs) else OFF,
            assertions={"same": "assert_same_files"},
            arguments={"volume": volume.name},
            position=pairs[0].to_mount.position,
        )


def _pairs(wiring: Wiring, volume: VolumeSpec) -> Iterator[tuple[str, str, SharedMount]]:
    """Yield the names of each two running containers that share a folder of the volume."""
    names = [container.name for container, _ in _mounts(wiring, volume.name)]
    for name, other in itertools.permutations(names, 2):
        if (pair := find_shared_mount(wiring, name, other, volume.name)) is not None:
            yield name, other, pair


def _access(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether each container that mounts the volume can write to it."""
    for container, mounts in _mounts(wiring, volume.name):
        is_read_only = volume.kind == "image" or (
            volume.is_written_by_containers
            and all(
                (mount.read_only or volume.is_read_only) and is_directory(mount, volume)
                for mount in mounts
            )
        )
        yield PromiseOption(
            id=f"read-only@{volume.name}[{container.name}]",
            default="read-only" if is_read_only else OFF,
            assertions={"read-only": "assert_read_only", "writable": "assert_writable"},
            arguments={"container": container.name, "volume": volume.name},
            position=mounts[0].position,
        )


def _media(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield what medium the volume is on."""
    mounts = _mounts(wiring, volume.name)
    if not mounts:
        return
    container, _ = mounts[0]
    media = ("Memory", "Disk")
    yield PromiseOption(
        id=f"medium@{volume.name}",
        default="Memory" if volume.medium == "Memory" else OFF,
        assertions=dict.fromkeys(media, "assert_medium"),
        arguments={"container": container.name, "volume": volume.name},
        outcome_arguments={medium: {"medium": medium} for medium in media},
        position=volume.position,
    )


def _restarts(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether the content survives a restart of each container that can use it.

    What a container wrote itself, or what init containers left for it if it can only read.
    """
    for container, mounts in _mounts(wiring, volume.name):
        writable = [mount for mount in mounts if is_writable(mount, volume)]
        if volume.is_written_by_containers and writable:
            position = writable[0].position
        elif _has_init_output(wiring, volume, container):
            position = mounts[0].position
        else:
            continue
        yield PromiseOption(
            id=f"restart@{volume.name}[{container.name}]",
            default=OFF if container.restart_policy == "Never" else "survives",
            assertions={"survives": "assert_survives_restart"},
            arguments={"container": container.name, "volume": volume.name},
            position=position,
        )


def _deletions(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether the content survives the deletion of the Pod."""
    is_written = any(_writers(list_running(wiring), volume))
    if not is_written and not any(
        _has_init_output(wiring, volume, container) for container in list_running(wiring)
    ):
        return
    # an init container may write its output again, so that nothing tells old from new
    lasting = "survives" if volume.outlives_pod and is_written else OFF
    yield PromiseOption(
        id=f"deleted@{volume.name}",
        default="lost" if volume.lifetime is Lifetime.POD else lasting,
        assertions={"lost": "assert_lost_on_delete", "survives": "assert_survives_delete"},
        arguments={"volume": volume.name},
        position=volume.position,
    )


def _mounts(wiring: Wiring, volume: str) -> list[tuple[ContainerSpec, tuple[VolumeMount, ...]]]:
    """Return the running containers that mount a volume, with their mounts of it."""
    mounts = [(container, container.mounts_of(volume)) for container in list_running(wiring)]
    return [(container, found) for container, found in mounts if found]


def _writers(
    containers: Sequence[ContainerSpec], volume: VolumeSpec
) -> Iterator[tuple[ContainerSpec, list[VolumeMount]]]:
    """Yield those containers that can create files in a volume, with their mounts for it."""
    if volume.is_written_by_containers:
        for container in containers:
            mounts = container.mounts_of(volume.name)
            if writable := [mount for mount in mounts if is_writable(mount, volume)]:
                yield container, writable


def _has_init_output(wiring: Wiring, volume: VolumeSpec, reader: ContainerSpec) -> bool:
    """Return whether a container sees a folder of a volume that an init container can fill."""
    return any(
        writer.role == "init" and find_exchange(wiring, volume, writer, reader) is not None
        for writer, _ in _writers(wiring.containers, volume)
    )
