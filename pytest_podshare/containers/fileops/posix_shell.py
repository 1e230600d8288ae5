"""What file operations need of a POSIX shell: its interface, quoting, and its tools' errors."""

from __future__ import annotations

import dataclasses
import functools
import shlex
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from pytest_podshare import errors
from pytest_podshare.kube.exec.protocol import Completed

# bytes per printf: a shell's command line may be limited to 128 KiB, and a byte can take four
CHUNK_SIZE = 16 * 1024
# strerror(3) of ENOENT in the C locale, in glibc and in musl
_ENOENT = "No such file or directory"
# Each byte in a printf format: an octal escape, which any sh understands, or the byte itself.
# A hyphen is escaped too, since printf would take a leading one for an option.
_PRINTF_FORMAT = [
    bytes([byte]) if bytes([byte]).isalnum() or byte in b"/._" else b"\\%03o" % byte
    for byte in range(256)
]


class EphemeralContainerUnavailable(Exception):
    """An ephemeral container cannot be started, or cannot access the container's files.

    Args:
        reason: why; "" if there is nothing to explain.
        is_transient: whether a later attempt may succeed.
    """

    def __init__(self, reason: str = "", *, is_transient: bool = False) -> None:
        super().__init__(reason)
        self.is_transient = is_transient


class Shell(Protocol):
    """A shell with access to a container's files."""

    name: str

    def resolve_path(self, path: str, *, follow: bool = True) -> str:
        """Return the path under which this shell finds a path of the container.

        With `follow`, a symlink at the end of the path is followed.
        """
        ...

    def run(self, script: bytes) -> Completed:
        """Run a POSIX shell script."""
        ...

    def use_ephemeral_shell(self) -> None:
        """Switch to an ephemeral container, or raise EphemeralContainerUnavailable."""
        ...


class ShellSession(Shell, Protocol):
    """A shell that stays open and can run internal scripts with less overhead."""

    def run_inline(self, script: bytes) -> Completed:
        """Run a script in the shell itself, without stderr; the script must not exit."""
        ...

    def enqueue(self, script: bytes) -> None:
        """Queue a script to run before the next command, without waiting for it."""
        ...


@dataclasses.dataclass(frozen=True)
class Refused:
    """A refused operation, in the words of the container's own tools (`Read-only file system`)."""

    message: str

    def __str__(self) -> str:
        return self.message


@dataclasses.dataclass(frozen=True)
class Missing:
    """The absence of anything at a path."""

    def __str__(self) -> str:
        return "missing"


_Shell = TypeVar("_Shell", bound=Shell)
_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")


def with_ephemeral_fallback(
    operation: Callable[Concatenate[_Shell, _Params], _Result],
) -> Callable[Concatenate[_Shell, _Params], _Result]:
    """Repeat an operation in an ephemeral container if the container's image lacks a tool."""

    @functools.wraps(operation)
    def wrapper(shell: _Shell, *args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
        try:
            return operation(shell, *args, **kwargs)
        except errors.ToolMissing as missing:
            try:
                shell.use_ephemeral_shell()
            except EphemeralContainerUnavailable as unavailable:
                what = f"{missing.what} {unavailable}".rstrip()
                raise errors.ToolMissing(what, missing.fix) from None
            return operation(shell, *args, **kwargs)

    return cast("Callable[Concatenate[_Shell, _Params], _Result]", wrapper)


def run_tool(shell: Shell, script: bytes, tool: str) -> Completed:
    """Run a script that needs a tool; raise ToolMissing if the image lacks it."""
    done = shell.run(script)
    check_tool(shell, done, tool)
    return done


def check_tool(shell: Shell, done: Completed, tool: str) -> None:
    """Raise ToolMissing if a script failed because the image lacks a tool."""
    if done.returncode in (126, 127):
        raise errors.ToolMissing(
            f"The image of {shell.name} has no usable `{tool}`.",
            f"Use an image with `{tool}`",
        )


def quote(path: str) -> bytes:
    """Return a path as one shell word, whatever bytes it contains.

    Raises:
        ValueError: it contains NUL, which no shell word can.
    """
    if "\0" in path:
        raise ValueError(f"{path!r} contains NUL")
    return shlex.quote(path).encode("utf-8", "surrogateescape")


def assign_script(variable: str, path: str) -> str:
    """Return the script that sets a variable to a path, in ASCII, whatever bytes the path contains.

    It also sets the C locale: in others, bash treats bytes that are not text as letters.
    """
    escaped = escape_printf(path.encode("utf-8", "surrogateescape")).decode("ascii")
    # a command substitution strips trailing newlines, so a slash follows them
    return f"LC_ALL=C; {variable}=$(printf '{escaped}/'); {variable}=${{{variable}%/}}"


def escape_printf(content: bytes) -> bytes:
    """Return a printf format that prints the content."""
    return b"".join([_PRINTF_FORMAT[byte] for byte in content])


def print_script(content: bytes) -> bytes:
    """Return the script that prints a content, with command lines short enough for any shell."""
    chunks = [content[start : start + CHUNK_SIZE] for start in range(0, len(content), CHUNK_SIZE)]
    return b" &&\n".join(b"printf '%s'" % escape_printf(chunk) for chunk in chunks) or b":"


def split_names(printed: bytes) -> list[str]:
    """Split names that a script printed, each followed by NUL."""
    return printed.decode("utf-8", "surrogateescape").split("\0")[:-1]


def parse_failure(done: Completed) -> Missing | Refused:
    """Return what the error message of a failed tool means."""
    reason = parse_reason(done.stderr)
    return Missing() if reason == _ENOENT else Refused(reason)


def parse_reason(stderr: bytes) -> str:
    """Return the reason at the end of `cat: can't open '/x': Permission denied`."""
    return " ".join(stderr.decode(errors="replace").split()).split(": ")[-1] or "no reason given"
