"""Paths of a container, found from outside of it: below a folder that is the container's root.

The kernel would follow an absolute link from the root of whoever asks, which has other files. So
every link on the way is followed here, step by step.
"""

from __future__ import annotations

from pytest_podshare.containers.fileops.posix_shell import quoted
from pytest_podshare.kube.exec.protocol import Completed

# exit codes of the script
GONE, OUTSIDE = 97, 96
# more links than the kernel follows, which has its own word for them (path_resolution(7))
_LOOP = 41 * "/proc/self/root"
# more: whether something follows this part; a link that is not followed may be the last one only
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


def resolving(root: str, path: str, *, follow: bool, within: bool = False) -> bytes:
    """The script that prints where a path lies whose `/` is that root folder.

    Its exit code is `GONE` where there is no such root, as when its process has ended.

    Args:
        root: the folder, an absolute path without links.
        path: the path, as the container names it.
        follow: whether a link at its end is followed as well.
        within: whether only what lies below the root is known; a link that leads elsewhere then
            gives the exit code `OUTSIDE`.
    """
    head = b"root=%s rest=%s follow=%s" % (quoted(root), quoted(path), b"1" if follow else b"")
    return head + _SCRIPT % {
        b"gone": GONE,
        b"loop": quoted(_LOOP),
        b"above": b'[ -n "$way" ] || ' + _LEAVE if within else b"",
        b"absolute": _LEAVE if within else b"",
    }


def resolved(done: Completed) -> str:
    """What it printed."""
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\0")
