"""What a diagram marks as faulty: mounts, volumes and containers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, Wiring

SIGN = "!"


@dataclasses.dataclass(frozen=True)
class Marks:
    """The parts of a wiring that are marked.

    Args:
        mounts: the mounts, by the name of the container, that of the volume, and the mountPath.
        volumes: the names of the volumes.
        containers: the names of the containers.
    """

    mounts: frozenset[tuple[str, str, str]] = frozenset()
    volumes: frozenset[str] = frozenset()
    containers: frozenset[str] = frozenset()

    def has_mount(self, container: ContainerSpec, mount: VolumeMount) -> bool:
        """Return whether a mount of a container is marked."""
        return (container.name, mount.volume, mount.path) in self.mounts

    def __bool__(self) -> bool:
        """Return whether anything is marked."""
        return bool(self.mounts or self.volumes or self.containers)


NO_MARKS = Marks()


def find_marks(wiring: Wiring, places: Iterable[tuple[str, str, str]]) -> Marks:
    """Return what findings are about.

    Args:
        wiring: the wiring.
        places: the container, the volume and the path that each finding names; "" for none.
    """
    mounts: set[tuple[str, str, str]] = set()
    volumes: set[str] = set()
    containers: set[str] = set()
    all_mounts = [(spec.name, mount.volume, mount.path) for spec, mount in wiring.mounts()]
    for container, volume, path in places:
        exact = [mount for mount in all_mounts if mount == (container, volume, path)]
        if exact:
            mounts.update(exact)
        elif container:
            containers.add(container)
        elif volume:
            volumes.add(volume)
    return Marks(frozenset(mounts), frozenset(volumes), frozenset(containers))


def mark(text: str, is_marked: bool) -> str:
    """Return a text with the sign behind it if it is marked."""
    return f"{text} {SIGN}" if is_marked else text
