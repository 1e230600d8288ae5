"""A shell in a container that stays open: one WebSocket, many commands.

A new exec takes some hundred milliseconds, a command in an open shell one or two. A session lives
as long as its container, so a broken session suggests that the container has terminated.
"""

from __future__ import annotations

import threading

from pytest_podshare import errors
from pytest_podshare.closeable import Closeable
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.exec import protocol
from pytest_podshare.kube.exec.websocket import ExecConnection

# seconds without an acknowledgment after which a connection counts as broken
_SILENCE = 15.0
# the most seconds without output before a ping is sent
_PING_AFTER = 3.0
# the least seconds for the answer to a ping
_PING_TIMEOUT = 2.0


class ExecSession(Closeable):
    """A `sh` in a container; several threads may use it, one command runs at a time.

    Only the thread whose command is running reads or writes, as TLS requires. Close it, or use it
    as a context manager.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        timeout: seconds to open the session.

    Attributes:
        pending: the enqueued scripts that are not known to have run.

    Raises:
        ToolMissing: the image has no `sh`.
        SessionLost: the container is not running, or the API server rejects the request.
    """

    def __init__(
        self, api: Api, namespace: str, pod: str, container: str, *, timeout: float
    ) -> None:
        self.target = f"{pod}/{container}"
        self.pending: list[bytes] = []
        self._turn = threading.Lock()
        self._unsent: list[bytes] = []
        self._connection = ExecConnection(
            api, namespace, pod, container, ["sh"], timeout=timeout, silence=_SILENCE
        )
        try:
            # opening succeeds even if the program is missing: only a reply proves that `sh` runs
            self.run(b":", timeout=timeout)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<ExecSession {self.target} {'open' if self._connection.is_open else 'closed'}>"

    def close(self) -> None:
        """End the shell; may be called again, and never raises."""
        self._connection.close()

    def run(
        self, script: bytes, *, timeout: float, to: protocol.Sink | None = None
    ) -> protocol.Completed:
        """Run a POSIX shell script with an empty stdin.

        Args:
            script: the script, with all values quoted.
            timeout: seconds for the script to finish or, with `to`, without output.
            to: receives stdout in parts; the result's stdout is then empty.

        Raises:
            ExecTimeout: it did not finish in time; the session is closed, the script may go on.
            SessionLost: the session broke, so it is unknown what the script did.
            ToolMissing: the session never had a shell.
        """
        marker = protocol.new_marker()
        reply = protocol.ReplyParser(marker, to=to)
        frame = protocol.command_frame(script, marker)
        return self._exchange(frame, reply, timeout, is_streamed=to is not None)

    def run_inline(self, script: bytes, *, timeout: float) -> protocol.Completed:
        """Run a script in the shell itself; it must not exit, and its stderr is discarded.

        Raises:
            ExecError: as for `run`.
        """
        marker = protocol.new_marker()
        reply = protocol.ReplyParser(marker, inline=True)
        return self._exchange(protocol.inline_frame(script, marker), reply, timeout)

    def enqueue(self, script: bytes, *, timeout: float) -> None:
        """Send a script without waiting for it; it runs before the next command.

        Raises:
            SessionLost: the session is broken.
        """
        self._unsent.append(script)
        self.pending.append(script)
        # if another command is running, the next command sends the script first
        if self._turn.acquire(blocking=False):
            try:
                self._send_pending(timeout)
            except TimeoutError:
                self.close()
                raise self._connection.lost_error("accepts no more commands") from None
            finally:
                self._turn.release()

    def flush(self, *, timeout: float) -> None:
        """Wait until all enqueued scripts have run.

        Raises:
            ExecError: as for `run`.
        """
        if self.pending:
            self.run_inline(b":", timeout=timeout)

    def check(self) -> None:
        """Read what has been received already, which detects most broken sessions at no cost.

        Raises:
            SessionLost: the session is broken.
        """
        # a running command reads what is received, and detects it itself
        if self._turn.acquire(blocking=False):
            try:
                self._check()
            finally:
                self._turn.release()

    def _check(self) -> None:
        while (frame := self._connection.receive_pending()) is not None:
            # output at this point comes from a process that an earlier command left running
            if frame[:1] == bytes([protocol.ERROR]):
                raise self._connection.ended_error(protocol.parse_status(frame[1:]))

    def _exchange(
        self,
        command: bytes,
        reply: protocol.ReplyParser,
        timeout: float,
        *,
        is_streamed: bool = False,
    ) -> protocol.Completed:
        """Send a command and wait for its reply; close the session if anything goes wrong."""
        deadline = Deadline(timeout)
        if not self._turn.acquire(timeout=deadline.left):
            raise self._timeout_error(timeout, "start", "another thread's command is running")
        try:
            self._check()
            flushed = len(self.pending)
            self._send_pending(deadline.left)
            self._connection.send(command, timeout=deadline.left)
            completed = self._read_reply(reply, deadline, is_streamed=is_streamed)
        except TimeoutError:
            self.close()
            out, err = (part.decode(errors="replace")[-200:] for part in reply.partial())
            output = f"stdout so far {out!r}, stderr {err!r}"
            raise self._timeout_error(timeout, "finish", output) from None
        except BaseException:
            self.close()
            raise
        finally:
            self._turn.release()
        del self.pending[:flushed]
        return completed

    def _send_pending(self, timeout: float) -> None:
        while self._unsent:
            frame = protocol.enqueue_frame(self._unsent.pop(0))
            self._connection.send(frame, timeout=timeout)

    def _read_reply(
        self, reply: protocol.ReplyParser, deadline: Deadline, *, is_streamed: bool
    ) -> protocol.Completed:
        while (completed := reply.completed) is None:
            frame = self._receive(deadline)
            status = reply.feed(frame)
            if status is not None:
                raise self._connection.ended_error(status)
            if is_streamed and frame:
                deadline = Deadline(deadline.seconds)
        return completed

    def _receive(self, deadline: Deadline) -> bytes:
        """Receive the next frame.

        A half-open connection is as silent as a slow command. A ping tells them apart.
        """
        ping_after = min(_PING_AFTER, deadline.seconds / 4)
        try:
            return self._connection.receive(timeout=min(ping_after, deadline.left))
        except TimeoutError:
            if deadline.over:
                raise
        try:
            self._connection.ping(timeout=ping_after)
            return self._connection.receive(timeout=max(_PING_TIMEOUT, 2 * ping_after))
        except TimeoutError:
            raise self._connection.lost_error("is dead: a ping was not answered") from None

    def _timeout_error(self, timeout: float, step: str, details: str) -> errors.ExecTimeout:
        return errors.ExecTimeout(
            f"A command in {self.target} did not {step} within {timeout:g} s ({details})."
        )
