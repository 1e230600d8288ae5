"""The folders and symlinks on the way to a file, with their owners and modes."""

from __future__ import annotations

import dataclasses
import posixpath

from pytest_podshare.containers.fileops.operations import listdir
from pytest_podshare.containers.fileops.posix_shell import Shell, quote

# how many names are shown of a folder from which a file is missing
_MAX_NEARBY = 5


@dataclasses.dataclass(frozen=True)
class PathEntry:
    """One file, folder or symlink, as a container sees it; a symlink is not followed.

    Args:
        path: its path in the container.
        kind: `directory`, `regular file`, `symbolic link`, … in the words of stat(1).
        uid: the owner.
        gid: the group.
        mode: permission bits, with setuid, setgid and sticky.
        inode: its number within its file system.
        target: the target of a symlink; "" for anything else.
    """

    path: str
    kind: str
    uid: int
    gid: int
    mode: int
    inode: int
    target: str = ""

    def __str__(self) -> str:
        return f"{self.path} belongs to {self.uid}:{self.gid} with mode {self.mode:04o}"


@dataclasses.dataclass(frozen=True)
class User:
    """The user of a container's shell, and its groups, the primary group first."""

    uid: int
    gids: tuple[int, ...]

    def is_permitted(self, bits: int, entry: PathEntry) -> bool:
        """Return whether the mode grants this user these bits (4 read, 2 write, 1 enter)."""
        if self.uid == 0:
            return True
        shift = 6 if self.uid == entry.uid else 3 if entry.gid in self.gids else 0
        return (entry.mode >> shift) & bits == bits

    def __str__(self) -> str:
        groups = " ".join(str(gid) for gid in self.gids)
        return f"user {self.uid} with group{'s' * (len(self.gids) > 1)} {groups}"


def walk(shell: Shell, path: str) -> tuple[PathEntry, ...]:
    """Return the entries on the way to a path, from the root's first folder to the path itself.

    Stop before the first entry that does not exist or cannot be examined. Without `stat` in the
    image there are none.
    """
    parts = [part for part in path.split("/") if part]
    steps = ["/" + "/".join(parts[: end + 1]) for end in range(len(parts))]
    files = [shell.resolve_path(step, follow=False) for step in steps]
    script = b"for p in " + b" ".join(quote(file) for file in files) + b"; do\n"
    script += b"  LC_ALL=C stat -c '%u %g %a %i %F' \"$p\" || break\n"
    # NUL ends an entry, since the target of a symlink may contain a newline
    script += b'  to=; if [ -L "$p" ]; then to=$(readlink "$p"); fi\n'
    script += b"  printf '%s\\0' \"$to\"\ndone 2>/dev/null"
    printed = shell.run(script).stdout.decode(errors="surrogateescape").split("\0")[:-1]
    return tuple(_parse(step, entry) for step, entry in zip(steps, printed, strict=False))


def _parse(path: str, printed: str) -> PathEntry:
    facts, _, target = printed.partition("\n")
    uid, gid, mode, inode, kind = facts.split(" ", 4)
    return PathEntry(path, kind, int(uid), int(gid), int(mode, 8), int(inode), target)


def whoami(shell: Shell) -> User | None:
    """Return the user that runs commands in the container; None if the image has no `id`."""
    numbers = [int(word) for word in shell.run(b"id -u && id -G").stdout.split()]
    return User(numbers[0], tuple(numbers[1:])) if numbers else None


def list_nearby(shell: Shell, path: str) -> tuple[str, ...]:
    """Return a few other names in the folder of a path, the most similar ones first."""
    folder, name = posixpath.split(path)
    listed = listdir(shell, folder)
    others = [other for other in listed if other != name] if isinstance(listed, list) else []
    others.sort(key=lambda other: -len(posixpath.commonprefix([other, name])))
    return tuple(others[:_MAX_NEARBY])
