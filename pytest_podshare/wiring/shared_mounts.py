"""Where two containers, of one Pod or of two, see the same folder of a volume."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Iterable

from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.mount_kinds import is_directory, is_file, is_special, is_writable
from pytest_podshare.wiring.sub_path_expression import is_common


@dataclasses.dataclass(frozen=True)
class SharedMount:
    """Two mounts that show the same folder of a volume to a writer and a reader.

    Args:
        volume: the volume, as the writer's Pod declares it.
        from_mount: the writer's mount.
        to_mount: the reader's mount.
        from_dir: the writer's path of the deepest folder that both see.
        to_dir: the reader's path of that folder.
        storage: what is behind the volume, if the containers are in two Pods.
    """

    volume: VolumeSpec
    from_mount: VolumeMount
    to_mount: VolumeMount
    from_dir: str
    to_dir: str
    storage: str = ""

    @property
    def is_certain(self) -> bool:
        """Return whether both see it for certain: a variable in a subPathExpr may be unknown."""
        return bool(is_common(self.from_mount.sub_folders, self.to_mount.sub_folders))

    @property
    def is_file(self) -> bool:
        """Return whether the reader most likely mounts a single file, which the writer creates."""
        return self.to_mount.sub_path != "" and is_file(self.to_mount, self.volume)


@dataclasses.dataclass(frozen=True)
class VolumePair:
    """A volume of the writer's Pod and a volume of the reader's Pod with the same content.

    Args:
        from_volume: the volume in the writer's Pod.
        to_volume: the volume in the reader's Pod; in the same Pod, the same one.
        from_folder: the folder of their common storage that `from_volume` shows.
        to_folder: the folder that `to_volume` shows.
        storage: what is behind both, in two Pods.
    """

    from_volume: VolumeSpec
    to_volume: VolumeSpec
    from_folder: tuple[str, ...] = ()
    to_folder: tuple[str, ...] = ()
    storage: str = ""


def find_shared_mounts(wiring: Wiring, from_c: str, to_c: str) -> tuple[SharedMount, ...]:
    """Return one pair of mounts for each volume of which both containers see the same folder.

    Args:
        wiring: the Pod's wiring.
        from_c: the writer.
        to_c: the reader.

    Raises:
        UnknownContainer: the Pod has no such container.
    """
    pairs = (VolumePair(volume, volume) for volume in wiring.volumes)
    return match_mounts(wiring.container(from_c), wiring.container(to_c), pairs)


def find_shared_mount(wiring: Wiring, from_c: str, to_c: str, volume: str) -> SharedMount | None:
    """Return the mounts through which both containers see the same folder of a volume, if any.

    The arguments and the errors are those of `find_shared_mounts`.
    """
    pairs = (VolumePair(spec, spec) for spec in wiring.volumes if spec.name == volume)
    shared = match_mounts(wiring.container(from_c), wiring.container(to_c), pairs)
    return next(iter(shared), None)


def match_mounts(
    writer: ContainerSpec, reader: ContainerSpec, pairs: Iterable[VolumePair]
) -> tuple[SharedMount, ...]:
    """Return one pair of mounts for each of the writer's volumes of which both see the same folder.

    Args:
        writer: the container that writes.
        reader: the container that reads.
        pairs: the volumes of the two that have the same content.
    """
    found: dict[str, list[SharedMount]] = {}
    for shared in match_all_mounts(writer, reader, pairs):
        found.setdefault(shared.volume.name, []).append(shared)
    # prefer a mount to which the writer can write
    return tuple(
        min(shared, key=lambda mounts: mounts.from_mount.read_only) for shared in found.values()
    )


def match_all_mounts(
    writer: ContainerSpec, reader: ContainerSpec, pairs: Iterable[VolumePair]
) -> list[SharedMount]:
    """Return every pair of mounts by which both see the same folder.

    The arguments are those of `match_mounts`.
    """
    found = (
        _find_common_folder(pair, from_mount, to_mount)
        for pair in pairs
        for from_mount in writer.mounts_of(pair.from_volume.name)
        for to_mount in reader.mounts_of(pair.to_volume.name)
    )
    return [shared for shared in found if shared is not None]


def _find_common_folder(
    pair: VolumePair, from_mount: VolumeMount, to_mount: VolumeMount
) -> SharedMount | None:
    """Return the folder that both mounts show: the subPath of one must contain the other's."""
    from_parts = pair.from_folder + from_mount.sub_folders
    to_parts = pair.to_folder + to_mount.sub_folders
    depth = min(len(from_parts), len(to_parts))
    is_shared = is_common(from_parts, to_parts)
    if is_shared is False:
        return None
    if is_shared is None:
        # only a file can show whether the two folders are the same
        depth = max(len(from_parts), len(to_parts))
    return SharedMount(
        volume=pair.from_volume,
        from_mount=from_mount,
        to_mount=to_mount,
        from_dir=posixpath.join(from_mount.path, *to_parts[depth:]),
        to_dir=posixpath.join(to_mount.path, *from_parts[depth:]),
        storage=pair.storage,
    )


def find_exchange(
    wiring: Wiring, volume: VolumeSpec, writer: ContainerSpec, reader: ContainerSpec
) -> SharedMount | None:
    """Return the mounts through which a reader should see a writer's files; None for none.

    A single file that the reader mounts must exist before, so only an init container can create it.
    """
    pair = find_shared_mount(wiring, writer.name, reader.name, volume.name)
    if pair is None or not pair.is_certain or not is_writable(pair.from_mount, volume):
        return None
    creates_file = writer.role == "init" and pair.is_file and not is_special(volume)
    return pair if is_directory(pair.to_mount, volume) or creates_file else None
