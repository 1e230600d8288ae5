"""The bytes of an exec session, as pure functions: what is sent, what comes back.

No sockets here. A shell that reads its commands from stdin says nothing about where the output
of one ends, so every command is followed by a marker that no output can guess.
"""

from __future__ import annotations

import dataclasses
import json

STDIN, STDOUT, STDERR, ERROR = 0, 1, 2, 3
SUBPROTOCOLS = "v5.channel.k8s.io,v4.channel.k8s.io"


@dataclasses.dataclass(frozen=True)
class Completed:
    """What a command did, named as in `subprocess.CompletedProcess`."""

    returncode: int
    stdout: bytes
    stderr: bytes


@dataclasses.dataclass(frozen=True)
class ExecStatus:
    """What the ERROR channel says when the whole session ends."""

    ok: bool
    message: str


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


class Reply:
    """Gathers the frames of one command's answer.

    Args:
        marker: the marker that was sent with the command.
    """

    def __init__(self, marker: bytes) -> None:
        self._marker = marker
        self._streams = {STDOUT: bytearray(), STDERR: bytearray()}
        self._ends = {STDOUT: -1, STDERR: -1}

    def feed(self, frame: bytes) -> ExecStatus | None:
        """Take one frame; a status means that the session itself has ended."""
        if not frame:
            return None
        channel, payload = frame[0], frame[1:]
        if channel == ERROR:
            return parse_status(payload)
        if channel in self._streams:
            self._gather(channel, payload)
        return None

    def _gather(self, channel: int, payload: bytes) -> None:
        stream = self._streams[channel]
        # the marker may straddle two frames, so look a little way back
        start = max(0, len(stream) - len(self._marker))
        stream += payload
        if self._ends[channel] < 0:
            self._ends[channel] = stream.find(self._marker, start)

    @property
    def completed(self) -> Completed | None:
        """The result, once both outputs have ended."""
        tails = [self._tail(STDOUT), self._tail(STDERR)]
        if not all(tail.endswith(b".") for tail in tails):
            return None
        return Completed(int(tails[0][:-1]), *self.partial())

    def partial(self) -> tuple[bytes, bytes]:
        """What came so far on stdout and stderr, without the markers."""
        out, err = (
            bytes(stream if self._ends[channel] < 0 else stream[: self._ends[channel]])
            for channel, stream in self._streams.items()
        )
        return out, err

    def _tail(self, channel: int) -> bytes:
        """What followed the marker, up to and with the dot that ends it."""
        end = self._ends[channel]
        return b"" if end < 0 else bytes(self._streams[channel][end + len(self._marker) :])


def parse_status(payload: bytes) -> ExecStatus:
    """Read the Status object of the ERROR channel; what is not one stands for itself."""
    try:
        status = json.loads(payload)
        return ExecStatus(status.get("status") == "Success", str(status.get("message") or ""))
    except (ValueError, AttributeError):
        return ExecStatus(False, payload.decode(errors="replace"))
