"""Mounting a small tmpfs in a container, and unmounting it, whatever happens to the run.

A mount that stays in a volume keeps the kubelet from removing the volume, and so its Pod. Thus the
container's shell also unmounts it when it exits, which it does when its connection breaks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pytest_podshare import errors
from pytest_podshare.containers.fileops import mountinfo, posix_shell
from pytest_podshare.containers.fileops.posix_shell import Refused, ShellSession, quote, run_tool

# safe to run twice: the new folder is in the mount table only once it is a mount point
_MOUNT = b"""export LC_ALL=C
while read -r _ _ _ _ point _; do [ "$point" != %(table)s ] || exit 0; done < /proc/self/mountinfo
mkdir -p %(folder)s && mount -t tmpfs -o size=64k podshare %(folder)s && exit
code=$?; rmdir %(folder)s 2> /dev/null; exit $code
"""
# a lazy unmount succeeds even if a process uses the file system
_UNMOUNT = b"{ umount %(folder)s || umount -l %(folder)s; rmdir %(folder)s; } 2> /dev/null"


@contextlib.contextmanager
def mounted(shell: ShellSession, folder: str) -> Iterator[Refused | None]:
    """Mount a tmpfs on a new folder, and unmount it and remove the folder afterwards.

    Args:
        shell: the container's own shell, since a mount is made in its mount namespace.
        folder: the folder, under a name that is not in use.

    Yields:
        None if it is mounted, else why it is not.

    Raises:
        ToolMissing: the image lacks `mount`.
    """
    names = {b"folder": quote(folder), b"table": quote(mountinfo.escape(folder))}
    unmount = _UNMOUNT % names
    shell.run_inline(b"trap %s EXIT" % quote(unmount.decode("utf-8", "surrogateescape")))
    try:
        done = run_tool(shell, _MOUNT % names, "mount")
        yield None if done.returncode == 0 else Refused(posix_shell.parse_reason(done.stderr))
    finally:
        with contextlib.suppress(errors.PodshareError):
            shell.run_inline(unmount + b"; trap - EXIT")
