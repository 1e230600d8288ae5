"""What the wiring of a Pod promises: stable ids, and the assertions that prove them.

Pure: names assertions and their arguments, and calls none.
"""

from __future__ import annotations

import dataclasses
import itertools
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.manifests.position import Position
from pytest_podshare.wiring import propagation
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.shared_mounts import SharedMount, find_shared_mounts

OFF = "off"

# no file can be created below a hostPath of these types or in these directories; a path with
# another suffix than these, such as `….conf` or `….sock`, most likely is not a directory
_NOT_A_DIRECTORY = ("File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice")
_KERNEL_DIRECTORIES = ("/proc/", "/sys/", "/dev/")
_DIRECTORY_SUFFIXES = ("", ".d")


@dataclasses.dataclass(frozen=True)
class Promise:
    """One thing that the wiring of a Pod promises.

    Args:
        id: the same in every run: `c1→c2@xchange`, `restart@xchange[c1]`, `deleted@xchange`.
        outcome: what is promised: `visible`, `lost`, …
        assertion: the name of the assertion that proves it.
        arguments: the arguments of the assertion, apart from the Pod.
        position: the position of the mount or volume in the manifest; None if it is unknown.
    """

    id: str
    outcome: str
    assertion: str
    arguments: Mapping[str, Any]
    position: Position | None = dataclasses.field(default=None, compare=False)

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
    """

    id: str
    default: str
    assertions: Mapping[str, str]
    arguments: Mapping[str, Any]
    outcome_arguments: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    position: Position | None = None

    @property
    def default_promise(self) -> Promise | None:
        """Return what is promised by default; None for nothing."""
        return None if self.default == OFF else self.promise(self.default)

    def promise(self, outcome: str, arguments: Mapping[str, Any] | None = None) -> Promise:
        """Return the promise of an outcome, with further arguments of its assertion."""
        specific = self.outcome_arguments.get(outcome, {})
        arguments = {**self.arguments, **specific, **(arguments or {})}
        return Promise(self.id, outcome, self.assertions[outcome], arguments, self.position)


def list_default_promises(wiring: Wiring) -> tuple[Promise, ...]:
    """Return what a wiring promises if its manifest expects nothing else."""
    promises = (option.default_promise for option in list_options(wiring))
    return tuple(promise for promise in promises if promise is not None)


def list_options(wiring: Wiring) -> tuple[PromiseOption, ...]:
    """Return everything that a wiring can promise; what replaces the Pod comes last."""
    options: list[PromiseOption] = []
    volumes = [volume for volume in wiring.volumes if _mounts(wiring, volume.name)]
    for kind in (_exchanges, _propagations, _same_files, _access, _media, _restarts, _deletions):
        for volume in volumes:
            options += kind(wiring, volume)
    return tuple(options)


def _exchanges(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether the second container of each pair sees what the first one writes."""
    writers = _writers(wiring, volume)
    pairs = ((w, mounts, r) for w, mounts in writers for r in _running(wiring) if r is not w)
    for writer, mounts, reader in pairs:
        shared = {s.volume.name: s for s in find_shared_mounts(wiring, writer.name, reader.name)}
        pair = shared.get(volume.name)
        is_visible = (
            pair is not None
            and pair.is_certain
            and _is_writable(pair.from_mount, volume)
            and _is_directory(pair.to_mount, volume)
        )
        yield PromiseOption(
            id=f"{writer.name}→{reader.name}@{volume.name}",
            default="visible" if is_visible else OFF,
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
        for pair in find_shared_mounts(wiring, name, other):
            if pair.volume.name == volume.name:
                yield name, other, pair


def _access(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether each container that mounts the volume can write to it."""
    for container, mounts in _mounts(wiring, volume.name):
        is_read_only = volume.kind == "image" or (
            volume.is_written_by_containers
            and all(
                (mount.read_only or volume.is_read_only) and _is_directory(mount, volume)
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
    container, _ = _mounts(wiring, volume.name)[0]
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
    """Yield whether the content survives a restart of each container that can write to it."""
    for container, mounts in _writers(wiring, volume):
        yield PromiseOption(
            id=f"restart@{volume.name}[{container.name}]",
            default=OFF if container.restart_policy == "Never" else "survives",
            assertions={"survives": "assert_survives_restart"},
            arguments={"container": container.name, "volume": volume.name},
            position=mounts[0].position,
        )


def _deletions(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Yield whether the content survives the deletion of the Pod."""
    if next(_writers(wiring, volume), None) is None:
        return
    lasting = "survives" if volume.outlives_pod else OFF
    yield PromiseOption(
        id=f"deleted@{volume.name}",
        default="lost" if volume.lifetime is Lifetime.POD else lasting,
        assertions={"lost": "assert_lost_on_delete", "survives": "assert_survives_delete"},
        arguments={"volume": volume.name},
        position=volume.position,
    )


def _running(wiring: Wiring) -> list[ContainerSpec]:
    """Return the containers that keep running, so that assertions can use them."""
    return [container for container in wiring.containers if container.role != "init"]


def _mounts(wiring: Wiring, volume: str) -> list[tuple[ContainerSpec, tuple[VolumeMount, ...]]]:
    """Return the running containers that mount a volume, with their mounts of it."""
    mounts = [(container, container.mounts_of(volume)) for container in _running(wiring)]
    return [(container, found) for container, found in mounts if found]


def _writers(
    wiring: Wiring, volume: VolumeSpec
) -> Iterator[tuple[ContainerSpec, list[VolumeMount]]]:
    """Yield the running containers that can create files in a volume, with their mounts for it."""
    if volume.is_written_by_containers:
        for container, mounts in _mounts(wiring, volume.name):
            if writable := [mount for mount in mounts if _is_writable(mount, volume)]:
                yield container, writable


def _is_writable(mount: VolumeMount, volume: VolumeSpec) -> bool:
    return _is_directory(mount, volume) and not mount.read_only and not volume.is_read_only


def _is_directory(mount: VolumeMount, volume: VolumeSpec) -> bool:
    """Return whether files can be created below a mount, as far as the manifest shows."""
    path = str(volume.facts.get("path", "")) if volume.kind == "hostPath" else ""
    suffix = posixpath.splitext(mount.sub_path or path)[1]
    is_kernel_directory = f"{path}/".startswith(_KERNEL_DIRECTORIES)
    is_directory = volume.facts.get("type") not in _NOT_A_DIRECTORY
    return is_directory and not is_kernel_directory and suffix in _DIRECTORY_SUFFIXES
