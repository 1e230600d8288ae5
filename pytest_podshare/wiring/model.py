"""The model: a Pod's containers, its volumes, and the mounts that tie them."""

from __future__ import annotations

import dataclasses
import functools
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests.position import Position
from pytest_podshare.wiring.lifetime import LIFETIMES, Lifetime


@dataclasses.dataclass(frozen=True)
class VolumeMount:
    """One entry of a container's volumeMounts.

    Args:
        volume: name of the volume.
        path: mountPath in the container.
        sub_path: subPath within the volume, "" for its root.
        read_only: whether this container may only read.
        expression: subPathExpr, as written; it stands in sub_path as well, unless both are given.
        propagation: mountPropagation, as written; "" for the default.
        recursive_read_only: recursiveReadOnly, as written; "" for the default.
        unknown: fields it has that no mount is known to have.
        at: where the manifest has it; None for one that came from no text.
    """

    volume: str
    path: str
    sub_path: str = ""
    read_only: bool = False
    expression: str = ""
    propagation: str = ""
    recursive_read_only: str = ""
    unknown: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    at: Position | None = dataclasses.field(default=None, compare=False)

    def __str__(self) -> str:
        """`xchange at /tmp/data (subPath=out, ro)`."""
        notes = [f"subPath={self.sub_path}"] if self.sub_path else []
        notes += ["ro"] if self.read_only else []
        return f"{self.volume} at {self.path}" + (f" ({', '.join(notes)})" if notes else "")

    def covers(self, path: str) -> bool:
        """Return whether a path is the mountPath or lies below it."""
        folder = posixpath.normpath(self.path)
        return posixpath.commonpath([folder, path]) == folder


@dataclasses.dataclass(frozen=True)
class VolumeSpec:
    """One entry of a Pod's volumes.

    Args:
        name: its name.
        kind: the kind of its source (`emptyDir`, `configMap`, …).
        medium: of an emptyDir: `Memory`, or "" for the node's disk.
        size_limit: of an emptyDir, as written (`10Mi`); "" for none.
        source: the name of the claim, ConfigMap or Secret that it is made from; "" for none.
        kinds: every kind of source that it names: one, or none, unless it is wrong.
        facts: what it says of its source, as written, for whoever judges it.
        at: where the manifest has it; None for one that came from no text.
    """

    name: str
    kind: str
    medium: str = ""
    size_limit: str = ""
    source: str = ""
    kinds: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False)
    at: Position | None = dataclasses.field(default=None, compare=False)

    @property
    def lifetime(self) -> Lifetime | None:
        """How long its content stays; None for a kind that Kubernetes does not know."""
        return LIFETIMES.get(self.kind)

    @property
    def outlives_pod(self) -> bool:
        """Whether what a Pod writes to it is there in the next Pod."""
        return self.lifetime in (Lifetime.NODE, Lifetime.STORAGE)

    @property
    def is_written_by_containers(self) -> bool:
        """Whether any container may write to it; the kubelet alone fills the others."""
        return self.lifetime is not Lifetime.KUBELET

    @property
    def is_updated_by_kubelet(self) -> bool:
        """Whether the kubelet keeps it up to date; an image is the same for as long as the Pod."""
        return self.lifetime is Lifetime.KUBELET and self.kind != "image"

    @property
    def starts_empty(self) -> bool:
        """Whether nothing is in it when its Pod starts; a driver or a repository fills others."""
        return self.kind in ("emptyDir", "ephemeral")

    @property
    def is_claim(self) -> bool:
        """Whether it is made of a PersistentVolumeClaim."""
        return self.kind in ("persistentVolumeClaim", "ephemeral")

    @property
    def is_read_only(self) -> bool:
        """Whether the volume itself says so, of all its mounts."""
        return bool(self.facts.get("readOnly", False))


@dataclasses.dataclass(frozen=True)
class VolumeDevice:
    """One entry of a container's volumeDevices: a claim as a block device.

    Args:
        volume: name of the volume.
        path: devicePath in the container.
        at: where the manifest has it; None for one that came from no text.
    """

    volume: str
    path: str
    at: Position | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True)
class FileKey:
    """A variable of the environment that the kubelet reads from a file in a volume.

    Args:
        variable: its name.
        volume: the volume; the container need not mount it.
        at: where the manifest has it; None for one that came from no text.
    """

    variable: str
    volume: str
    at: Position | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True)
