"""What belongs to a volume in a container: its mount, and what is propagated into that."""

from __future__ import annotations

from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops.confined import PropagatedRoot, Root
from pytest_podshare.wiring import folders, propagation
from pytest_podshare.wiring.model import VolumeMount


def find_root(container: ContainerShell, mount: VolumeMount) -> Root:
    """Return the mount that symlinks must not leave, with the mounts in it if they belong to it."""
    if not propagation.has_nested_mounts(container.pod.wiring, mount):
        return mount.folder
    others = tuple(
        other.folder
        for other in container.spec.mounts
        if other.folder != mount.folder and folders.is_within(other.folder, mount.folder)
    )
    return PropagatedRoot(mount.folder, others)
