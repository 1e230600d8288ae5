"""A shell in a container, kept open: one WebSocket, many commands.

A new exec costs some hundred milliseconds, a command to a shell that is already there one or two.
A session lives as long as its container, so one that breaks is a sign that the container ended.
"""

from __future__ import annotations

import threading

from pytest_podshare import errors
from pytest_podshare.closeable import Closeable
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.exec import protocol
from pytest_podshare.kube.exec.websocket import ExecConnection

# seconds after which a connection is dead that does not even confirm what was sent
_SILENCE = 15.0
# seconds without output after which the other end is asked whether it is there, at most
_QUIET = 3.0
# seconds for it to say so, at least
_SIGN = 2.0


class ExecSession(Closeable):
    """One `sh` in one container; safe to use from several threads, one command at a time.

    Only the thread whose turn it is reads or writes: TLS does not take both at once.

    Close it, or use it as a context manager.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        timeout: seconds for the session to open.

    Attributes:
        posted: the scripts that were posted and of which nobody knows yet whether they were run.

    Raises:
        ToolMissing: the image has no `sh`.
        SessionLost: the container does not run, or the API server refuses.
    """

    def __init__(
        self, api: Api, namespace: str, pod: str, container: str, *, timeout: float
    ) -> None:
        self.target = f"{pod}/{container}"
        self.pending: list[bytes] = []
        self._turn = threading.Lock()
        self._unsent: list[bytes] = []
        self._channels = ExecConnection(
            api, namespace, pod, container, ["sh"], timeout=timeout, silence=_SILENCE
        )
        try:
            # the upgrade succeeds even when the program is missing: only an answer proves a shell
            self.run(b":", timeout=timeout)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<ExecSession {self.target} {'open' if self._channels.is_open else 'closed'}>"

    def close(self) -> None:
        """End the shell; may be called again, and never raises."""
        self._channels.close()

    def run(
        self, script: bytes, *, timeout: float, to: protocol.Sink | None = None
    ) -> protocol.Completed:
        """Run a POSIX shell script; its stdin is empty.

        Args:
            script: the script, already quoted.
            timeout: seconds for it to end; with `to`, between two parts of its output.
            to: takes stdout as it comes, instead of the result.

        Raises:
            ExecTimeout: it did not end in time; the session is closed, the script may go on.
            SessionLost: the session broke, so nothing is known of what the script did.
            ToolMissing: the session never had a shell.
        """
        marker = protocol.new_marker()
        reply = protocol.ReplyParser(marker, to=to)
        return self._ask(protocol.command(script, marker), reply, timeout, renewed=to is not None)

    def run_inline(self, script: bytes, *, timeout: float) -> protocol.Completed:
        """Run a script of ours in the shell itself; it must not exit, and has no stderr.

        Raises:
            ExecError: as of `run`.
        """
        marker = protocol.new_marker()
        reply = protocol.ReplyParser(marker, inline=True)
        return self._ask(protocol.inline_script(script, marker), reply, timeout)

    def enqueue(self, script: bytes, *, timeout: float) -> None:
        """Send a script of ours and do not wait for it; the next command is run after it.

        Raises:
            SessionLost: the session is broken.
        """
        self._unsent.append(script)
        self.pending.append(script)
        # whoever has the turn now does not wait for us, and the next one sends it first
        if self._turn.acquire(blocking=False):
            try:
                self._send_pending(timeout)
            except TimeoutError:
                self.close()
                raise self._channels.lost("takes no more commands") from None
            finally:
                self._turn.release()

    def flush(self, *, timeout: float) -> None:
        """Wait until what was posted has been run.

        Raises:
            ExecError: as of `run`.
        """
        if self.pending:
            self.run_inline(b":", timeout=timeout)

    def check(self) -> None:
        """Take what has come unasked; costs nothing, and finds out most sessions that are dead.

        Raises:
            SessionLost: the session is broken.
        """
        # a command that is under way reads what comes, and finds it out itself
        if self._turn.acquire(blocking=False):
            try:
                self._check()
            finally:
                self._turn.release()

    def _check(self) -> None:
        while (frame := self._channels.frame_if_any()) is not None:
            # output here is of a process that a command left behind: no answer to the next one
            if frame[:1] == bytes([protocol.ERROR]):
                raise self._channels.ended(protocol.parse_status(frame[1:]))

    def _ask(
        self, command: bytes, reply: protocol.ReplyParser, timeout: float, *, renewed: bool = False
    ) -> protocol.Completed:
        """Send a command and wait for its reply; a session that was disturbed in it is closed."""
        deadline = Deadline(timeout)
        if not self._turn.acquire(timeout=deadline.left):
            raise self._late(timeout, "was not begun", "another thread's command is under way")
        try:
            self._check()
            posted = len(self.pending)
            self._send_pending(deadline.left)
            self._channels.send(command, timeout=deadline.left)
            completed = self._answer(reply, deadline, renewed=renewed)
        except TimeoutError:
            self.close()
            out, err = (part.decode(errors="replace")[-200:] for part in reply.partial())
            so_far = f"stdout so far {out!r}, stderr {err!r}"
            raise self._late(timeout, "did not end", so_far) from None
        except BaseException:
            self.close()
            raise
        finally:
            self._turn.release()
        del self.pending[:posted]
        return completed

    def _send_pending(self, timeout: float) -> None:
        while self._unsent:
            self._channels.send(protocol.enqueued_script(self._unsent.pop(0)), timeout=timeout)

    def _answer(
        self, reply: protocol.ReplyParser, deadline: Deadline, *, renewed: bool
    ) -> protocol.Completed:
        while (completed := reply.completed) is None:
            frame = self._heard(deadline)
            status = reply.feed(frame)
            if status is not None:
                raise self._channels.ended(status)
            if renewed and frame:
                deadline = Deadline(deadline.seconds)
        return completed

    def _heard(self, deadline: Deadline) -> bytes:
        """The next frame, of a connection that is known to live.

        One that is half open says nothing either: so it is asked, and a command that is late is
        told from a connection that is dead.
        """
        quiet = min(_QUIET, deadline.seconds / 4)
        try:
            return self._channels.frame(timeout=min(quiet, deadline.left))
        except TimeoutError:
            if deadline.over:
                raise
        try:
            self._channels.ping(timeout=quiet)
            return self._channels.frame(timeout=max(_SIGN, 2 * quiet))
        except TimeoutError:
            raise self._channels.lost("is dead: the other end gives no sign of life") from None

    def _late(self, timeout: float, what: str, more: str) -> errors.ExecTimeout:
        return errors.ExecTimeout(
            f"A command in {self.target} {what} within {timeout:g} s ({more}).",
        )
