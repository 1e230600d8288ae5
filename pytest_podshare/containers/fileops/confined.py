"""Files of a mount, whatever links lie on the way, and whoever puts them there.

What was opened, or entered, is looked at rather than the path to it: by the time a path is used
again it may mean something else. The kernel tells of every open file which mount it lies in, and
the mount of a volume is another one than that of whatever else the container has. Links that stay
in the mount are followed, as those of a ConfigMap have to be.
"""

from __future__ import annotations

import posixpath

from pytest_podshare.containers.fileops import posix_shell
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused, Shell
from pytest_podshare.containers.fileops.stat import Stat
from pytest_podshare.kube.exec.protocol import Completed

# what is said in the place of a tool's own words
OUTSIDE = Refused("leads out of the volume")
# of the folder of a file that is gone with it
_NO_FOLDER = (Missing(), Refused("Not a directory"))

# Of a folder that may not be read, and by a kernel that does not tell mounts, nothing is known but
# the path; then there must be no link on the way at all.
_FUNCTIONS = b"""export LC_ALL=C
mount_of() {
  while read -r key id; do if [ "$key" = mnt_id: ]; then return; fi; done < "/proc/self/fdinfo/$1"
  id=
}
is_within() {
  its=$1; shift
  { mount_of 4; } 4< "$root" || id=
  if [ "$id" ] && [ "$its" ]; then [ "$id" = "$its" ]; return; fi
  [ "$("$@")" = "$(cd -P "$root" && pwd -P)$rest" ]
}
"""
# what failed once, and then did not
_MEANWHILE = b" > /dev/null || exit\necho 'sh: it changed meanwhile' >&2; exit 1"
_REFUSE = b'{ echo "sh: %s" >&2; exit 1; }' % str(OUTSIDE).encode()


def opened(container: Shell, path: str, root: str, then: bytes, why_not: bytes) -> bytes:
    """The script that opens a path as 3, and goes on if that lies in the mount.

    Args:
        container: whose shell it is for.
        path: what is to be opened.
        root: the mount's own path.
        then: what to do with 3; its stderr is 5.
        why_not: has words for `$path`, which cannot be opened; what it prints is dropped.
    """
    check = b'mount_of 3; is_within "$id" readlink /proc/self/fd/3 || %s 2>&5\n' % _REFUSE
    return (
        _placed(container, path, root) + _FUNCTIONS
        + b"{ {\n" + check + then + b"\nexit\n} 3< \"$path\"; } 5>&2 2> /dev/null\n"
        + why_not + _MEANWHILE
    )  # fmt: skip


def entered(
    container: Shell, path: str, root: str, then: bytes, why_not: bytes = b'cat "$path/."'
) -> bytes:
    """The script that enters the folder of a path, and goes on if that lies in the mount.

    Args:
        container: whose shell it is for.
        path: a file in the folder; the mount itself is in whatever folder it is.
        root: the mount's own path.
        then: what to do there; `./` and the path's last name is the file.
        why_not: has words for `$path`, the folder, which cannot be entered; what it prints is
            dropped.
    """
    folder = posixpath.dirname(path)
    check = b"{ mount_of 3; } 3< . 2> /dev/null || id=\n"
    check += b'is_within "$id" pwd -P 2> /dev/null || %s\n' % _REFUSE
    return (
        _placed(container, folder, root) + _FUNCTIONS
        + b"if cd -P \"$path\" 2> /dev/null; then\n" + (check if path != root else b"")
        + then + b"\nexit\nfi\n" + why_not + _MEANWHILE
    )  # fmt: skip


def _placed(container: Shell, path: str, root: str) -> bytes:
    """In ASCII alone, for it may become an argument of an exec."""
    there = {"root": container.resolve_path(root), "path": container.resolve_path(path)}
    script = b""
    for name, it in {**there, "rest": path.removeprefix(root)}.items():
        if it.isascii():
            script += b"%s=%s\n" % (name.encode(), posix_shell.quoted(it))
        else:
            script += posix_shell.assigned(name, it).encode() + b"\n"
    return script


