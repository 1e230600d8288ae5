"""What the wiring of a Pod promises: an id that stays, and the assertion that proves it.

Pure: says which assertion with which arguments, and calls none.
"""

from __future__ import annotations

import dataclasses
import itertools
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.manifests.position import Position
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

OFF = "off"

# a hostPath of these types is no folder, and in these places takes no files; what is called
# `….conf` or `….sock` most likely is no folder either
_NO_FOLDERS = ("File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice")
_KERNELS = ("/proc/", "/sys/", "/dev/")
_FOLDER_SUFFIXES = ("", ".d")


@dataclasses.dataclass(frozen=True)
class Promise:
    """One thing that a Pod's wiring promises.

    Args:
        id: its name, the same in every run: `c1→c2@xchange`, `deleted@xchange`.
        word: what is promised, in a word: `visible`, `lost`, …
        assertion: the name of the assertion that proves it.
        arguments: what it is called with, beside the Pod.
        at: where the manifest has the mount or the volume that it is about; None if nobody knows.
    """

    id: str
    word: str
    assertion: str
    arguments: Mapping[str, Any]
    at: Position | None = dataclasses.field(default=None, compare=False)

    @property
    def replaces_pod(self) -> bool:
        """Whether proving it takes another Pod's coming."""
        return self.id.startswith("deleted@")


@dataclasses.dataclass(frozen=True)
class PromiseOption:
    """One thing that can be promised of a wiring, whether or not it is by default.

    Args:
        id: the promise's.
        default: the word that is promised if nobody says otherwise; `off` for no promise.
        assertions: word → the name of the assertion that proves it.
        arguments: what each of them is called with, beside the Pod and what `extra` says.
        extra: word → what its assertion is called with besides.
        at: the promise's.
    """

    id: str
    default: str
    assertions: Mapping[str, str]
    arguments: Mapping[str, Any]
    extra: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    at: Position | None = None

    @property
    def by_default(self) -> Promise | None:
        """The promise if nobody says otherwise; None for none."""
        return None if self.default == OFF else self.answered(self.default)

    def answered(self, word: str, options: Mapping[str, Any] | None = None) -> Promise:
        """The promise in that word, with further arguments of its assertion."""
        arguments = {**self.arguments, **self.extra.get(word, {}), **(options or {})}
        return Promise(self.id, word, self.assertions[word], arguments, self.at)


def of_wiring(wiring: Wiring) -> tuple[Promise, ...]:
    """What a wiring promises if nobody says otherwise."""
    promised = (each.by_default for each in questions(wiring))
    return tuple(each for each in promised if each is not None)


def questions(wiring: Wiring) -> tuple[PromiseOption, ...]:
    """Everything that can be promised of a wiring; what takes a new Pod comes last."""
    found: list[PromiseOption] = []
    volumes = [each for each in wiring.volumes if _running(wiring, each.name)]
    for ask in (_pairs, _read_only, _media, _restarts, _deletions):
        for volume in volumes:
            found += ask(wiring, volume)
    return tuple(found)


def _pairs(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Each ordered pair: what one running container may write, the other sees where they meet."""
    if not volume.is_written_by_containers:
        return
    pairs = itertools.permutations(_containers(wiring), 2)
    for writer, reader in pairs:
        mine = [each for each in writer.mounts_of(volume.name) if _writes(each, volume)]
        if not mine:
            continue
        meeting = next(
            (
                each
                for each in wiring.shared(writer.name, reader.name)
                if each.volume.name == volume.name
            ),
            None,
        )
        is_met = (
            meeting is not None
            and _writes(meeting.from_mount, volume)
            and _is_folder(meeting.to_mount, volume)
        )
        yield PromiseOption(
            id=f"{writer.name}→{reader.name}@{volume.name}",
            default="visible" if is_met else OFF,
            assertions={"visible": "assert_file_visible", "apart": "assert_not_shared"},
            arguments={"from_c": writer.name, "to_c": reader.name, "volume": volume.name},
            at=meeting.to_mount.at if meeting else mine[0].at,
        )


def _read_only(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Each running container that mounts the volume: whether it can write to it."""
    for container, mounts in _running(wiring, volume.name):
        is_said = all(each.read_only or volume.is_read_only for each in mounts)
        is_said = is_said and all(_is_folder(each, volume) for each in mounts)
        yield PromiseOption(
            id=f"read-only[{container.name}]@{volume.name}",
            default="read-only" if is_said and volume.is_written_by_containers else OFF,
            assertions={"read-only": "assert_read_only", "writable": "assert_writable"},
            arguments={"container": container.name, "volume": volume.name},
            at=mounts[0].at,
        )


def _media(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """What the volume is made of."""
    container, _ = _running(wiring, volume.name)[0]
    words = ("Memory", "Disk")
    yield PromiseOption(
        id=f"medium@{volume.name}",
        default="Memory" if volume.medium == "Memory" else OFF,
        assertions=dict.fromkeys(words, "assert_medium"),
        arguments={"container": container.name, "volume": volume.name},
        extra={word: {"medium": word} for word in words},
        at=volume.at,
    )


def _restarts(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """Each running container that may write to the volume, and is started again when it ends."""
    for container, mounts in _writers(wiring, volume):
        yield PromiseOption(
            id=f"restart[{container.name}]@{volume.name}",
            default=OFF if container.restart_policy == "Never" else "survives",
            assertions={"survives": "assert_survives_restart"},
            arguments={"container": container.name, "volume": volume.name},
            at=mounts[0].at,
        )


def _deletions(wiring: Wiring, volume: VolumeSpec) -> Iterator[PromiseOption]:
    """What becomes of the content when the Pod goes."""
    if not any(True for _ in _writers(wiring, volume)):
        return
    lasting = "survives" if volume.outlives_pod else OFF
    yield PromiseOption(
        id=f"deleted@{volume.name}",
        default="lost" if volume.lifetime is Lifetime.POD else lasting,
        assertions={"lost": "assert_lost_on_delete", "survives": "assert_survives_delete"},
        arguments={"volume": volume.name},
        at=volume.at,
    )


def _containers(wiring: Wiring) -> list[ContainerSpec]:
    """Those that go on running, in which something can be done."""
    return [each for each in wiring.containers if each.role != "init"]


def _running(wiring: Wiring, volume: str) -> list[tuple[ContainerSpec, tuple[VolumeMount, ...]]]:
    return [
        (each, each.mounts_of(volume)) for each in _containers(wiring) if each.mounts_of(volume)
    ]


def _writers(
    wiring: Wiring, volume: VolumeSpec
) -> Iterator[tuple[ContainerSpec, list[VolumeMount]]]:
    """The running containers that may make files in the volume, with the mounts for it."""
    if volume.is_written_by_containers:
        for container, mounts in _running(wiring, volume.name):
            if mine := [each for each in mounts if _writes(each, volume)]:
                yield container, mine


def _writes(mount: VolumeMount, volume: VolumeSpec) -> bool:
    """Whether files can be made through a mount, as far as the manifest tells."""
    return _is_folder(mount, volume) and not mount.read_only and not volume.is_read_only


def _is_folder(mount: VolumeMount, volume: VolumeSpec) -> bool:
    """Whether files can be made below a mount at all, by whoever may."""
    path = str(volume.facts.get("path", "")) if volume.kind == "hostPath" else ""
    suffix = posixpath.splitext(mount.sub_path or path)[1]
    is_kernels = f"{path}/".startswith(_KERNELS)
    is_folder = volume.facts.get("type") not in _NO_FOLDERS
    return is_folder and not is_kernels and suffix in _FOLDER_SUFFIXES
