"""What lies on the way to a file: the owner, the mode and the kind of each folder and link."""

from __future__ import annotations

import dataclasses
import posixpath

from pytest_podshare.containers.fileops.posix_shell import Shell, names_in, quoted

# names that are shown of a folder where a file is missing
_NEARBY = 5


@dataclasses.dataclass(frozen=True)
class PathEntry:
    """One file, folder or link, as a container sees it; a link is not followed.

    Args:
        path: as the container names it.
        kind: `directory`, `regular file`, `symbolic link`, … in the words of stat(1).
        uid: its owner.
        gid: its group.
        mode: permission bits, with setuid, setgid and sticky.
        inode: its number within its file system.
        target: where a link leads, as it says; "" for anything else.
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
    """Who a container's shell is: its user, and its groups, the first one its own."""

    uid: int
    gids: tuple[int, ...]

    def may(self, bits: int, entry: PathEntry) -> bool:
        """Whether the mode gives this user these bits (4 read, 2 write, 1 enter); root may all."""
        if self.uid == 0:
            return True
        shift = 6 if self.uid == entry.uid else 3 if entry.gid in self.gids else 0
        return (entry.mode >> shift) & bits == bits

    def __str__(self) -> str:
        groups = " ".join(str(gid) for gid in self.gids)
        return f"user {self.uid} with group{'s' * (len(self.gids) > 1)} {groups}"


def of_path(shell: Shell, path: str) -> tuple[PathEntry, ...]:
    """The way to a path, from the root's first folder on, as far as it can be seen.

    Ends before what is not there or may not be looked at; empty where the image has no `stat`.
    """
    parts = [part for part in path.split("/") if part]
    steps = ["/" + "/".join(parts[: end + 1]) for end in range(len(parts))]
    there = [shell.resolve_path(step, follow=False) for step in steps]
    script = b"for p in " + b" ".join(quoted(each) for each in there) + b"; do\n"
    script += b"  LC_ALL=C stat -c '%u %g %a %i %F' \"$p\" || break\n"
    # a link may lead to a name that holds a line's end
    script += b'  to=; if [ -L "$p" ]; then to=$(readlink "$p"); fi\n'
    script += b"  printf '%s\\0' \"$to\"\ndone 2>/dev/null"
    told = shell.run(script).stdout.decode(errors="surrogateescape").split("\0")[:-1]
    return tuple(_entry(step, each) for step, each in zip(steps, told, strict=False))


def _entry(path: str, told: str) -> PathEntry:
    facts, _, target = told.partition("\n")
    uid, gid, mode, inode, kind = facts.split(" ", 4)
    return PathEntry(path, kind, int(uid), int(gid), int(mode, 8), int(inode), target)


def whoami(shell: Shell) -> User | None:
    """Who runs commands in the container; None where the image has no `id`."""
    words = shell.run(b"id -u && id -G").stdout.split()
    return User(int(words[0]), tuple(int(each) for each in words[1:])) if words else None


def nearby(shell: Shell, path: str) -> tuple[str, ...]:
    """What lies in the folder of a path, a few names of it, those that look alike first."""
    folder, name = posixpath.split(path)
    found = names_in(shell, folder)
    names = [each for each in found if each != name] if isinstance(found, list) else []
    alike = sorted(names, key=lambda each: -len(posixpath.commonprefix([each, name])))
    return tuple(alike[:_NEARBY])
