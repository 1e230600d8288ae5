"""Paths of a container, found from outside: below a folder that is the container's root.

The kernel would resolve an absolute symlink from the root of the process that follows it, which has
other files. So a script follows every symlink itself, step by step.
"""

from __future__ import annotations

from pytest_podshare.containers.fileops.posix_shell import quote
from pytest_podshare.kube.exec.protocol import Completed

# exit codes of the script
_GONE, OUTSIDE = 97, 96
# more symlinks than the kernel follows, so that it reports the error itself (path_resolution(7))
_LOOP = 41 * "/proc/self/root"
# more: set if another part follows; only the last part may be a symlink that is not followed
_SCRIPT = rb"""
export LC_ALL=C
[ -d "$root/" ] || exit %(gone)d
way= links=40
while [ -n "$rest" ]; do
  case $rest in /*) rest=${rest#/}; continue;; esac
  part=${rest%%%%/*} more=
  case $rest in */*) rest=${rest#*/} more=1;; *) rest=;; esac
  case $part in
    .) continue;;
    ..) %(above)s
      if [ -d "$root$way/" ] && [ -x "$root$way/" ]; then way=${way%%/*}; else way=$way/..; fi
      continue;;
  esac
  if [ -L "$root$way/$part" ] && [ -n "$more$follow" ]; then
    links=$((links - 1))
    if [ $links -lt 0 ]; then printf '%%s\0' %(loop)s; exit; fi
    to=$(readlink "$root$way/$part" && printf x) || { way=$way/$part; continue; }
    to=${to%%??}
    case $to in /*) %(absolute)s way=;; esac
    rest=$to/$rest
  else
    way=$way/$part
  fi
done
printf '%%s\0' "$root${way:-/}"
"""
_LEAVE = b"exit %d;" % OUTSIDE


def resolve_script(root: str, path: str, *, follow: bool, confined: bool = False) -> bytes:
    """Return the script that prints where a path lies if `/` is that root folder.

    It exits with code 97 if the root does not exist, for example because its process has ended.

    Args:
        root: the folder, an absolute path without symlinks.
        path: the path in the container.
        follow: whether to follow a symlink at the end of the path.
        confined: whether to exit with `OUTSIDE` if a symlink leads out of the root.
    """
    variables = b"root=%s rest=%s follow=%s" % (quote(root), quote(path), b"1" if follow else b"")
    return variables + _SCRIPT % {
        b"gone": _GONE,
        b"loop": quote(_LOOP),
        b"above": b'[ -n "$way" ] || ' + _LEAVE if confined else b"",
        b"absolute": _LEAVE if confined else b"",
    }


def parse_resolved(done: Completed) -> str:
    """Return the path that the script printed."""
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\0")
