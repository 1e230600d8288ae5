"""The output of stat(1)."""

from __future__ import annotations

import dataclasses
import stat

_TYPES = {
    stat.S_IFREG: "a regular file",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symlink",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


@dataclasses.dataclass(frozen=True)
class Stat:
    """The status of a file, folder or symlink; attributes are named as in pytest-testinfra.

    Args:
        uid: the owner.
        gid: the group.
        mode: permission bits, with setuid, setgid and sticky.
        size: in bytes.
        mtime: the time of the last modification, in seconds since 1970.
        user: the owner's name in that container; `UNKNOWN` if it has none there.
        group: the group's name, likewise.
        kind: the type bits of the mode, as `stat.S_IFMT` returns them.
        linked_to: the target of a symlink; "" for anything else.
    """

    uid: int
    gid: int
    mode: int
    size: int
    mtime: int
    user: str
    group: str
    kind: int
    linked_to: str = ""

    @classmethod
    def parse(cls, printed: bytes) -> Stat:
        """Parse a line of uid, gid, hex mode, size, mtime and names, then a symlink's target."""
        line, _, target = printed.decode("utf-8", "surrogateescape").partition("\n")
        uid, gid, mode, size, mtime, user, group = line.split()
        bits = int(mode, 16)
        return cls(
            uid=int(uid),
            gid=int(gid),
            mode=stat.S_IMODE(bits),
            size=int(size),
            mtime=int(mtime),
            user=user,
            group=group,
            kind=stat.S_IFMT(bits),
            linked_to=target.removesuffix("\n"),
        )

    @property
    def is_file(self) -> bool:
        """Return whether this is a regular file."""
        return stat.S_ISREG(self.kind)

    @property
    def is_directory(self) -> bool:
        """Return whether this is a folder."""
        return stat.S_ISDIR(self.kind)

    @property
    def is_symlink(self) -> bool:
        """Return whether this is a symlink."""
        return stat.S_ISLNK(self.kind)

    @property
    def is_pipe(self) -> bool:
        """Return whether this is a named pipe."""
        return stat.S_ISFIFO(self.kind)

    @property
    def is_socket(self) -> bool:
        """Return whether this is a socket."""
        return stat.S_ISSOCK(self.kind)


def describe_type(status: Stat) -> str:
    """Return the type of a file with an article, for example `a regular file`."""
    return _TYPES.get(status.kind, "a file of an unknown type")


def describe_permissions(status: Stat) -> str:
    """Return the owner, the group and the mode of a file in words."""
    return f"belongs to {status.uid}:{status.gid} with mode {status.mode:04o}"
