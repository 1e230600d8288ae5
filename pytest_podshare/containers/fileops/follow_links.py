"""What is at a path once every symlink is followed, as long as none leads out of the volume."""

from __future__ import annotations

import dataclasses
import posixpath

from pytest_podshare.containers.fileops import operations
from pytest_podshare.containers.fileops.confined import Root
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused, Shell
from pytest_podshare.containers.fileops.stat import Stat

# as many as the kernel follows (path_resolution(7))
_MAX_LINKS = 40
_LOOP = Refused("Too many levels of symbolic links")


@dataclasses.dataclass(frozen=True)
class FinalFile:
    """The end of a chain of symlinks.

    Args:
        path: the path to which the last symlink leads; the original path if there is no symlink.
        status: the status of what is there, or why it cannot be read.
        link: the last symlink on the way; "" if there is none.
    """

    path: str
    status: Stat | Missing | Refused
    link: str = ""


def follow_links(shell: Shell, path: str, root: Root) -> FinalFile:
    """Follow the symlinks at the end of a path; a symlink out of the mount is `OUTSIDE`.

    Symlinks in the folders of the path are followed by the container's own kernel.
    """
    link = ""
    for _ in range(_MAX_LINKS):
        status = operations.lstat(shell, path, root=root)
        if not isinstance(status, Stat) or not status.is_symlink:
            return FinalFile(path, status, link)
        # `..` is not removed: the folder before it may be a symlink itself
        link, path = path, posixpath.join(posixpath.dirname(path), status.linked_to)
    return FinalFile(path, _LOOP, link)
