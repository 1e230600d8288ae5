"""A shell in a container, kept open: one WebSocket, many commands.

A new exec costs some hundred milliseconds, a command to a shell that is already there a few.
A session lives as long as its container, so one that breaks is a sign that the container ended.
"""

from __future__ import annotations

import secrets
import threading
from urllib.parse import urlencode

import websocket
from kubernetes.stream import ws_client

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import framing
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.owner import Owner

# what a container runtime says when the program is not in the image
_NO_PROGRAM = ("executable file not found", "no such file or directory", "stat sh:")
_GONE_REMEDY = "See whether the container still runs; a command after this opens a new session."


class ExecSession(Owner):
    """One `sh` in one container; safe to use from several threads, one command at a time.

    Close it, or use it as a context manager.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        timeout: seconds for the session to open.

    Raises:
        ToolMissing: the image has no `sh`.
        SessionLost: the container does not run, or the API server refuses.
    """

    def __init__(
        self, api: Api, namespace: str, pod: str, container: str, *, timeout: float
    ) -> None:
        self.target = f"{pod}/{container}"
        self._lock = threading.Lock()
        query = [("command", "sh"), ("container", container)]
        query += [(stream, "true") for stream in ("stdin", "stdout", "stderr")]
        url = f"{api.server}{pod_path(namespace, pod, 'exec')}?{urlencode(query)}"
        headers = {**api.authorization(), "sec-websocket-protocol": framing.SUBPROTOCOLS}
        try:
            self._socket = ws_client.create_websocket(
                api.configuration, url.replace("http", "ws", 1), headers
            )
        except (websocket.WebSocketException, OSError) as error:
            raise self._lost(f"could not be opened: {_reason(error)}") from None
        try:
            # the upgrade succeeds even when the program is missing: only an answer proves a shell
            self.run(b":", timeout=timeout)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<ExecSession {self.target} {'open' if self._socket.connected else 'closed'}>"

    def close(self) -> None:
        """End the shell; may be called again, and never raises."""
        # shutdown() drops the TCP connection; close() would wait seconds for a farewell
        self._socket.shutdown()

    def run(self, script: bytes, *, timeout: float) -> framing.Completed:
        """Run a POSIX shell script; its stdin is empty.

        Args:
            script: the script, already quoted.
            timeout: seconds for it to end.

        Raises:
            ExecTimeout: it did not end in time; the session is closed, the script may go on.
            SessionLost: the session broke, so nothing is known of what the script did.
            ToolMissing: the session never had a shell.
        """
        marker = secrets.token_hex(16).encode()
        with self._lock:
            reply = framing.Reply(marker)
            try:
                self._socket.send_binary(framing.command(script, marker))
                return self._answer(reply, Deadline(timeout))
            except websocket.WebSocketTimeoutException:
                self.close()
                out, err = (part.decode(errors="replace")[-200:] for part in reply.partial())
                raise errors.ExecTimeout(
                    f"A command in {self.target} did not end within {timeout:g} s"
                    f" (stdout so far {out!r}, stderr {err!r}).",
                    "Raise --podshare-exec-timeout, or see what the container is busy with.",
                ) from None
            except (websocket.WebSocketException, OSError, AttributeError) as error:
                # AttributeError: the library's own, for a socket that is closed already
                self.close()
                raise self._lost(f"broke: {_reason(error)}") from None

    def _answer(self, reply: framing.Reply, deadline: Deadline) -> framing.Completed:
        while True:
            self._socket.settimeout(max(0.001, deadline.left))
            status = reply.feed(self._frame())
            if status is not None:
                self.close()
                raise self._ended(status)
            if (completed := reply.completed) is not None:
                return completed

    def _frame(self) -> bytes:
        opcode, payload = self._socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise websocket.WebSocketConnectionClosedException("the API server closed it")
        return bytes(payload)

    def _ended(self, status: framing.ExecStatus) -> errors.ExecError:
        if any(sign in status.message for sign in _NO_PROGRAM):
            return errors.ToolMissing(
                f"The image of {self.target} has no shell: {' '.join(status.message.split())}",
                "Use an image with `sh`; nothing was learned about the volume.",
            )
        return self._lost(f"ended: {status.message or 'the shell exited'}")

    def _lost(self, how: str) -> errors.SessionLost:
        return errors.SessionLost(f"The exec session to {self.target} {how}.", _GONE_REMEDY)


def _reason(error: BaseException) -> str:
    """What the API server said in refusing an upgrade, or the error's own words."""
    body = getattr(error, "resp_body", None)
    if not body:
        return str(error) or type(error).__name__
    return framing.parse_status(body).message
