"""The wiring model: the containers of a Pod, its volumes, and the mounts that connect them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests.position import Position
from pytest_podshare.wiring import folders
from pytest_podshare.wiring.file_key import FileKey
from pytest_podshare.wiring.lifetime import LIFETIMES, Lifetime


@dataclasses.dataclass(frozen=True)
class VolumeMount:
    """One entry of a container's volumeMounts.

    Args:
        volume: the name of the volume.
        path: the mountPath in the container.
        sub_path: the subPath in the volume; "" for the volume's root.
        read_only: whether this container can only read.
        expression: the subPathExpr as written; `sub_path` has it too, unless both are set.
        expanded: the subPathExpr with the values of its variables, by `sub_path_expression`.
        propagation: the mountPropagation as written; "" for the default.
        recursive_read_only: the recursiveReadOnly as written; "" for the default.
        on_windows: whether its paths are those of Windows.
        position: the entry's position in the manifest; None if the manifest was not a text.
    """

    volume: str
    path: str
    sub_path: str = ""
    read_only: bool = False
    expression: str = ""
    expanded: str = ""
    propagation: str = ""
    recursive_read_only: str = ""
    on_windows: bool = False
    position: Position | None = dataclasses.field(default=None, compare=False)

    def __str__(self) -> str:
        """Return `xchange at /tmp/data (subPath=out, ro)`."""
        notes = [f"subPath={self.sub_path}"] if self.sub_path else []
        notes += ["ro"] if self.read_only else []
        return f"{self.volume} at {self.path}" + (f" ({', '.join(notes)})" if notes else "")

    @functools.cached_property
    def folder(self) -> str:
        """Return its path as the kubelet uses it: absolute, without doubled or trailing slashes."""
        return self.normalize(self.path)

    @functools.cached_property
    def sub_folders(self) -> tuple[str, ...]:
        """Return the names of the folders in its subPath, with the values of variables."""
        return folders.split_sub_path(self.expanded or self.sub_path, self.on_windows)

    def normalize(self, path: str) -> str:
        """Return a path in its container in the form of `folder`."""
        return folders.normalize_windows(path) if self.on_windows else folders.normalize(path)

    def covers(self, path: str) -> bool:
        """Return whether a path is the mountPath or lies below it."""
        return f"{self.normalize(path)}/".startswith(self._prefix)

    @functools.cached_property
    def _prefix(self) -> str:
        return f"{self.folder.rstrip('/')}/"


@dataclasses.dataclass(frozen=True)
class VolumeSpec:
    """One entry of a Pod's volumes.

    Args:
        name: the name of the volume.
        kind: the kind of its source: `emptyDir`, `configMap`, …
        medium: the medium of an emptyDir: `Memory`, or "" for the node's disk.
        size_limit: the sizeLimit of an emptyDir as written (`10Mi`); "" for none.
        source: the name of the claim, ConfigMap or Secret behind the volume; "" for none.
        kinds: its fields as written that are not null: usually one, the kind of its source.
        facts: the fields of the source as written.
        position: the entry's position in the manifest; None if the manifest was not a text.
    """

    name: str
    kind: str
    medium: str = ""
    size_limit: str = ""
    source: str = ""
    kinds: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False)
    position: Position | None = dataclasses.field(default=None, compare=False)

    @property
    def lifetime(self) -> Lifetime | None:
        """Return how long its content lives; None for a kind that Kubernetes does not know."""
        return LIFETIMES.get(self.kind)

    @property
    def outlives_pod(self) -> bool:
        """Return whether the next Pod finds what a Pod wrote."""
        return self.lifetime in (Lifetime.NODE, Lifetime.STORAGE)

    @property
    def is_written_by_containers(self) -> bool:
        """Return whether containers can write to it, rather than the kubelet alone."""
        return self.lifetime is not Lifetime.KUBELET

    @property
    def is_updated_by_kubelet(self) -> bool:
        """Return whether the kubelet updates it in a running Pod, which it does not for images."""
        return self.lifetime is Lifetime.KUBELET and self.kind != "image"

    @property
    def starts_empty(self) -> bool:
        """Return whether it is empty when its Pod starts; a driver may fill other kinds."""
        return self.kind in ("emptyDir", "ephemeral")

    @property
    def is_claim(self) -> bool:
        """Return whether a PersistentVolumeClaim is behind it."""
        return self.kind in ("persistentVolumeClaim", "ephemeral")

    @property
    def is_read_only(self) -> bool:
        """Return whether the volume itself, and thus each of its mounts, is read-only."""
        return bool(self.facts.get("readOnly", False))


@dataclasses.dataclass(frozen=True)
class ContainerSpec:
    """A container, init container or sidecar, with its mounts.

    Args:
        name: the name of the container.
        role: `container`, `init`, or `sidecar` (an init container that always restarts).
        mounts: its volumeMounts in order.
        image: its image as written.
        command: its command followed by its args.
        user: the runAsUser of the container, or else of the Pod; None if neither sets it.
        group: the runAsGroup, likewise.
        non_root: the runAsNonRoot, likewise; False if neither sets it.
        read_only_root: its readOnlyRootFilesystem.
        limits: its resource limits as written: `{"memory": "64Mi"}`.
        probes: which of startupProbe, readinessProbe and livenessProbe it has.
        termination_message_path: its terminationMessagePath as written; "" for the default.
        env: its environment variables; "" for a value that the manifest does not contain.
        env_from: whether it has variables whose names the manifest does not contain.
        file_keys: its variables that come from files in volumes.
        devices: its volumeDevices in order, in the form of mounts at their devicePaths.
        privileged: whether it is privileged.
        working_dir: its workingDir as written; "" for the image's.
        exec_commands: the commands of its hooks and probes.
        post_start: whether it has a postStart hook; containers after a sidecar wait for it.
        restart_policy: its restartPolicy, or else the Pod's; `Always` if neither sets it.
        position: its position in the manifest; None if the manifest was not a text.
    """

    name: str
    role: str
    mounts: tuple[VolumeMount, ...]
    image: str = ""
    command: tuple[str, ...] = ()
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
    devices: tuple[VolumeMount, ...] = ()
    privileged: bool = False
    working_dir: str = ""
    exec_commands: tuple[tuple[str, ...], ...] = ()
    post_start: bool = False
    restart_policy: str = "Always"
    position: Position | None = dataclasses.field(default=None, compare=False)

    def mounts_of(self, volume: str) -> tuple[VolumeMount, ...]:
        """Return its mounts of a volume; it may mount the same volume several times."""
        return tuple(mount for mount in self.mounts if mount.volume == volume)

    def covering_mount(self, path: str) -> VolumeMount | None:
        """Return the deepest mount at or above a path, which hides the others; None for none."""
        deepest: VolumeMount | None = None
        for mount in self.mounts:
            if mount.covers(path) and (deepest is None or len(mount.folder) > len(deepest.folder)):
                deepest = mount
        return deepest


@dataclasses.dataclass(frozen=True)
class Wiring:
    """The containers and volumes of one Pod.

    Args:
        containers: the init containers and sidecars in order, then the other containers.
        volumes: the Pod's volumes in order.
        fs_group: the Pod's fsGroup; None for none.
        limits: the resource limits of the Pod itself as written; most Pods have none.
        groups: the Pod's supplementalGroups.
        on_windows: whether the Pod runs on Windows, by its `os` or its nodeSelector.
    """

    containers: tuple[ContainerSpec, ...]
    volumes: tuple[VolumeSpec, ...]
    fs_group: int | None = None
    limits: Mapping[str, str] = dataclasses.field(default_factory=dict)
    groups: tuple[int, ...] = ()
    on_windows: bool = False

    def mounts(self) -> tuple[tuple[ContainerSpec, VolumeMount], ...]:
        """Return each mount with its container."""
        return self._mounts

    def mounts_of(self, volume: str) -> tuple[tuple[ContainerSpec, VolumeMount], ...]:
        """Return the mounts of a volume with their containers."""
        return self._mounts_by_volume.get(volume, ())

    @functools.cached_property
    def sub_path_mounts(self) -> tuple[tuple[ContainerSpec, VolumeMount], ...]:
        """Return the mounts with a subPath or a subPathExpr, with their containers."""
        return tuple(pair for pair in self._mounts if pair[1].sub_path)

    @functools.cached_property
    def declared_mounts(self) -> tuple[tuple[ContainerSpec, VolumeMount, VolumeSpec], ...]:
        """Return the mounts of volumes of a known kind, with their containers and volumes."""
        return tuple(
            (container, mount, volume)
            for container, mount in self._mounts
            if (volume := self.volume(mount.volume)) is not None and volume.lifetime is not None
        )

    def volume(self, name: str) -> VolumeSpec | None:
        """Return the volume of that name; None if the Pod does not declare it."""
        return self._volumes_by_name.get(name)

    @functools.cached_property
    def _mounts(self) -> tuple[tuple[ContainerSpec, VolumeMount], ...]:
        return tuple(
            [(container, mount) for container in self.containers for mount in container.mounts]
        )

    @functools.cached_property
    def _volumes_by_name(self) -> dict[str, VolumeSpec]:
        # the first of two volumes with the same name
        return {volume.name: volume for volume in reversed(self.volumes)}

    @functools.cached_property
    def _mounts_by_volume(self) -> dict[str, tuple[tuple[ContainerSpec, VolumeMount], ...]]:
        mounts: dict[str, tuple[tuple[ContainerSpec, VolumeMount], ...]] = {}
        for container, mount in self._mounts:
            mounts[mount.volume] = (*mounts.get(mount.volume, ()), (container, mount))
        return mounts

    def container(self, name: str) -> ContainerSpec:
        """Return the container of that name.

        Raises:
            UnknownContainer: the Pod has no such container.
        """
        for container in self.containers:
            if container.name == name:
                return container
        names = ", ".join(repr(container.name) for container in self.containers)
        raise errors.UnknownContainer(
            f"The Pod has no container {name!r}.", f"Use one of its containers: {names}."
        )
