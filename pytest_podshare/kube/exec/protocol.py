"""The bytes of an exec session, as pure functions: what is sent, what comes back.

No sockets here. A shell that reads its commands from stdin says nothing about where the output
of one ends, so every command is followed by a marker that no output can guess.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from pytest_podshare import errors

STDIN, STDOUT, STDERR, ERROR = 0, 1, 2, 3
SUBPROTOCOLS = "v5.channel.k8s.io,v4.channel.k8s.io"

# takes a part of what a command prints
Sink = Callable[[bytes], object]

# bytes of an output, or of a log, that are kept in memory
LARGEST = 64 * 2**20


@dataclasses.dataclass(frozen=True)
class Completed:
    """What a command did, named as in `subprocess.CompletedProcess`."""

    returncode: int
    stdout: bytes
    stderr: bytes


# how runc, crun and gVisor name a program that is not there
_NO_PROGRAM = ("executable file", "finding executable", "stat sh:")


@dataclasses.dataclass(frozen=True)
class ExecStatus:
    """What the ERROR channel says when the whole session ends.

    Args:
        ok: whether it ended well.
        message: what is said of it.
        code: the exit code; None where there is none, as of a program that is not there.
    """

    ok: bool
    message: str
    code: int | None = dataclasses.field(default=None, compare=False)

    @property
    def lacks_program(self) -> bool:
        """Whether a container runtime says that the program is not in the image.

        A container that is just ending lacks other files: its cgroup, its namespaces.
        """
        is_named = 'exec: "' in self.message and "no such file" in self.message
        return is_named or any(sign in self.message for sign in _NO_PROGRAM)


def new_marker() -> bytes:
    """A marker that no output can guess."""
    return secrets.token_hex(12).encode()


def command(script: bytes, marker: bytes) -> bytes:
    """The stdin frame that runs a script and then prints the marker on both outputs.

    The script runs in a subshell, so that an `exit` of its own ends just that, and with an
    empty stdin, so that it cannot swallow the commands after it.
    """
    return (
        bytes([STDIN])
        + b"( " + script + b"\n) </dev/null\n"
        + b"printf '%s%d.' " + marker + b" $?; printf %s. " + marker + b" >&2\n"
    )  # fmt: skip


def inline_script(script: bytes, marker: bytes) -> bytes:
    """The stdin frame that runs a script of ours in the shell itself and drops its stderr.

    Saves a process and half of the answer. The script must not exit, nor change the shell.
    """
    return (
        bytes([STDIN])
        + b"{ " + script + b"\n} </dev/null 2>/dev/null\n"
        + b"printf '%s%d.' " + marker + b" $?\n"
    )  # fmt: skip


def fed(script: str, marker: bytes) -> str:
    """The script for `sh -c` that runs another one, whose stdin is content.

    What that one leaves of it is read as well: a runtime that has bytes for a process which has
    ended may wait for ever, and never tell of its end.
    """
    mark = marker.decode()
    told = f"printf '%s%d.' {mark} $?; printf %s. {mark} >&2"
    return f"( {script}\n)\n{told}; cat > /dev/null; exit"


def enqueued_script(script: bytes) -> bytes:
    """The stdin frame that runs a script of ours of which nothing is to be heard."""
    return bytes([STDIN]) + b"{ " + script + b"\n} </dev/null >/dev/null 2>&1\n"


class ReplyParser:
    """Gathers the frames of one command's answer.

    Args:
        marker: the marker that was sent with the command.
        to: takes stdout as it comes, so that it need not fit into memory; None to gather it.
        inline: whether the command was sent as `inline`, so that stderr says nothing.
        largest: how many bytes of each output are gathered.
    """

    def __init__(
        self,
        marker: bytes,
        *,
        to: Sink | None = None,
        inline: bool = False,
        largest: int = LARGEST,
    ) -> None:
        self._gathered = {STDOUT: bytearray(), STDERR: bytearray()}
        self._largest = largest
        sinks = {STDOUT: to or self._gathered[STDOUT].extend}
        if not inline:
            sinks[STDERR] = self._gathered[STDERR].extend
        self._streams = {channel: _Marked(marker, sink) for channel, sink in sinks.items()}

    def feed(self, frame: bytes) -> ExecStatus | None:
        """Take one frame; a status means that the session itself has ended.

        Raises:
            OutputTooLarge: more has come than is gathered.
        """
        if not frame:
            return None
        if frame[0] == ERROR:
            return parse_status(frame[1:])
        if frame[0] in self._streams:
            self._streams[frame[0]].feed(frame[1:])
            if len(self._gathered[frame[0]]) > self._largest:
                raise errors.OutputTooLarge(
                    f"A command has printed more than {self._largest // 2**20} MiB.",
                    "Have it print less; read a large file with read_to(), or compare content().",
                )
        return None

    @property
    def completed(self) -> Completed | None:
        """The result, once all of its outputs have ended."""
        if not all(stream.ended for stream in self._streams.values()):
            return None
        return Completed(int(self._streams[STDOUT].tail[:-1]), *self.partial())

    def partial(self) -> tuple[bytes, bytes]:
        """What was gathered so far of stdout and stderr, without the markers."""
        out, err = (
            bytes(gathered) + (self._streams[channel].held if channel in self._streams else b"")
            for channel, gathered in self._gathered.items()
        )
        return out, err


class _Marked:
    """One output, given on to a sink up to its marker.

    Attributes:
        held: the last bytes, less than a marker's length, which may be the beginning of one.
        tail: what followed the marker, up to and with the dot.
    """

    def __init__(self, marker: bytes, sink: Sink) -> None:
        self._marker = marker
        self._sink = sink
        self.held = b""
        self._found = False
        self.tail = b""

    @property
    def ended(self) -> bool:
        """Whether the dot after the marker has come."""
        return self.tail.endswith(b".")

    def feed(self, payload: bytes) -> None:
        """Take some bytes of it."""
        if self._found:
            self._end(payload)
            return
        seen = self.held + payload if self.held else payload
        at = seen.find(self._marker)
        if at < 0:
            # the marker may straddle two frames
            keep = max(0, len(seen) - len(self._marker) + 1)
            self.held = seen[keep:]
            self._give(seen[:keep])
            return
        self._found, self.held = True, b""
        self._give(seen[:at])
        self._end(seen[at + len(self._marker) :])

    def _give(self, some: bytes) -> None:
        if some:
            self._sink(some)

    def _end(self, payload: bytes) -> None:
        """What follows the marker counts up to and with the dot; then comes somebody else's."""
        if not self.ended:
            code, dot, _ = (self.tail + payload).partition(b".")
            self.tail = code + dot


def parse_status(payload: bytes) -> ExecStatus:
    """Read the Status object of the ERROR channel; what is not one stands for itself."""
    try:
        status = json.loads(payload)
        ok = status.get("status") == "Success"
        return ExecStatus(ok, str(status.get("message") or ""), 0 if ok else _exit_code(status))
    except (ValueError, AttributeError):
        return ExecStatus(False, payload.decode(errors="replace"))


def _exit_code(status: Mapping[str, Any]) -> int | None:
    causes = (status.get("details") or {}).get("causes") or ()
    return next((int(each["message"]) for each in causes if each.get("reason") == "ExitCode"), None)