def reading(container: Shell, path: str, root: str) -> bytes:
    """The script that prints a file."""
    return opened(container, path, root, b"cat <&3 2>&5", b'cat "$path"')


@posix_shell.with_ephemeral_fallback
def read(container: Shell, path: str, root: str) -> bytes | Missing | Refused:
    """Read a whole file; as `shell.read`."""
    done = container.run(reading(container, path, root))
    return posix_shell.read_refused(container, done) or done.stdout


@posix_shell.with_ephemeral_fallback
def names_in(container: Shell, folder: str, root: str) -> list[str] | Missing | Refused:
    """The names in a folder; as `shell.names_in`."""
    then = b"{\n" + posix_shell.listing("/proc/self/fd/3") + b"\n} 2>&5"
    done = posix_shell.run(
        container, opened(container, folder, root, then, b'ls -A "$path/"'), "ls"
    )
    return (
        sorted(posix_shell.names(done.stdout))
        if done.returncode == 0
        else posix_shell.why_not(done)
    )


@posix_shell.with_ephemeral_fallback
def lstat(container: Shell, path: str, root: str) -> Stat | Missing | Refused:
    """What is at that path; as `shell.lstat`."""
    script = entered(container, path, root, posix_shell.lstating(here(path)), b'stat "$path/."')
    done = posix_shell.run(container, script, "stat")
    return Stat.parse(done.stdout) if done.returncode == 0 else posix_shell.why_not(done)


@posix_shell.with_ephemeral_fallback
def remove(container: Shell, path: str, root: str) -> Refused | None:
    """Remove a file; as `shell.remove`."""
    then = b"rm -f " + posix_shell.quoted(here(path))
    done = posix_shell.run(container, entered(container, path, root, then), "rm")
    if done.returncode == 0 or posix_shell.why_not(done) in _NO_FOLDER:
        return None
    return Refused(posix_shell.words(done.stderr))


@posix_shell.with_ephemeral_fallback
def write(container: Shell, path: str, content: bytes, root: str) -> Refused | None:
    """Write a file of some size so that a reader sees all of it or nothing; as `shell.write`."""
    draft = posix_shell.draft_of(path)
    printed = b"\n".join(posix_shell.printing(content) or [b":"])
    then = b"set -e\n" + drafted(draft, printed) + renamed(draft, path)
    done = posix_shell.run(container, entered(container, path, root, then), "mv")
    return None if done.returncode == 0 else write_refused(container, path, draft, done, root)


def drafted(draft: str, printed: bytes) -> bytes:
    """The script that makes a new file; a link of its name would not be followed."""
    return b"set -C\n{\n%s\n} > %s || exit\n" % (printed, posix_shell.quoted(here(draft)))


def renamed(draft: str, path: str) -> bytes:
    """The script that gives a draft its name; `mv` would put it into a folder of that name.

    With -T it would not even if somebody put one there, or a link to one, at this moment; an old
    one may not know that option.
    """
    names = posix_shell.quoted(here(draft)), posix_shell.quoted(here(path))
    return (
        b"if [ -d %s ]; then echo 'sh: Is a directory' >&2; exit 1; fi\n" % names[1]
        + b"said=$(mv -fT %s %s 2>&1) && exit; code=$?\n" % names
        + b'case "$said" in *" option: T"*|*" option -- "*) mv -f %s %s; exit;; esac\n' % names
        + b'printf "%s\\n" "$said" >&2; exit "$code"'
    )


def write_refused(container: Shell, path: str, draft: str, done: Completed, root: str) -> Refused:
    """Why the draft of a path could not be written or renamed; it is removed."""
    # a shell's own printf fails without a word where the file system is full; cat tells why
    other = posix_shell.draft_of(draft)
    then = b"set -C; %s | cat > %s\ncode=$?\nrm -f %s %s; exit $code" % (
        posix_shell.BLANKS,
        *(posix_shell.quoted(here(each)) for each in (other, other, draft)),
    )
    told = container.run(entered(container, path, root, then))
    return Refused(posix_shell.words(done.stderr if told.returncode == 0 else told.stderr))


def here(path: str) -> str:
    """A path's last name, from within its folder."""
    return f"./{posixpath.basename(path)}"
