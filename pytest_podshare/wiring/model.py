"""The model: a Pod's containers, its volumes, and the mounts that tie them."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors

# what the API server makes of a volume that names no source
DEFAULT_SOURCE = "emptyDir"
_FILLED_BY_KUBELET = ("configMap", "secret", "projected", "downwardAPI", "image")


@dataclasses.dataclass(frozen=True)
class Mount:
    """One entry of a container's volumeMounts.

    Args:
        volume: name of the volume.
        path: mountPath in the container.
        sub_path: subPath within the volume, "" for its root.
        read_only: whether this container may only read.
    """

    volume: str
    path: str
    sub_path: str = ""
    read_only: bool = False

    def __str__(self) -> str:
        """`xchange at /tmp/data (subPath=out, ro)`."""
        notes = [f"subPath={self.sub_path}"] if self.sub_path else []
        notes += ["ro"] if self.read_only else []
        return f"{self.volume} at {self.path}" + (f" ({', '.join(notes)})" if notes else "")


@dataclasses.dataclass(frozen=True)
class Volume:
    """One entry of a Pod's volumes: its name, and the kind of its source (`emptyDir`, …)."""

    name: str
    kind: str

    @property
    def is_written_by_containers(self) -> bool:
        """Whether any container may write to it; the kubelet alone fills the others."""
        return self.kind not in _FILLED_BY_KUBELET


@dataclasses.dataclass(frozen=True)
class Container:
    """A container of any sort, with its mounts.

    Args:
        name: its name in the Pod.
        role: `container`, `init` or `sidecar` (an init container that always restarts).
        mounts: its volumeMounts, in their order.
    """

    name: str
    role: str
    mounts: tuple[Mount, ...]

    def mounts_of(self, volume: str) -> tuple[Mount, ...]:
        """The mounts of that volume; one volume may be mounted several times."""
        return tuple(mount for mount in self.mounts if mount.volume == volume)


@dataclasses.dataclass(frozen=True)
class SharedMount:
    """Where two containers meet in a volume.

    Args:
        volume: the volume.
        from_mount: the writer's mount.
        to_mount: the reader's mount.
        from_dir: the writer's path of the deepest folder that both see.
        to_dir: the reader's path of that same folder.
    """

    volume: Volume
    from_mount: Mount
    to_mount: Mount
    from_dir: str
    to_dir: str


@dataclasses.dataclass(frozen=True)
class Wiring:
    """Who mounts what where in one Pod."""

    containers: tuple[Container, ...]
    volumes: tuple[Volume, ...]

    def container(self, name: str) -> Container:
        """The container of that name.

        Raises:
            UnknownContainer: there is none; the error lists those there are.
        """
        for container in self.containers:
            if container.name == name:
                return container
        known = ", ".join(repr(container.name) for container in self.containers)
        raise errors.UnknownContainer(
            f"The Pod has no container {name!r}.", f"Name one of its containers: {known}."
        )

    def shared(self, from_c: str, to_c: str) -> tuple[SharedMount, ...]:
        """Each volume that both containers mount at places that overlap, with where they meet."""
        writer, reader = self.container(from_c), self.container(to_c)
        found: list[SharedMount] = []
        for volume in self.volumes:
            meetings = [
                meeting
                for mine in writer.mounts_of(volume.name)
                for theirs in reader.mounts_of(volume.name)
                if (meeting := _meet(volume, mine, theirs)) is not None
            ]
            # a mount that the writer may write to proves more than one it may not
            meetings.sort(key=lambda meeting: meeting.from_mount.read_only)
            found += meetings[:1]
        return tuple(found)


def _meet(volume: Volume, mine: Mount, theirs: Mount) -> SharedMount | None:
    """Where two mounts of one volume overlap: one subPath must lie within the other."""
    here, there = _parts(mine.sub_path), _parts(theirs.sub_path)
    shorter = min(len(here), len(there))
    if here[:shorter] != there[:shorter]:
        return None
    return SharedMount(
        volume=volume,
        from_mount=mine,
        to_mount=theirs,
        from_dir=posixpath.join(mine.path, *there[shorter:]),
        to_dir=posixpath.join(theirs.path, *here[shorter:]),
    )


def _parts(sub_path: str) -> tuple[str, ...]:
    return tuple(part for part in sub_path.split("/") if part not in ("", "."))


def of_pod(spec: Mapping[str, Any]) -> Wiring:
    """The wiring of a Pod spec whose shape `load` has checked, or that the API server gave."""
    containers = [
        _container(entry, "sidecar" if entry.get("restartPolicy") == "Always" else "init")
        for entry in spec.get("initContainers") or ()
    ]
    containers += [_container(entry, "container") for entry in spec.get("containers") or ()]
    volumes = tuple(
        Volume(entry["name"], next((key for key in entry if key != "name"), DEFAULT_SOURCE))
        for entry in spec.get("volumes") or ()
    )
    return Wiring(tuple(containers), volumes)


def _container(entry: Mapping[str, Any], role: str) -> Container:
    mounts = tuple(
        Mount(
            volume=mount["name"],
            path=mount["mountPath"],
            # an expression is known only when the container runs: its text stands for itself
            sub_path=mount.get("subPath") or mount.get("subPathExpr") or "",
            read_only=bool(mount.get("readOnly", False)),
        )
        for mount in entry.get("volumeMounts") or ()
    )
    return Container(entry["name"], role, mounts)
