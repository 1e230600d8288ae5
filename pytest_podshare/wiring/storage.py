"""What is behind the volumes of different Pods: two volumes of the same storage share files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from pytest_podshare.wiring import folders
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.model import VolumeSpec, Wiring
from pytest_podshare.wiring.shared_mounts import VolumePair

# fields of a source that say how it is mounted, not what is mounted
_MOUNT_OPTIONS = ("readOnly", "fsType", "mountOptions")


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


def find_storage(volume: VolumeSpec, place: PodPlace) -> Storage | None:
    """Return what is behind a volume of a Pod; None if it is that Pod's alone, or unknown.

    A claim belongs to its namespace, an ephemeral volume has a claim named after Pod and volume,
    and a hostPath is a folder of the Pod's node (documentation: Persistent Volumes, Ephemeral
    Volumes, hostPath).
    """
    if volume.is_claim:
        claim = volume.source if volume.kind != "ephemeral" else f"{place.name}-{volume.name}"
        return Storage(("claim", place.namespace, claim), text=f"claim {claim!r}")
    if volume.lifetime is Lifetime.NODE:
        path = str(volume.facts.get("path", ""))
        text = f"folder {path} of node {place.node}"
        # on an unknown node, it is unknown whether two Pods see the same folder
        key = ("node", place.node)
        return Storage(key, folders.split_sub_path(path), text) if place.node else None
    if volume.lifetime is Lifetime.STORAGE:
        source = {key: value for key, value in volume.facts.items() if key not in _MOUNT_OPTIONS}
        key = (volume.kind, json.dumps(source, sort_keys=True, default=str))
        return Storage(key, text=f"{volume.kind} {key[1]}")
    return None


def pair_volumes(
    from_wiring: Wiring, from_place: PodPlace, to_wiring: Wiring, to_place: PodPlace
) -> Iterator[VolumePair]:
    """Yield each volume of one Pod with each volume of another Pod that has the same storage."""
    for volume in from_wiring.volumes:
        storage = find_storage(volume, from_place)
        for other in to_wiring.volumes:
            other_storage = find_storage(other, to_place)
            if storage and other_storage and storage == other_storage:
                yield VolumePair(volume, other, storage.folder, other_storage.folder)
