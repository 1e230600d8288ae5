"""The files of a volume in one container."""

from __future__ import annotations

import dataclasses
import functools
import io
import posixpath
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from pytest_podshare import errors
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops import confined, operations, streaming
from pytest_podshare.containers.fileops.confined import Root
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.containers.fileops.stat import Stat
from pytest_podshare.containers.volume_root import find_root
from pytest_podshare.wiring import folders
from pytest_podshare.wiring.model import VolumeMount

_Result = TypeVar("_Result")

# larger content is streamed; below it, printing by the shell is faster than another exec
_MAX_PRINTED = 64 * 1024
_CHUNK_SIZE = 64 * 1024


class VolumeFiles:
    """The files of a volume in one container; returned by `pod["c1"].volume("shared")`.

    A name is a file's path within the volume, so the same name means the same file in every
    container, whatever its mountPath and subPath. It may contain any byte but NUL; bytes that are
    not UTF-8 are written as `os.fsdecode` returns them. Symlinks are followed as long as they stay
    in the mount, even if another process changes them at that moment.

    All methods raise NotInVolume if the container cannot see the file or the name is not valid.
    Those that use the file also raise FileMissing, FileRefused with the reason, or ExecError if a
    command could not be run, so that nothing is known about the file.

    Args:
        shell: the container's shell.
        volume: the volume's name.

    Raises:
        UnknownVolume: the container does not mount the volume.
    """

    def __init__(self, shell: ContainerShell, volume: str) -> None:
        self.shell = shell
        self.volume = volume
        self._find_mounts()

    def __repr__(self) -> str:
        return f"<VolumeFiles of {self.volume} in {self.shell.pod.name}/{self.shell.name}>"

    def path(self, name: str) -> str:
        """Return the path of a file in the container, by its mountPath and subPath."""
        return self._locate(name)[0]

    def write(self, name: str, data: bytes | str | BinaryIO) -> Content:
        """Write a file, or replace it, so that a reader sees all of the content or nothing.

        Args:
            name: the file.
            data: the content: bytes, text, or a seekable binary file, which is read from its
                current position to its end. Only a part of large content is in memory.

        Returns:
            Its size and sha256.
        """
        if isinstance(data, str):
            data = data.encode()
        if isinstance(data, bytes) and len(data) <= _MAX_PRINTED:
            self._run(operations.write, name, data)
            return Content.from_bytes(data)
        file = io.BytesIO(data) if isinstance(data, bytes) else data
        chunks = iter(functools.partial(file.read, _CHUNK_SIZE), b"")
        return self._run(streaming.write, name, chunks, _remaining_size(file))

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return self._run(operations.read, name)

    def read_to(self, name: str, file: BinaryIO) -> Content:
        """Copy a file of any size into another; only a part of it is in memory.

        Returns:
            Its size and sha256.
        """
        return self._run(streaming.read, name, file.write)

    def content(self, name: str) -> Content:
        """Return the size and sha256 of a file of any size."""
        return self._run(streaming.read, name)

    def stat(self, name: str = "") -> Stat:
        """Return the status of a file, folder or symlink: type, owner, mode, size and time."""
        status = self._run(operations.lstat, name)
        if self.shell.access.is_ephemeral:
            # the names come from another image
            return dataclasses.replace(status, user="UNKNOWN", group="UNKNOWN")
        return status

    def exists(self, name: str) -> bool:
        """Return whether a file, folder or symlink exists, even if a symlink leads nowhere."""
        return self._run(_exists, name)

    def listdir(self, name: str = "") -> list[str]:
        """Return the sorted names in a folder, by default the root of the volume."""
        return self._run(operations.listdir, name)

    def remove(self, name: str) -> None:
        """Remove a file, unless it does not exist."""
        self._run(operations.remove, name)

    def _run(
        self, operation: Callable[..., _Result | Missing | Refused], name: str, *args: object
    ) -> _Result:
        """Return the result of an operation that is confined to the mount."""
        path, root = self._locate(name)
        self.shell.flush_pod()
        result = operation(self.shell, path, *args, root=root)
        where = f"{self.shell.name}:{path} of {self.shell.pod}"
        if isinstance(result, Missing):
            raise errors.FileMissing(
                f"{where} does not exist.", "Write it first, or list its folder with listdir()."
            )
        if result == confined.OUTSIDE:
            raise errors.NotInVolume(
                f"{where}: {result}; it was not followed.",
                "Check where it leads with stat(). To follow it anyway, run a command with exec().",
            )
        if isinstance(result, Refused):
            raise errors.FileRefused(
                f"{where}: {result}.",
                "Compare the container's user with the owner and mode that stat() returns.",
            )
        return result

    def _find_mounts(self) -> list[VolumeMount]:
        """Return the container's mounts of the volume, writable ones first."""
        shell, volume = self.shell, self.volume
        mounts = shell.spec.mounts_of(volume)
        if not mounts:
            known = ", ".join(dict.fromkeys(repr(mount.volume) for mount in shell.spec.mounts))
            raise errors.UnknownVolume(
                f"{shell.name!r} of {shell.pod} does not mount a volume {volume!r}.",
                f"Use a volume that it mounts: {known or 'none'}.",
            )
        return sorted(mounts, key=lambda mount: mount.read_only)

    def _locate(self, name: str) -> tuple[str, Root]:
        """Return a file's path in the container, and the mount it lies in."""
        shell, volume = self.shell, self.volume
        parts = folders.split_sub_path(name)
        if name.startswith("/") or ".." in parts or "\0" in name:
            raise errors.NotInVolume(
                f"{name!r} is not a valid file name in volume {volume!r}.",
                "Use the path within the volume, without a leading slash, `..` or NUL.",
            )
        mounts = self._find_mounts()
        for mount in mounts:
            if folders.is_below(parts, mount.sub_folders):
                root = mount.folder
                path = posixpath.join(root, *parts[len(mount.sub_folders) :])
                covering = shell.spec.covering_mount(path)
                if covering is not None and covering.folder == root:
                    return path, find_root(shell, mount)
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


def _exists(shell: ContainerShell, path: str, *, root: Root) -> bool | Refused:
    status = operations.lstat(shell, path, root=root)
    if isinstance(status, Missing) or status == Refused("Not a directory"):
        return False
    return status if isinstance(status, Refused) else True


def _remaining_size(file: BinaryIO) -> int:
    """Return the number of bytes from the current position of a file to its end."""
    position = file.tell()
    size = file.seek(0, io.SEEK_END) - position
    file.seek(position)
    return size
