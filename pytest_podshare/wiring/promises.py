"""What the wiring of a Pod promises: stable ids, and the assertions that prove them.

Pure: names assertions and their arguments, and calls none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_podshare.manifests.position import Position
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.mount_kinds import is_directory, is_writable
from pytest_podshare.wiring.run_order import list_running, runs_before_or_beside
from pytest_podshare.wiring.shared_mounts import find_exchange

OFF = "off"


@dataclasses.dataclass(frozen=True)
class Promise:
    """One thing that the wiring of a Pod promises.

    Args:
        id: the same in every run: `c1→c2@xchange`, `restart@xchange[c1]`, `deleted@xchange`.
        outcome: what is promised: `visible`, `lost`, …
        assertion: the name of the assertion that proves it.
        arguments: the arguments of the assertion, apart from the Pod.
        position: the position of the mount or volume in the manifest; None if it is unknown.
        is_default: whether it follows from the wiring alone, and the manifest does not ask for it.
        to_template: the name of the Pod template of the reader, if it is another one.
    """

    id: str
    outcome: str
    assertion: str
    arguments: Mapping[str, Any]
    position: Position | None = dataclasses.field(default=None, compare=False)
    is_default: bool = dataclasses.field(default=False, compare=False)
    to_template: str = ""

    @property
    def container_names(self) -> tuple[str, ...]:
        """Return the names of the containers that it is about."""
        names = ("from_c", "to_c", "container")
        return tuple(str(self.arguments[name]) for name in names if name in self.arguments)

    @property
    def replaces_pod(self) -> bool:
        """Return whether proving it replaces the Pod."""
        return self.id.startswith("deleted@")


@dataclasses.dataclass(frozen=True)
class PromiseOption:
    """One thing that a wiring can promise, and whether it does by default.

    Args:
        id: the id of the promise.
        default: the outcome that is promised by default; `off` for no promise.
        assertions: outcome → the name of the assertion that proves it.
        arguments: the arguments of each assertion, apart from the Pod.
        outcome_arguments: outcome → further arguments of its assertion.
        position: the position of the promise.
        to_template: the name of the Pod template of the reader, if it is another one.
    """

    id: str
    default: str
    assertions: Mapping[str, str]
    arguments: Mapping[str, Any]
    outcome_arguments: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    position: Position | None = None
    to_template: str = ""

    @property
    def default_promise(self) -> Promise | None:
        """Return what is promised by default; None for nothing."""
        if self.default == OFF:
            return None
        return dataclasses.replace(self.promise(self.default), is_default=True)

    def promise(self, outcome: str, arguments: Mapping[str, Any] | None = None) -> Promise:
        """Return the promise of an outcome, with further arguments of its assertion."""
        specific = self.outcome_arguments.get(outcome, {})
        arguments = {**self.arguments, **specific, **(arguments or {})}
        promise = Promise(self.id, outcome, self.assertions[outcome], arguments, self.position)
        return dataclasses.replace(promise, to_template=self.to_template)


def list_default_promises(wiring: Wiring) -> tuple[Promise, ...]:
    """Return what a wiring promises if its manifest expects nothing else."""
    promises = (option.default_promise for option in list_options(wiring))
    return tuple(promise for promise in promises if promise is not None)


def list_options(wiring: Wiring) -> tuple[PromiseOption, ...]:
    """Return everything that a wiring can promise; what replaces the Pod comes last."""
    options: list[PromiseOption] = []
    volumes = [volume for volume in wiring.volumes if wiring.mounts_of(volume.name)]
    for kind in (_exchanges, _access, _media, _restarts, _deletions):
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


def _access(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether each container that mounts the volume can write to it."""
    for container, mounts in _mounts(wiring, volume.name):
        is_read_only = volume.is_written_by_containers and all(
            (mount.read_only or volume.is_read_only) and is_directory(mount, volume)
            for mount in mounts
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
