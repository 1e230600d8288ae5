"""What stat(1) tells of a file, a folder or a link."""

from __future__ import annotations

import dataclasses
import stat


@dataclasses.dataclass(frozen=True)
class Stat:
    """A file, folder or link; attributes are named as in pytest-testinfra.

    Args:
        uid: its owner.
        gid: its group.
        mode: permission bits, with setuid, setgid and sticky.
        size: in bytes.
        mtime: when it was last written, in seconds since 1970.
        user: the owner's name in that container; `UNKNOWN` if it has none there.
        group: the group's name, likewise.
        kind: the type bits of its mode, as in `stat.S_IFMT`.
        linked_to: where a link leads, as it says; "" for anything else.
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
        """Read a line of uid, gid, mode in hex, size, mtime and names; then comes a link's goal."""
        line, _, goal = printed.decode("utf-8", "surrogateescape").partition("\n")
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
            linked_to=goal.removesuffix("\n"),
        )

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.kind)

    @property
    def is_directory(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.kind)

    @property
    def is_symlink(self) -> bool:
        """Whether it is a symlink."""
        return stat.S_ISLNK(self.kind)

    @property
    def is_pipe(self) -> bool:
        """Whether it is a named pipe."""
        return stat.S_ISFIFO(self.kind)

    @property
    def is_socket(self) -> bool:
        """Whether it is a socket."""
        return stat.S_ISSOCK(self.kind)
