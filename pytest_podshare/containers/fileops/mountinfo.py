"""What a container itself says of its mounts: /proc/self/mountinfo (proc_pid_mountinfo(5))."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Iterable

from pytest_podshare import errors
from pytest_podshare.containers.fileops import posix_shell
from pytest_podshare.containers.fileops.posix_shell import Shell


@dataclasses.dataclass(frozen=True)
class MountEntry:
    """One line of it.

    Args:
        path: the mount point.
        root: the folder of the file system that is mounted.
        fs_type: `ext4`, `tmpfs`, `overlay`, …
        options: of this mount: `ro`, `relatime`, …
        super_options: of the file system: `size=10240k`, …
        device: major:minor of the file system; with `root`, it tells two mounts of one folder.
    """

    path: str
    root: str
    fs_type: str
    options: tuple[str, ...]
    super_options: tuple[str, ...]
    device: str = ""

    @property
    def source(self) -> tuple[str, str]:
        """The folder that is mounted; two mounts of the same one show the same files."""
        return self.device, self.root

    @property
    def volume(self) -> tuple[str, str] | None:
        """The Pod's volume and the folder in it, as the kubelet names the source; None if not so.

        A tmpfs is mounted by its own root, and a claim by its provisioner's folder.
        """
        found = _KUBELET.search(self.root)
        return (found[1], found[2].strip("/")) if found else None

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written through it."""
        return "ro" in self.options

    @property
    def size(self) -> int | None:
        """The size that a tmpfs was given, in bytes; None where none is told."""
        for option in self.super_options:
            if found := re.fullmatch(r"size=(\d+)([kmg]?)", option):
                return int(found[1]) * {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}[found[2]]
        return None

    def __str__(self) -> str:
        size = "" if self.size is None else f", {self.size} bytes"
        return f"{self.path} is {self.fs_type} ({'ro' if self.read_only else 'rw'}{size})"


# …/pods/UID/volumes/kubernetes.io~empty-dir/NAME/FOLDER
_KUBELET = re.compile(r"/volumes/kubernetes\.io~[^/]+/([^/]+)(.*)$")


def parse(text: str) -> list[MountEntry]:
    """The entries, in the order of mounting."""
    entries = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        # mount id, parent, device, root, mount point, options, …
        fields, tail = before.split(" "), after.split(" ")
        entries.append(
            MountEntry(
                path=_unescaped(fields[4]),
                root=_unescaped(fields[3]),
                fs_type=tail[0],
                options=tuple(fields[5].split(",")),
                super_options=tuple(tail[2].split(",")),
                device=fields[2],
            )
        )
    return entries


@posix_shell.with_ephemeral_fallback
def table(container: Shell) -> list[MountEntry]:
    """All mounts of the container, in the order of mounting.

    Raises:
        ToolMissing: the image has no `cat`.
    """
    done = container.run(
        b"cat " + posix_shell.quoted(container.resolve_path("/proc/self/mountinfo"))
    )
    if done.returncode != 0:
        why = done.stderr.decode(errors="replace").strip()
        raise errors.ToolMissing(
            f"{container.name} cannot tell its mounts: {why}",
            "Use an image with `cat`",
        )
    return parse(done.stdout.decode(errors="replace"))


def at(container: Shell, path: str) -> MountEntry | None:
    """The mount at that path, as the container sees it; of several the last, which hides the rest.

    Raises:
        ToolMissing: the image has no `cat`.
    """
    found = [each for each in table(container) if each.path == path]
    return found[-1] if found else None


def covering(entries: Iterable[MountEntry], path: str) -> MountEntry | None:
    """The mount that a path lies in: the last one at the path or above it, which hides the rest."""
    around = [each for each in entries if posixpath.commonpath([each.path, path]) == each.path]
    return around[-1] if around else None


def _unescaped(field: str) -> str:
    """The kernel writes blank, tab, line end and backslash as octal escapes."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
