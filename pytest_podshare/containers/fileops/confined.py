"""Scripts that open a path only if it lies in a given mount, whatever symlinks are on the way.

They examine what they have opened or entered, not the path that led to it: another process may
replace a symlink between two uses of a path. The kernel reports the mount of every open file, and
the mount of a volume differs from that of everything else in the container. Symlinks that stay in
the mount are followed, because the files of a ConfigMap are such symlinks. File systems that are
mounted below the mount belong to it only if the manifest propagates mounts there.
"""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Callable

from pytest_podshare.containers.fileops import mountinfo
from pytest_podshare.containers.fileops.posix_shell import Refused, Shell, assign_script, quote

# reported in place of a tool's own error message
OUTSIDE = Refused("a symlink leads out of the volume")

# If the folder cannot be read, or the kernel does not report mounts, only the path is left to
# compare: then no symlink at all is allowed on the way.
_FUNCTIONS = b"""export LC_ALL=C
mount_of() {
  while read -r key id; do if [ "$key" = mnt_id: ]; then return; fi; done < "/proc/self/fdinfo/$1"
  id=
}
is_within() {
  opened=$1; shift
  { mount_of 4; } 4< "$root" || id=
  if [ "$id" ] && [ "$opened" ]; then [ "$id" = "$opened" ] || is_nested; return; fi
  [ "$("$@")" = "$(cd -P "$root" && pwd -P)$rest" ]
}
"""
_REFUSE_NESTED = b"is_nested() { false; }\n"
# the mount points of the table are those of the container, whatever the shell's own root
_ACCEPT_NESTED = b"""is_nested() {
  while read -r id _ _ _ point _; do
    if [ "$id" = "$opened" ]; then case $point/ in %s esac; return 1; fi
  done < %s
  return 1
}
"""
# for an operation that failed and whose repetition, meant to explain why, succeeded
_CHANGED = b" > /dev/null || exit\necho 'sh: it changed during the operation' >&2; exit 1"
_REFUSE = b'{ echo "sh: %s" >&2; exit 1; }' % str(OUTSIDE).encode()


@dataclasses.dataclass(frozen=True)
class PropagatedRoot:
    """The path of a mount to which the file systems that are mounted below it belong as well.

    Args:
        path: the path.
        others: the paths of other mounts below it, which do not belong to it.
    """

    path: str
    others: tuple[str, ...] = ()


# the mount that symlinks must not lead out of
Root = str | PropagatedRoot


def open_script(shell: Shell, path: str, root: Root, then: bytes, explain: bytes) -> bytes:
    """Return the script that opens a path as file descriptor 3 and proceeds if it is in the mount.

    Args:
        shell: the shell that will run the script.
        path: the path to open.
        root: the mount.
        then: the commands to run with file descriptor 3.
        explain: a command that fails with the reason why `$path` cannot be opened; its output is
            discarded.
    """
    check = b'mount_of 3; is_within "$id" readlink /proc/self/fd/3 || %s 2>&5\n' % _REFUSE
    return (
        _assign_paths(shell, path, root) + _define_functions(shell, root)
        + b"{ {\n" + check + b"{\n" + then + b"\n} 2>&5\nexit\n"
        + b"} 3< \"$path\"; } 5>&2 2> /dev/null\n"
        + explain + _CHANGED
    )  # fmt: skip


def enter_script(
    shell: Shell,
    path: str,
    root: Root | None,
    then: Callable[[str], bytes],
    explain: bytes = b'cat "$path/."',
) -> bytes:
    """Return the script that uses a name in a folder: it enters the folder if that is in the mount.

    Args:
        shell: the shell that will run the script.
        path: the path whose last part is the name; a mount point itself may be in any folder.
        root: the mount; None for no confinement.
        then: returns the commands that use the name, given the path by which they reach it.
        explain: a command that fails with the reason why the folder, `$path`, cannot be entered;
            its output is discarded.
    """
    if root is None:
        return then(shell.resolve_path(path, follow=False))
    check = b"{ mount_of 3; } 3< . 2> /dev/null || id=\n"
    check += b'is_within "$id" pwd -P 2> /dev/null || %s\n' % _REFUSE
    folder, name = posixpath.split(path)
    return (
        _assign_paths(shell, folder, root) + _define_functions(shell, root)
        + b"if cd -P \"$path\" 2> /dev/null; then\n" + (check if path != _path_of(root) else b"")
        + then(f"./{name}") + b"\nexit\nfi\n" + explain + _CHANGED
    )  # fmt: skip


def _path_of(root: Root) -> str:
    return root if isinstance(root, str) else root.path


def _define_functions(shell: Shell, root: Root) -> bytes:
    """Define the functions that decide whether something that was opened belongs to the mount."""
    if isinstance(root, str):
        return _REFUSE_NESTED + _FUNCTIONS
    table = quote(shell.resolve_path("/proc/self/mountinfo"))
    accept, *refuse = (
        quote(mountinfo.escape(path).rstrip("/") + "/") + b"*" for path in (root.path, *root.others)
    )
    patterns = b"".join(b"%s) return 1;; " % path for path in refuse)
    return _ACCEPT_NESTED % (patterns + b"%s) return 0;;" % accept, table) + _FUNCTIONS


def _assign_paths(shell: Shell, path: str, root: Root) -> bytes:
    """Assign the script's variables in ASCII, since it may become an argument of an exec."""
    variables = {
        "root": shell.resolve_path(_path_of(root)),
        "path": shell.resolve_path(path),
        "rest": path.removeprefix(_path_of(root)),
    }
    script = b""
    for name, value in variables.items():
        if value.isascii():
            script += b"%s=%s\n" % (name.encode(), quote(value))
        else:
            script += assign_script(name, value).encode() + b"\n"
    return script
