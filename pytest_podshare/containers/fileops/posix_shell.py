"""The shell way: POSIX sh and the few programs every image with a shell has."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import posixpath
import re
import secrets
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from pytest_podshare import errors
from pytest_podshare.containers.fileops.stat import Stat
from pytest_podshare.kube.exec.protocol import Completed

# bytes per printf: a command line of a shell may be limited to 128 KiB, and a byte takes four
_PIECE = 16 * 1024
_PAGE = 4096
# prints more than a page, which any file system that is full has no room for
BLANKS = b"printf '%%%ds' x" % (2 * _PAGE)
# what strerror(3) makes of ENOENT in the C locale, in glibc and in musl
_NOT_THERE = "No such file or directory"
# what a printf format has for each byte: an octal escape, which any sh knows, or the byte itself
# (not a hyphen: a format that begins with one is taken for an option)
_FORMAT = [
    bytes([byte]) if bytes([byte]).isalnum() or byte in b"/._" else b"\\%03o" % byte
    for byte in range(256)
]


class EphemeralContainerUnavailable(Exception):
    """No ephemeral container can be had, or it is not let at the container's files; says why.

    Args:
        why: the reason; "" where there is nothing to say.
        is_transient: whether it may be otherwise at the next time.
    """

    def __init__(self, why: str = "", *, is_transient: bool = False) -> None:
        super().__init__(why)
        self.is_transient = is_transient


class Shell(Protocol):
    """What the probe needs of a container: its name, and a shell."""

    name: str

    def resolve_path(self, path: str, *, follow: bool = True) -> str:
        """Return where that shell has a path of the container, which may have none of its own.

        With `follow`, what is meant is what a link at its end leads to.
        """
        ...

    def run(self, script: bytes) -> Completed:
        """Run a POSIX shell script."""
        ...

    def use_ephemeral_shell(self) -> None:
        """Go on with the shell of an ephemeral container, whose image lacks no program.

        Raises:
            EphemeralContainerUnavailable: there is none, or it is what is used already.
        """
        ...


class Session(Shell, Protocol):
    """A shell that stays open, so that it can be asked in shorter ways."""

    def run_inline(self, script: bytes) -> Completed:
        """Run a script that does not exit, in the shell itself; nothing of its stderr comes."""
        ...

    def enqueue(self, script: bytes) -> None:
        """Have a script run before the next command, and do not wait for it."""
        ...


_Shell = TypeVar("_Shell", bound=Shell)
_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


@dataclasses.dataclass(frozen=True)
class Refused:
    """The container may not do it, in the words of its own tools (`Read-only file system`)."""

    message: str

    def __str__(self) -> str:
        return self.message


@dataclasses.dataclass(frozen=True)
class Missing:
    """There is nothing at that path."""

    def __str__(self) -> str:
        return "missing"


def with_ephemeral_fallback(
    ask: Callable[Concatenate[_Shell, _Asked], _Answer],
) -> Callable[Concatenate[_Shell, _Asked], _Answer]:
    """Have a question asked again by an ephemeral container, where the image lacks a program."""

    @functools.wraps(ask)
    def asked(shell: _Shell, *args: _Asked.args, **how: _Asked.kwargs) -> _Answer:
        try:
            return ask(shell, *args, **how)
        except errors.ToolMissing as missing:
            try:
                shell.use_ephemeral_shell()
            except EphemeralContainerUnavailable as unavailable:
                what = f"{missing.what} {unavailable}".rstrip()
                raise errors.ToolMissing(what, missing.fix) from None
            return ask(shell, *args, **how)

    return cast("Callable[Concatenate[_Shell, _Asked], _Answer]", asked)


@with_ephemeral_fallback
def write(shell: Session, path: str, content: bytes) -> Refused | None:
    """Write a file so that a reader sees all of it or nothing.

    The content goes to a temporary name in the same folder and is renamed, which is atomic only
    within one mount (rename(2)). It goes through the shell's own commands: for large content
    there is `streaming`.

    Returns:
        None when it was written, else why it was not.

    Raises:
        ToolMissing: the image has no `mv`.
    """
    path = shell.resolve_path(path, follow=False)
    draft = draft_of(path)
    if len(content) <= _PIECE:
        at_once = b"printf '%s' > %s && " % (formatted(content), quoted(draft))
        if shell.run_inline(at_once + rename(draft, path)).returncode == 0:
            return None
    # again, in the slow way, which has words for what is the matter
    lines = [b"set -e", b": > " + quoted(draft)]
    lines += [b"%s >> %s" % (command, quoted(draft)) for command in printing(content)]
    done = run(shell, b"\n".join([*lines, rename(draft, path)]), "mv")
    return None if done.returncode == 0 else write_refused(shell, draft, done)


def create(shell: Session, path: str, content: bytes) -> Refused | None:
    """Write a small file of a name that nobody has; as `write`, and quicker.

    Its draft gets the name as a second one: `ln` is there at once where `mv` first loads the
    libraries for what it copies between file systems. Both names are `discard`'s to remove.

    Returns:
        None when it was written, else why it was not.

    Raises:
        ToolMissing: the image has no `mv`.
    """
    there = shell.resolve_path(path, follow=False)
    draft = quoted(_other_name(there))
    script = b"printf '%s' > %s && ln %s %s" % (formatted(content), draft, draft, quoted(there))
    if shell.run_inline(script).returncode == 0:
        return None
    # a file system without links, no `ln`, or what `write` has words for
    discard(shell, path)
    return write(shell, path, content)


def printing(content: bytes) -> list[bytes]:
    """The commands that print a content, each of them short enough for any shell."""
    pieces = [content[at : at + _PIECE] for at in range(0, len(content), _PIECE)]
    return [b"printf '%s'" % formatted(piece) for piece in pieces]


def _other_name(path: str) -> str:
    folder, name = posixpath.split(path)
    return posixpath.join(folder, f".{name}")


def draft_of(path: str) -> str:
    """A temporary name in the folder of a path."""
    return posixpath.join(posixpath.dirname(path), f".podshare-{secrets.token_hex(6)}")


def rename(draft: str, path: str) -> bytes:
    """The script that gives a draft its name; `mv` would put it into a folder of that name."""
    target = quoted(path)
    script = b'if [ -d %s ]; then echo "sh: Is a directory" >&2; false; else mv -f %s %s; fi'
    return script % (target, quoted(draft), target)


def write_refused(shell: Shell, draft: str, done: Completed) -> Refused:
    """Why a draft could not be written or renamed; it is removed."""
    # a shell's own printf fails without a word where the file system is full; cat tells why
    told = shell.run(b"%s | LC_ALL=C cat >> %s" % (BLANKS, quoted(draft)))
    shell.run(b"rm -f " + quoted(draft))
    return Refused(words(done.stderr if told.returncode == 0 else told.stderr))


@with_ephemeral_fallback
def fill(shell: Shell, path: str, size: int) -> Refused | None:
    """Write that many zero bytes, rounded up to whole pages, replacing what is there.

    Raises:
        ToolMissing: the image has no `dd`.
    """
    pages = -(-size // _PAGE)
    script = b"LC_ALL=C dd if=/dev/zero of=%s bs=%d count=%d status=none"
    done = run(shell, script % (quoted(shell.resolve_path(path)), _PAGE, pages), "dd")
    return None if done.returncode == 0 else Refused(words(done.stderr))


@with_ephemeral_fallback
def read(shell: Shell, path: str) -> bytes | Missing | Refused:
    """Read a whole file.

    Returns:
        Its content, or why there is none.

    Raises:
        ToolMissing: the image has no `cat`; says nothing about the file.
    """
    done = shell.run(reading(shell.resolve_path(path)))
    return read_refused(shell, done) or done.stdout


def reading(path: str) -> bytes:
    """The script that prints a file."""
    # asking whether it is there would call a file missing that lies in a forbidden folder
    return b"LC_ALL=C cat " + quoted(path)


def read_refused(shell: Shell, done: Completed) -> Missing | Refused | None:
    """What was the matter with printing a file; None if nothing was.

    Raises:
        ToolMissing: the image has no `cat`; says nothing about the file.
    """
    check_tool(shell, done, "cat")
    return None if done.returncode == 0 else why_not(done)


def read_line(shell: Session, path: str) -> bytes:
    """Read a file of one line that has no end, without any program of the image.

    A shell cannot hold NUL, and does not tell here why a file cannot be read: what does not come
    as it should has to be asked for with `read`.

    Returns:
        Its content; nothing for a file that holds more than one line, or that is not there.
    """
    script = b'line=; ! IFS= read -r line < %s && printf %%s "$line"'
    return shell.run_inline(script % quoted(shell.resolve_path(path))).stdout


@with_ephemeral_fallback
def find(shell: Shell, folders: Sequence[str], name: str) -> list[str]:
    """Where a file of that name is below these folders, with its path.

    Raises:
        ToolMissing: the image has no `find`.
    """
    there = {shell.resolve_path(folder, follow=False): folder for folder in folders}
    places = b" ".join(quoted(folder) for folder in there)
    pattern = quoted(re.sub(r"([][*?\\])", r"\\\1", name))
    # a folder that is not there, or may not be entered, holds nothing that could be seen
    script = b"LC_ALL=C find %s -name %s -print0 2>/dev/null"
    script += b"\ncode=$?; [ $code -lt 126 ] || exit $code"
    done = run(shell, script % (places, pattern), "find")
    return sorted({_as_named(path, there) for path in names(done.stdout)})


def _as_named(path: str, there: Mapping[str, str]) -> str:
    """A path that was found, as the container names the folder in which it was."""
    above = [each for each in there if f"{path}/".startswith(f"{each.rstrip('/')}/")]
    nearest = max(above, key=len)
    return there[nearest] + path[len(nearest) :]


@with_ephemeral_fallback
def names_in(shell: Shell, folder: str) -> list[str] | Missing | Refused:
    """The names in a folder, or why there are none to be had.

    Raises:
        ToolMissing: the image has no `ls`.
    """
    done = run(shell, listing(shell.resolve_path(folder)), "ls")
    return sorted(names(done.stdout)) if done.returncode == 0 else why_not(done)


def listing(folder: str) -> bytes:
    """The script that prints the names in a folder, each with NUL after it."""
    script = b"LC_ALL=C ls -A %s/ > /dev/null || exit\ncd %s || exit\n" % ((quoted(folder),) * 2)
    # line by line, ls would make two names of one that holds a line's end
    script += b'for name in .* *; do case "$name" in .|..) continue;; esac\n'
    return script + b'if [ -e "$name" ] || [ -L "$name" ]; then printf "%s\\0" "$name"; fi; done'


@with_ephemeral_fallback
def stat(shell: Shell, path: str) -> Stat | None:
    """Who owns what is at that path, symlinks followed; None if it cannot be told.

    Raises:
        ToolMissing: the image has no `stat`.
    """
    done = run(shell, stating(shell.resolve_path(path), b"-L"), "stat")
    return Stat.parse(done.stdout) if done.returncode == 0 else None


@with_ephemeral_fallback
def lstat(shell: Shell, path: str) -> Stat | Missing | Refused:
    """What is at that path, symlinks not followed, or why it cannot be told.

    Raises:
        ToolMissing: the image has no `stat`, or no `readlink` for a symlink.
    """
    done = run(shell, lstating(shell.resolve_path(path, follow=False)), "stat")
    return Stat.parse(done.stdout) if done.returncode == 0 else why_not(done)


def lstating(path: str) -> bytes:
    """The script that prints what `Stat` reads, of a link as well; then where that leads."""
    leads = b"if [ -L %s ]; then readlink %s; fi" % ((quoted(path),) * 2)
    return stating(path) + b" || exit\n" + leads


def stating(path: str, option: bytes = b"") -> bytes:
    """The script that prints what `Stat` reads."""
    return b"LC_ALL=C stat %s -c '%%u %%g %%f %%s %%Y %%U %%G' %s" % (option, quoted(path))


@with_ephemeral_fallback
def remove(shell: Shell, path: str) -> Refused | None:
    """Remove a file; one that is not there is removed already."""
    done = run(shell, b"LC_ALL=C rm -f " + quoted(shell.resolve_path(path, follow=False)), "rm")
    return None if done.returncode == 0 else Refused(words(done.stderr))


def discard(shell: Session, path: str) -> None:
    """Have a file of ours, and its draft, removed before the next command; nobody waits for it."""
    with contextlib.suppress(errors.PodshareError):
        there = shell.resolve_path(path, follow=False)
        shell.enqueue(b"rm -f %s %s" % (quoted(there), quoted(_other_name(there))))


def run(shell: Shell, script: bytes, tool: str) -> Completed:
    """Run a script that stands and falls with a program of the image.

    Raises:
        ToolMissing: there is no such program.
    """
    done = shell.run(script)
    check_tool(shell, done, tool)
    return done


def check_tool(shell: Shell, done: Completed, tool: str) -> None:
    """Raise the error of an image that lacks a program."""
    if done.returncode in (126, 127):
        raise errors.ToolMissing(
            f"The image of {shell.name} has no usable `{tool}`.",
            f"Use an image with `{tool}`",
        )


def quoted(path: str) -> bytes:
    """A path as one word of a shell, whatever bytes it has.

    Raises:
        ValueError: it holds NUL, which no word of a shell can.
    """
    if "\0" in path:
        raise ValueError(f"{path!r} holds NUL")
    return shlex.quote(path).encode("utf-8", "surrogateescape")


def assigned(variable: str, path: str) -> str:
    """The script that sets a variable to a path, in ASCII alone, whatever bytes the path has.

    It also sets the C locale: in others bash takes bytes that are no text for letters.
    """
    letters = formatted(path.encode("utf-8", "surrogateescape")).decode("ascii")
    # a substitution would cut off line ends at the end, so there is something after them
    return f"LC_ALL=C; {variable}=$(printf '{letters}/'); {variable}=${{{variable}%/}}"


def formatted(content: bytes) -> bytes:
    """The content as a printf format."""
    return b"".join([_FORMAT[byte] for byte in content])


def names(listed: bytes) -> list[str]:
    """Names that a script has printed, each with NUL after it."""
    return listed.decode("utf-8", "surrogateescape").split("\0")[:-1]


def why_not(done: Completed) -> Missing | Refused:
    """What a tool's own words mean."""
    why = words(done.stderr)
    return Missing() if why == _NOT_THERE else Refused(why)


def words(stderr: bytes) -> str:
    """The reason at the end of `cat: can't open '/x': Permission denied`."""
    return " ".join(stderr.decode(errors="replace").split()).split(": ")[-1] or "no word of why"
