"""A container's own table of mounts: /proc/self/mountinfo (proc_pid_mountinfo(5))."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Iterable

from pytest_podshare import errors
from pytest_podshare.containers.fileops.posix_shell import Shell, quote, with_ephemeral_fallback

# …/pods/UID/volumes/kubernetes.io~empty-dir/NAME/FOLDER
_KUBELET_VOLUME = re.compile(r"/volumes/kubernetes\.io~[^/]+/([^/]+)(.*)$")
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


@dataclasses.dataclass(frozen=True)
class MountEntry:
    """One line of the table.

    Args:
        path: the mount point.
        root: the folder of the file system that is mounted.
        fs_type: `ext4`, `tmpfs`, `overlay`, …
        options: of this mount: `ro`, `relatime`, …
        super_options: of the file system: `size=10240k`, …
        device: major:minor of the file system.
    """

    path: str
    root: str
    fs_type: str
    options: tuple[str, ...]
    super_options: tuple[str, ...]
    device: str = ""

    @property
    def source(self) -> tuple[str, str]:
        """Return what identifies the mounted folder; two mounts of it show the same files."""
        return self.device, self.root

    def locate(self, path: str) -> tuple[str, str]:
        """Return the device that a path in the mount is on, and its path on that device."""
        inside = posixpath.relpath(path, self.path)
        return self.device, posixpath.normpath(posixpath.join(self.root, inside))

    @property
    def volume(self) -> tuple[str, str] | None:
        """Return the Pod's volume and the folder in it, from the path that the kubelet mounted.

        None for a tmpfs, whose root is mounted, and for a claim, whose folder is its provisioner's.
        """
        match = _KUBELET_VOLUME.search(self.root)
        return (match[1], match[2].strip("/")) if match else None

    @property
    def read_only(self) -> bool:
        """Return whether the mount is read-only."""
        return "ro" in self.options

    @property
    def size(self) -> int | None:
        """Return the size limit of a tmpfs in bytes; None if the table has none."""
        for option in self.super_options:
            if match := re.fullmatch(r"size=(\d+)([kmg]?)", option):
                return int(match[1]) * _UNITS[match[2]]
        return None

    def __str__(self) -> str:
        size = "" if self.size is None else f", {self.size} bytes"
        return f"{self.path} is {self.fs_type} ({'ro' if self.read_only else 'rw'}{size})"


def _parse(line: str) -> MountEntry:
    mount, _, file_system = line.partition(" - ")
    # mount id, parent, device, root, mount point, options, …
    fields = mount.split(" ")
    # type, source, super options
    fs_type, _, super_options = file_system.split(" ")[:3]
    return MountEntry(
        path=_unescape(fields[4]),
        root=_unescape(fields[3]),
        fs_type=fs_type,
        options=tuple(fields[5].split(",")),
        super_options=tuple(super_options.split(",")),
        device=fields[2],
    )


@with_ephemeral_fallback
def read_mounts(shell: Shell) -> list[MountEntry]:
    """Return all mounts of the container, in the order of mounting.

    Raises:
        ToolMissing: the image has no `cat`.
    """
    done = shell.run(b"cat " + quote(shell.resolve_path("/proc/self/mountinfo")))
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip()
        raise errors.ToolMissing(
            f"Cannot read the mount table of {shell.name}: {reason}", "Use an image with `cat`"
        )
    return [_parse(line) for line in done.stdout.decode(errors="replace").splitlines()]


def find_mount(shell: Shell, path: str) -> MountEntry | None:
    """Return the mount at a path: the last one if there are several, which hides the others."""
    entries = [entry for entry in read_mounts(shell) if entry.path == path]
    return entries[-1] if entries else None


def find_covering(entries: Iterable[MountEntry], path: str) -> MountEntry | None:
    """Return the mount that a path lies in: the last one at or above it, which hides the others."""
    parents = [entry for entry in entries if posixpath.commonpath([entry.path, path]) == entry.path]
    return parents[-1] if parents else None


def _unescape(field: str) -> str:
    """Decode the kernel's octal escapes of space, tab, newline and backslash."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def escape(path: str) -> str:
    """Encode those characters of a path that the kernel escapes in the table."""
    return re.sub(r"[ \t\n\\]", lambda match: f"\\{ord(match[0]):03o}", path)
