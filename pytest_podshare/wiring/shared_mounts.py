"""Where two containers of a Pod see the same folder of a volume."""

from __future__ import annotations

import dataclasses
import posixpath

from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.mount_kinds import is_directory, is_file, is_special, is_writable
from pytest_podshare.wiring.sub_path_expression import is_common


@dataclasses.dataclass(frozen=True)
class SharedMount:
    """Two mounts that show the same folder of a volume to a writer and a reader.

    Args:
        volume: the volume.
        from_mount: the writer's mount.
        to_mount: the reader's mount.
        from_dir: the writer's path of the deepest folder that both see.
        to_dir: the reader's path of that folder.
    """

    volume: VolumeSpec
    from_mount: VolumeMount
    to_mount: VolumeMount
    from_dir: str
    to_dir: str

    @property
    def is_certain(self) -> bool:
        """Return whether both see it for certain: a variable in a subPathExpr may be unknown."""
        return bool(is_common(self.from_mount.sub_folders, self.to_mount.sub_folders))

    @property
    def is_file(self) -> bool:
        """Return whether the reader most likely mounts a single file, which the writer creates."""
        return self.to_mount.sub_path != "" and is_file(self.to_mount, self.volume)


def find_shared_mounts(wiring: Wiring, from_c: str, to_c: str) -> tuple[SharedMount, ...]:
    """Return one pair of mounts for each volume of which both containers see the same folder.

    Args:
        wiring: the Pod's wiring.
        from_c: the writer.
        to_c: the reader.

    Raises:
        UnknownContainer: the Pod has no such container.
    """
    writer, reader = wiring.container(from_c), wiring.container(to_c)
    shared: list[SharedMount] = []
    for volume in wiring.volumes:
        pairs = [
            pair
            for from_mount in writer.mounts_of(volume.name)
            for to_mount in reader.mounts_of(volume.name)
            if (pair := _pair(volume, from_mount, to_mount)) is not None
        ]
        # prefer a mount to which the writer can write
        shared += sorted(pairs, key=lambda pair: pair.from_mount.read_only)[:1]
    return tuple(shared)


def _pair(volume: VolumeSpec, from_mount: VolumeMount, to_mount: VolumeMount) -> SharedMount | None:
    """Return the folder that both mounts show: the subPath of one must contain the other's."""
    from_parts, to_parts = from_mount.sub_folders, to_mount.sub_folders
    depth = min(len(from_parts), len(to_parts))
    is_shared = is_common(from_parts, to_parts)
    if is_shared is False:
        return None
    if is_shared is None:
        # only a file can show whether the two folders are the same
        depth = max(len(from_parts), len(to_parts))
    return SharedMount(
        volume=volume,
        from_mount=from_mount,
        to_mount=to_mount,
        from_dir=posixpath.join(from_mount.path, *to_parts[depth:]),
        to_dir=posixpath.join(to_mount.path, *from_parts[depth:]),
    )


def find_exchange(
    wiring: Wiring, volume: VolumeSpec, writer: ContainerSpec, reader: ContainerSpec
) -> SharedMount | None:
    """Return the mounts through which a reader should see a writer's files; None for none.

    A single file that the reader mounts must exist before, so only an init container can create it.
    """
    shared = {s.volume.name: s for s in find_shared_mounts(wiring, writer.name, reader.name)}
    pair = shared.get(volume.name)
    if pair is None or not pair.is_certain or not is_writable(pair.from_mount, volume):
        return None
    creates_file = writer.role == "init" and pair.is_file and not is_special(volume)
    return pair if is_directory(pair.to_mount, volume) or creates_file else None