class ContainerSpec:
    """A container of any sort, with its mounts.

    Args:
        name: its name in the Pod.
        role: `container`, `init` or `sidecar` (an init container that always restarts).
        mounts: its volumeMounts, in their order.
        image: its image, as written.
        words: its command and its args, in one.
        user: runAsUser of the container, or else of the Pod; None where neither says.
        group: runAsGroup, likewise.
        non_root: runAsNonRoot, likewise; False where neither says.
        read_only_root: readOnlyRootFilesystem.
        limits: its resources' limits, as written (`{"memory": "64Mi"}`).
        probes: which of `startupProbe`, `readinessProbe`, `livenessProbe` it has.
        termination_message_path: as written; "" for the default.
        env: its variables, "" for a value that does not stand in the manifest.
        env_from: whether it has variables whose names do not stand in the manifest.
        file_keys: its variables that come from files in volumes.
        devices: its volumeDevices, in their order.
        privileged: likewise its securityContext's.
        post_start: whether it has a postStart hook, which the containers after a sidecar wait for.
        restart_policy: its own restartPolicy, or else the Pod's, `Always` where neither says.
        at: where the manifest has it; None for one that came from no text.
    """

    name: str
    role: str
    mounts: tuple[VolumeMount, ...]
    image: str = ""
    words: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None
    non_root: bool = False
    read_only_root: bool = False
    limits: Mapping[str, str] = dataclasses.field(default_factory=dict)
    probes: tuple[str, ...] = ()
    termination_message_path: str = ""
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)
    env_from: bool = False
    file_keys: tuple[FileKey, ...] = ()
    devices: tuple[VolumeDevice, ...] = ()
    privileged: bool = False
    post_start: bool = False
    restart_policy: str = "Always"
    at: Position | None = dataclasses.field(default=None, compare=False)

    def mounts_of(self, volume: str) -> tuple[VolumeMount, ...]:
        """The mounts of that volume; one volume may be mounted several times."""
        return tuple(mount for mount in self.mounts if mount.volume == volume)

    def covering_mount(self, path: str) -> VolumeMount | None:
        """Return the deepest mount at or above a path, which hides the others; None for none."""
        covering = [mount for mount in self.mounts if mount.covers(path)]
        return max(covering, key=lambda mount: len(posixpath.normpath(mount.path)), default=None)


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

    volume: VolumeSpec
    from_mount: VolumeMount
    to_mount: VolumeMount
    from_dir: str
    to_dir: str


@dataclasses.dataclass(frozen=True)
class Wiring:
    """Who mounts what where in one Pod.

    Args:
        containers: init containers and sidecars first, in their order, then the others.
        volumes: its volumes, in their order.
        fs_group: the Pod's fsGroup; None for none.
        limits: the limits of the Pod's own resources, as written; mostly there are none.
        groups: the Pod's supplementalGroups.
    """

    containers: tuple[ContainerSpec, ...]
    volumes: tuple[VolumeSpec, ...]
    fs_group: int | None = None
    limits: Mapping[str, str] = dataclasses.field(default_factory=dict)
    groups: tuple[int, ...] = ()

    def mounts(self) -> Iterator[tuple[ContainerSpec, VolumeMount]]:
        """Every mount, with its container."""
        for container in self.containers:
            for mount in container.mounts:
                yield container, mount

    def mounts_of(self, volume: str) -> tuple[tuple[ContainerSpec, VolumeMount], ...]:
        """The mounts of that volume, with their containers."""
        return self._mounted.get(volume, ())

    def volume(self, name: str) -> VolumeSpec | None:
        """The volume of that name; None for one that nobody declares."""
        return self._declared.get(name)

    @functools.cached_property
    def _declared(self) -> dict[str, VolumeSpec]:
        # of two volumes of one name, the first
        return {volume.name: volume for volume in reversed(self.volumes)}

    @functools.cached_property
    def _mounted(self) -> dict[str, tuple[tuple[ContainerSpec, VolumeMount], ...]]:
        found: dict[str, tuple[tuple[ContainerSpec, VolumeMount], ...]] = {}
        for container, mount in self.mounts():
            found[mount.volume] = (*found.get(mount.volume, ()), (container, mount))
        return found

    def container(self, name: str) -> ContainerSpec:
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


def _meet(volume: VolumeSpec, mine: VolumeMount, theirs: VolumeMount) -> SharedMount | None:
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
