"""The paths of a volume's files in a container, determined by its mounts."""

from __future__ import annotations

import posixpath

from pytest_podshare import errors
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.wiring.model import VolumeMount


def find_mounts(shell: ContainerShell, volume: str) -> list[VolumeMount]:
    """Return the container's mounts of a volume, writable ones first.

    Raises:
        UnknownVolume: the container does not mount the volume.
    """
    mounts = shell.spec.mounts_of(volume)
    if not mounts:
        known = ", ".join(dict.fromkeys(repr(mount.volume) for mount in shell.spec.mounts))
        raise errors.UnknownVolume(
            f"{shell.name!r} of {shell.pod} does not mount a volume {volume!r}.",
            f"Use a volume that it mounts: {known or 'none'}.",
        )
    return sorted(mounts, key=lambda mount: mount.read_only)


def locate(shell: ContainerShell, volume: str, name: str) -> tuple[str, str]:
    """Return the container's path for a file of a volume, and the path of the mount it lies in.

    Args:
        shell: the container's shell.
        volume: the volume's name.
        name: the file's path within the volume.

    Raises:
        NotInVolume: the container cannot see the file, or the name is not valid.
    """
    parts = _split(name)
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise errors.NotInVolume(
            f"{name!r} is not a valid file name in volume {volume!r}.",
            "Use the path within the volume, without a leading slash, `..` or NUL.",
        )
    mounts = find_mounts(shell, volume)
    for mount in mounts:
        sub_path = _split(mount.sub_path)
        if parts[: len(sub_path)] == sub_path:
            root = posixpath.normpath(mount.path)
            path = posixpath.join(root, *parts[len(sub_path) :])
            covering = shell.spec.covering_mount(path)
            if covering is not None and posixpath.normpath(covering.path) == root:
                return path, root
    sub_paths = [mount.sub_path for mount in mounts if mount.sub_path]
    if not sub_paths:
        raise errors.NotInVolume(
            f"{shell.name!r} cannot see {name!r} of volume {volume!r}: another mount hides it.",
            "Use a container without that other mount.",
        )
    raise errors.NotInVolume(
        f"{shell.name!r} cannot see {name!r}: of volume {volume!r} it mounts only"
        f" {', '.join(sub_paths)}.",
        f"Use the path within the volume, for example {sub_paths[0] + '/' + name!r}.",
    )


def _split(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
