"""Files written under a temporary name, so that a reader sees all of the content or nothing."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Callable

from pytest_podshare.containers.fileops import confined
from pytest_podshare.containers.fileops.confined import Root
from pytest_podshare.containers.fileops.posix_shell import (
    Refused,
    Shell,
    escape_printf,
    parse_reason,
    quote,
)
from pytest_podshare.kube.exec.protocol import Completed

# prints two pages, for which a full file system has no space
_PRINT_PAGES = b"printf '%8192s' x"


class Draft:
    """A temporary file beside a path, renamed to the path once it is complete.

    The rename is atomic because both names are in one folder (rename(2)).

    Args:
        shell: the container's shell.
        path: the path.
        root: the mount to stay in; None for no limit.

    Attributes:
        path: the path of the temporary file.
    """

    def __init__(self, shell: Shell, path: str, root: Root | None) -> None:
        self._shell = shell
        self._target = path
        self._root = root
        draft = f".podshare-{secrets.token_hex(6)}"
        self.path = posixpath.join(posixpath.dirname(path), draft)

    def inline_script(self, content: bytes) -> bytes:
        """Return the script that writes the file without `exit` and without error messages.

        Only for a draft without a `root`.
        """
        script = b"[ ! -d %s ] && printf '%s' > %s && mv -f %s %s || { rm -f %s; false; }"
        printed = escape_printf(content)
        return self._script(
            lambda draft, target: script % (target, printed, draft, draft, target, draft)
        )

    def write_script(self, output: bytes) -> bytes:
        """Return the script that fills the draft with the output of commands, and renames it."""
        return self._script(
            lambda draft, target: self._fill(draft, output) + _rename(draft, target)
        )

    def fill_script(self, output: bytes) -> bytes:
        """Return the script that fills the draft with the output of commands."""
        return self._script(lambda draft, _: self._fill(draft, output))

    def rename_script(self, check: Callable[[bytes], bytes]) -> bytes:
        """Return the script that renames the draft, unless a check of the draft exits first."""
        return self._script(lambda draft, target: check(draft) + _rename(draft, target))

    def discard(self, failed: Completed) -> Refused:
        """Remove the draft, and return why it could not be filled or renamed."""
        # On a full file system a shell's own printf fails without a message; cat has one.
        script = b"export LC_ALL=C; set -C\n%s | cat > %s-\ncode=$?; rm -f %s- %s; exit $code"
        done = self._shell.run(
            self._script(lambda draft, _: script % (_PRINT_PAGES, draft, draft, draft))
        )
        return Refused(parse_reason(failed.stderr if done.returncode == 0 else done.stderr))

    def _fill(self, draft: bytes, output: bytes) -> bytes:
        # noclobber (-C): do not follow a symlink that another process created under that name
        noclobber = b"" if self._root is None else b"set -C\n"
        return b"export LC_ALL=C\n%s{\n%s\n} > %s || exit\n" % (noclobber, output, draft)

    def _script(self, then: Callable[[bytes, bytes], bytes]) -> bytes:
        def with_draft(target: str) -> bytes:
            draft = posixpath.join(posixpath.dirname(target), posixpath.basename(self.path))
            return then(quote(draft), quote(target))

        return confined.enter_script(self._shell, self._target, self._root, with_draft)


def _rename(draft: bytes, target: bytes) -> bytes:
    """Return the script that renames a draft; `mv` would move it into a folder of that name.

    With -T `mv` does not do that even if another process creates such a folder, or a symlink to
    one, after the test. Older versions do not have that option.
    """
    return (
        b"if [ -d %(target)s ]; then echo 'sh: Is a directory' >&2; exit 1; fi\n"
        b"message=$(mv -fT %(draft)s %(target)s 2>&1) && exit; code=$?\n"
        b'case "$message" in\n'
        b'*" option: T"*|*" option -- "*) mv -f %(draft)s %(target)s; exit;;\n'
        b"esac\n"
        b'printf "%%s\\n" "$message" >&2; exit "$code"'
    ) % {b"target": target, b"draft": draft}
