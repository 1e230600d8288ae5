"""The bytes of an exec session: frames to send and replies to parse, without any I/O.

A shell that reads commands from its stdin does not say where the output of a command ends, so each
command is followed by a marker that no output can guess.
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

# receives the parts of a command's output
Sink = Callable[[bytes], object]

# bytes of an output, or of a log, that are kept in memory
MAX_OUTPUT = 64 * 2**20

# messages of runc, crun and gVisor about a missing program
_NO_PROGRAM = ("executable file", "finding executable", "stat sh:")


@dataclasses.dataclass(frozen=True)
class Completed:
    """The result of a command, with the names of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: bytes
    stderr: bytes


@dataclasses.dataclass(frozen=True)
class ExecStatus:
    """The content of the ERROR channel, which ends a session.

    Args:
        message: the message.
        code: the exit code; None if there is none, for example of a missing program.
    """

    message: str
    code: int | None = None

    @property
    def lacks_program(self) -> bool:
        """Return whether the image lacks the program, according to the container runtime.

        A container that is being stopped lacks other files: its cgroup, its namespaces.
        """
        is_named = 'exec: "' in self.message and "no such file" in self.message
        return is_named or any(sign in self.message for sign in _NO_PROGRAM)


def new_marker() -> bytes:
    """Return a marker that no output can guess."""
    return secrets.token_hex(12).encode()


def command_frame(script: bytes, marker: bytes) -> bytes:
    """Return the STDIN frame that runs a script and then prints the marker on both outputs.

    The script runs in a subshell, so `exit` ends only the script, and with an empty stdin, so it
    cannot consume the commands that follow.
    """
    return (
        bytes([STDIN])
        + b"( " + script + b"\n) </dev/null\n"
        + b"printf '%s%d.' " + marker + b" $?; printf %s. " + marker + b" >&2\n"
    )  # fmt: skip


def inline_frame(script: bytes, marker: bytes) -> bytes:
    """Return the STDIN frame that runs a script in the shell itself and discards its stderr.

    Saves a process and half of the reply. The script must not exit, nor change the shell's state.
    """
    return (
        bytes([STDIN])
        + b"{ " + script + b"\n} </dev/null 2>/dev/null\n"
        + b"printf '%s%d.' " + marker + b" $?\n"
    )  # fmt: skip


def enqueue_frame(script: bytes) -> bytes:
    """Return the STDIN frame that runs a script in the shell itself without any reply."""
    return bytes([STDIN]) + b"{ " + script + b"\n} </dev/null >/dev/null 2>&1\n"


def script_with_stdin(script: str, marker: bytes) -> str:
    """Return the script for `sh -c` that runs another script, whose stdin is content.

    It also reads what that script leaves of its stdin: a runtime that has bytes for a process that
    has exited may block for ever and never report the exit.
    """
    name = marker.decode()
    report = f"printf '%s%d.' {name} $?; printf %s. {name} >&2"
    return f"( {script}\n)\n{report}; cat > /dev/null; exit"


class ReplyParser:
    """Collects the frames of one command's reply.

    Args:
        marker: the marker that was sent with the command.
        to: receives stdout in parts, which then need not fit into memory; None to collect it.
        inline: whether the command was sent by `inline_frame`, so there is no stderr.
        largest: how many bytes of each output are collected.
    """

    def __init__(
        self,
        marker: bytes,
        *,
        to: Sink | None = None,
        inline: bool = False,
        largest: int = MAX_OUTPUT,
    ) -> None:
        self._collected = {STDOUT: bytearray(), STDERR: bytearray()}
        self._largest = largest
        sinks = {STDOUT: to or self._collected[STDOUT].extend}
        if not inline:
            sinks[STDERR] = self._collected[STDERR].extend
        self._outputs = {channel: _Output(marker, sink) for channel, sink in sinks.items()}

    def feed(self, frame: bytes) -> ExecStatus | None:
        """Parse one frame; a status means that the session itself has ended.

        Raises:
            OutputTooLarge: the output is larger than what is collected.
        """
        if not frame:
            return None
        if frame[0] == ERROR:
            return parse_status(frame[1:])
        if frame[0] in self._outputs:
            self._outputs[frame[0]].feed(frame[1:])
            if len(self._collected[frame[0]]) > self._largest:
                raise errors.OutputTooLarge(
                    f"A command printed more than {self._largest // 2**20} MiB.",
                    "Print less; read a large file with read_to(), or compare its content().",
                )
        return None

    @property
    def completed(self) -> Completed | None:
        """Return the result; None until all outputs have ended."""
        if not all(output.is_complete for output in self._outputs.values()):
            return None
        return Completed(int(self._outputs[STDOUT].tail[:-1]), *self.partial())

    def partial(self) -> tuple[bytes, bytes]:
        """Return what has been collected of stdout and stderr, without the markers."""
        out, err = (
            bytes(part) + (self._outputs[channel].held if channel in self._outputs else b"")
            for channel, part in self._collected.items()
        )
        return out, err


class _Output:
    """One output, passed to a sink up to its marker.

    Attributes:
        held: the last bytes, fewer than a marker has, which may be the beginning of one.
        tail: the bytes after the marker, up to and including the dot.
    """

    def __init__(self, marker: bytes, sink: Sink) -> None:
        self._marker = marker
        self._sink = sink
        self._has_marker = False
        self.held = self.tail = b""

    @property
    def is_complete(self) -> bool:
        """Return whether the dot after the marker has come."""
        return self.tail.endswith(b".")

    def feed(self, payload: bytes) -> None:
        """Parse some bytes of the output."""
        if self._has_marker:
            self._feed_tail(payload)
            return
        payload = self.held + payload if self.held else payload
        end = payload.find(self._marker)
        if end < 0:
            # the marker may straddle two frames
            end = max(0, len(payload) - len(self._marker) + 1)
            self.held = payload[end:]
            self._pass_on(payload[:end])
            return
        self._has_marker, self.held = True, b""
        self._pass_on(payload[:end])
        self._feed_tail(payload[end + len(self._marker) :])

    def _pass_on(self, output: bytes) -> None:
        if output:
            self._sink(output)

    def _feed_tail(self, payload: bytes) -> None:
        if not self.is_complete:
            # what follows the dot is the output of another process
            code, dot, _ = (self.tail + payload).partition(b".")
            self.tail = code + dot


def parse_status(payload: bytes) -> ExecStatus:
    """Parse the Status object of the ERROR channel; other text becomes the message."""
    try:
        status = json.loads(payload)
        code = 0 if status.get("status") == "Success" else _exit_code(status)
        return ExecStatus(str(status.get("message") or ""), code)
    except (ValueError, AttributeError):
        return ExecStatus(payload.decode(errors="replace"))


def _exit_code(status: Mapping[str, Any]) -> int | None:
    causes = (status.get("details") or {}).get("causes") or ()
    codes = (int(cause["message"]) for cause in causes if cause.get("reason") == "ExitCode")
    return next(codes, None)
