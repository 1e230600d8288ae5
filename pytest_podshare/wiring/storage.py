"""What is behind the volumes of different Pods: two volumes of the same storage share files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytest_podshare.wiring import folders
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import VolumeSpec
from pytest_podshare.wiring.shared_mounts import VolumePair

# fields of a source that say how it is mounted, not what is mounted
_MOUNT_OPTIONS = (
    *("readOnly", "fsType", "mountOptions", "volumeAttributes", "controllerPublishSecretRef"),
    *("nodePublishSecretRef", "nodeStageSecretRef", "controllerExpandSecretRef"),
)
# folders of a node; `local` exists only in PersistentVolumes
_ON_NODE = ("hostPath", "local")


@dataclasses.dataclass(frozen=True)
class PodPlace:
    """Where a Pod is, as far as its volumes depend on it.

    Args:
        namespace: the Pod's namespace.
        name: the Pod's name.
        node: the name of its node; "" if it is unknown.
    """

    namespace: str
    name: str
    node: str = ""


@dataclasses.dataclass(frozen=True)
class Storage:
    """What volumes of several Pods can have in common.

    Args:
        key: equal for volumes of the same storage.
        folder: the folder of it that the volume shows.
        text: what it is: `claim uploads`, `folder /data of node worker`.
    """

    key: tuple[str, ...]
    folder: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    text: str = dataclasses.field(default="", compare=False)

    def __str__(self) -> str:
        return self.text

    @property
    def is_on_node(self) -> bool:
        """Return whether it is a folder of a node."""
        return self.key[0] == "node"


def find_storage(volume: VolumeSpec, place: PodPlace) -> Storage | None:
    """Return what is behind a volume of a Pod; None if it is that Pod's alone, or unknown.

    A claim belongs to its namespace, an ephemeral volume has a claim named after Pod and volume,
    and a hostPath is a folder of the Pod's node (documentation: Persistent Volumes, Ephemeral
    Volumes, hostPath).
    """
    if volume.is_claim:
        claim = volume.source if volume.kind != "ephemeral" else f"{place.name}-{volume.name}"
        return Storage(("claim", place.namespace, claim), text=f"claim {claim!r}")
    if volume.lifetime in (Lifetime.NODE, Lifetime.STORAGE):
        return find_source(volume.kind, volume.facts, place)
    return None


def find_source(kind: str, fields: Mapping[str, Any], place: PodPlace) -> Storage | None:
    """Return the storage that a source names, of a volume or of a PersistentVolume.

    Args:
        kind: the kind of the source: `hostPath`, `nfs`, …
        fields: its fields.
        place: where the Pod is that mounts it.
    """
    if kind in _ON_NODE:
        path = str(fields.get("path", ""))
        text = f"folder {path} of node {place.node}"
        # on an unknown node, it is unknown whether two Pods see the same folder
        key = ("node", place.node)
        return Storage(key, folders.split_sub_path(path), text) if place.node else None
    same = {name: value for name, value in fields.items() if name not in _MOUNT_OPTIONS}
    source = json.dumps(same, sort_keys=True, default=str)
    return Storage((kind, source), text=f"{kind} {source}")


def pair_volumes(
    volumes: Iterable[tuple[VolumeSpec, Storage | None]],
    to_volumes: Sequence[tuple[VolumeSpec, Storage | None]],
) -> Iterator[VolumePair]:
    """Yield each volume of one Pod with each volume of another Pod that has the same storage.

    Args:
        volumes: the volumes of the writer's Pod, each with what is behind it.
        to_volumes: those of the reader's Pod.
    """
    for volume, storage in volumes:
        for other, other_storage in to_volumes:
            if storage and other_storage and storage == other_storage:
                yield VolumePair(volume, other, storage.folder, other_storage.folder, str(storage))
