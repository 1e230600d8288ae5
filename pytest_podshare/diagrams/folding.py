"""Volumes that a large diagram writes beside their mounts: those of one container each."""

from __future__ import annotations

from pytest_podshare.diagrams import text_table
from pytest_podshare.diagrams.marks import Marks
from pytest_podshare.wiring.model import VolumeSpec, Wiring

# the number of volumes that a diagram shows at a glance
_READABLE = 12


def list_folded(wiring: Wiring, marks: Marks) -> tuple[VolumeSpec, ...]:
    """Return the volumes that are written beside their mounts instead of being drawn.

    They are the volumes of one container each, if there are more than 12 volumes. What is marked is
    drawn nevertheless.
    """
    volumes = text_table.list_volumes(wiring)
    if len(volumes) <= _READABLE:
        return ()
    users: dict[str, set[str]] = {volume.name: set() for volume in volumes}
    marked = set(marks.volumes)
    for container in wiring.containers:
        for mount in text_table.list_mounts(container):
            users[mount.volume].add(container.name)
            if marks.has_mount(container, mount):
                marked.add(mount.volume)
    return tuple(
        volume
        for volume in volumes
        if len(users[volume.name]) == 1
        and volume.name not in marked
        and volume.kind != text_table.UNDECLARED
    )
