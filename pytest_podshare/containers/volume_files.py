"""The files of a volume, as one container sees them."""

from __future__ import annotations

import dataclasses
import io
import posixpath
from collections.abc import Iterator
from typing import BinaryIO, TypeVar

from pytest_podshare import errors
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops import confined, content, streaming
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.containers.fileops.stat import Stat
from pytest_podshare.wiring.model import VolumeMount

T = TypeVar("T")

# more than this is streamed; below it the shell's own printf is quicker than another exec
_SMALL = 64 * 1024
# bytes of a content that are on their way at once
_PIECE = 64 * 1024


class VolumeFiles:
    """The files of a volume, as one container sees them; got by `pod["c1"].volume("shared")`.

    A name is a file's path within the volume, so that the same name means the same file in every
    container, whatever its mountPath and subPath. It may hold any byte but NUL, those that are
    no UTF-8 as `os.fsdecode` gives them; a slash parts folders. Links are followed as far as they
    stay in the mount, whoever puts them there, and be it at this moment.

    Args:
        shell: the container's shell.
        volume: the volume's name.

    Raises:
        UnknownVolume: the container mounts no such volume.
    """

    def __init__(self, shell: ContainerShell, volume: str) -> None:
        self.shell = shell
        self.volume = volume
        self._mounts()

    def __repr__(self) -> str:
        return f"<VolumeFiles of {self.volume} in {self.shell.pod.name}/{self.shell.name}>"

    def path(self, name: str) -> str:
        """Where the container has it, by its own mountPath and subPath.

        Raises:
            NotInVolume: the container does not see it there, or no file can have that name.
        """
        return self._place(name)[0]

    def _place(self, name: str) -> tuple[str, str]:
        """Where the container has it, and the mount that it lies in."""
        parts = _parts(name)
        if name.startswith("/") or ".." in parts or "\0" in name:
            raise errors.NotInVolume(
                f"{name!r} is no name of a file in volume {self.volume!r}.",
                "Give its path within the volume, without a slash before it, `..` or NUL.",
            )
        for mount in self._mounts():
            below = _parts(mount.sub_path)
            if parts[: len(below)] == below:
                folder = posixpath.normpath(mount.path)
                path = posixpath.join(folder, *parts[len(below) :])
                if self._covering(path) == folder:
                    return path, folder
        raise self._not_seen(name)

    def write(self, name: str, data: bytes | str | BinaryIO) -> Content:
        """Write a file so that a reader sees all of it or nothing; replaces what is there.

        Args:
            name: the file.
            data: what it is to hold: bytes, text, or a binary file that can be sought in, from
                where it stands to its end. Of large content only a part is in memory.

        Returns:
            Its size and sha256.

        Raises:
            FileRefused: the container may not write it; says why not.
            NotInVolume: the container does not see it there, or no file can have that name.
            ExecError: a command could not be run, so nothing is known of the file.
        """
        path, root = self._flushed_path(name)
        if isinstance(data, str):
            data = data.encode()
        written: Content | Refused
        if isinstance(data, bytes) and len(data) <= _SMALL:
            written = confined.write(self.shell, path, data, root) or content.of(data)
        else:
            source = io.BytesIO(data) if isinstance(data, bytes) else data
            written = streaming.write(self.shell, path, _pieces(source), _left(source), root=root)
        return self._or_error(path, written)

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            FileMissing: there is none.
            FileRefused: the container may not read it; says why not.
            NotInVolume: the container does not see it there, or no file can have that name.
            ExecError: a command could not be run, so nothing is known of the file.
        """
        path, root = self._flushed_path(name)
        return self._or_error(path, confined.read(self.shell, path, root))

    def read_to(self, name: str, file: BinaryIO) -> Content:
        """Read a file of any size into another; only a part of it is in memory.

        Returns:
            Its size and sha256.

        Raises:
            PodError: as of `read`.
        """
        path, root = self._flushed_path(name)
        return self._or_error(path, streaming.read(self.shell, path, file.write, root=root))

    def content(self, name: str) -> Content:
        """The size and sha256 of a file of any size.

        Raises:
            PodError: as of `read`.
        """
        path, root = self._flushed_path(name)
        return self._or_error(path, streaming.read(self.shell, path, root=root))

    def stat(self, name: str = "") -> Stat:
        """What a file, folder or link is, whom it belongs to, and its mode; links not followed.

        Raises:
            PodError: as of `read`.
        """
        path, root = self._flushed_path(name)
        found = self._or_error(path, confined.lstat(self.shell, path, root))
        if self.shell.access.is_ephemeral:
            # the names are another image's
            return dataclasses.replace(found, user="UNKNOWN", group="UNKNOWN")
        return found

    def exists(self, name: str) -> bool:
        """Whether anything is there, be it a link that leads nowhere.

        Raises:
            FileRefused: the container may not look; says why not.
            NotInVolume: the container does not see it there, or no file can have that name.
            ExecError: a command could not be run, so nothing is known of the file.
        """
        path, root = self._flushed_path(name)
        found = confined.lstat(self.shell, path, root)
        if isinstance(found, Missing) or found == Refused("Not a directory"):
            return False
        return bool(self._or_error(path, found))

    def listdir(self, name: str = "") -> list[str]:
        """The names in a folder, sorted; without a name, in the volume.

        Raises:
            PodError: as of `read`.
        """
        path, root = self._flushed_path(name)
        return self._or_error(path, confined.names_in(self.shell, path, root))

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is removed already.

        Raises:
            FileRefused: the container may not; says why not.
            NotInVolume: the container does not see it there, or no file can have that name.
            ExecError: a command could not be run, so nothing is known of the file.
        """
        path, root = self._flushed_path(name)
        self._or_error(path, confined.remove(self.shell, path, root))

    def _flushed_path(self, name: str) -> tuple[str, str]:
        place = self._place(name)
        self.shell.settle_pod()
        return place

    def _mounts(self) -> list[VolumeMount]:
        """The container's mounts of the volume, those that it may write to first."""
        mounts = [mount for mount in self.shell.mounts if mount.volume == self.volume]
        if not mounts:
            known = ", ".join(dict.fromkeys(repr(mount.volume) for mount in self.shell.mounts))
            raise errors.UnknownVolume(
                f"{self.shell.name!r} of {self.shell.pod} mounts no volume {self.volume!r}.",
                f"Name one that it mounts: {known or 'there is none'}.",
            )
        return sorted(mounts, key=lambda mount: mount.read_only)

    def _covering(self, path: str) -> str:
        """The mountPath that a path of the container lies in: the deepest one hides the others."""
        paths = [posixpath.normpath(mount.path) for mount in self.shell.mounts]
        around = [folder for folder in paths if posixpath.commonpath([folder, path]) == folder]
        return max(around, key=len)

    def _not_seen(self, name: str) -> errors.NotInVolume:
        folders = [mount.sub_path for mount in self._mounts() if mount.sub_path]
        if not folders:
            return errors.NotInVolume(
                f"{self.shell.name!r} has another mount over {name!r} of volume {self.volume!r}.",
                "Ask a container that mounts only this volume there.",
            )
        return errors.NotInVolume(
            f"{self.shell.name!r} does not see {name!r}: of volume {self.volume!r} it mounts"
            f" only {', '.join(folders)}.",
            f"Name the file as it lies in the volume, for example {folders[0] + '/' + name!r}.",
        )

    def _or_error(self, path: str, found: T | Missing | Refused) -> T:
        where = f"{self.shell.name}:{path} of {self.shell.pod}"
        if isinstance(found, Missing):
            raise errors.FileMissing(
                f"{where} is not there.", "Write it first, or see what its folder has: listdir()."
            )
        if found == confined.OUTSIDE:
            raise errors.NotInVolume(
                f"{where}: a link on the way {found}, and is not followed.",
                "See where it leads: stat(); to follow it all the same, exec() a command.",
            )
        if isinstance(found, Refused):
            raise errors.FileRefused(
                f"{where}: {found}.", "See the container's user, and the owner and mode: stat()."
            )
        return found


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _left(source: BinaryIO) -> int:
    """How many bytes come from where a file stands to its end."""
    here = source.tell()
    size = source.seek(0, io.SEEK_END) - here
    source.seek(here)
    return size


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece
