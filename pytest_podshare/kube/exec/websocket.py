"""The WebSocket of one exec: frames in both directions, and the errors when it breaks.

The content of the frames does not matter here; `session` and `oneshot` know it.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

import websocket

from pytest_podshare import errors
from pytest_podshare.closeable import Closeable
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.exec import protocol
from pytest_podshare.kube.exec.handshake import open_websocket

_REMEDY = "Check that the container is still running; the next command opens a new session."
# frames without content, which show that the other end is alive
_CONTROL = (websocket.ABNF.OPCODE_PING, websocket.ABNF.OPCODE_PONG)
# seconds for the rest of a frame that has begun to come, or to be sent
_REST = 0.05


class ExecConnection(Closeable):
    """A command in a container and the WebSocket that carries its streams.

    Close it, or use it as a context manager. Only one thread at a time may read.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        command: the program and its arguments.
        timeout: seconds to open the connection.
        silence: seconds without an acknowledgment after which the connection counts as broken;
            None for the system's default.
        stdin: whether the command has a stdin.

    Raises:
        SessionLost: the container is not running, or the API server rejects the request.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        timeout: float,
        silence: float | None = None,
        stdin: bool = True,
    ) -> None:
        self.target = f"{pod}/{container}"
        query = [("command", word) for word in command] + [("container", container)]
        streams = ("stdin", "stdout", "stderr") if stdin else ("stdout", "stderr")
        query += [(stream, "true") for stream in streams]
        path = f"{pod_path(namespace, pod, 'exec')}?{urlencode(query)}"
        headers = {"sec-websocket-protocol": protocol.SUBPROTOCOLS}
        try:
            self._socket = open_websocket(api, path, headers, timeout=timeout, silence=silence)
        except (websocket.WebSocketException, OSError) as error:
            raise self.lost_error(f"could not be opened: {_reason(error)}") from None
        self._readable = select.poll()
        self._readable.register(self._socket.sock, select.POLLIN)
        self._movable = select.poll()
        self._movable.register(self._socket.sock, select.POLLIN | select.POLLOUT)

    @property
    def is_open(self) -> bool:
        """Return whether this end has not been closed."""
        return bool(self._socket.connected)

    def close(self) -> None:
        """Drop the connection; may be called again, and never raises."""
        with contextlib.suppress(Exception):
            # close() would wait seconds for the other end to close as well
            self._socket.shutdown()

    def send(self, frame: bytes, *, timeout: float) -> None:
        """Send one frame, which begins with the number of its channel.

        Raises:
            SessionLost: the connection broke.
            TimeoutError: the frame could not be sent in time.
        """
        self._send(self._socket.send_binary, frame, timeout)

    def ping(self, *, timeout: float) -> None:
        """Send a ping; the answer is received as an empty frame.

        Raises:
            SessionLost: the connection broke.
            TimeoutError: the ping could not be sent in time.
        """
        self._send(self._socket.ping, b"", timeout)

    def _send(self, method: Callable[[bytes], object], content: bytes, timeout: float) -> None:
        try:
            self._socket.settimeout(max(0.001, timeout))
            method(content)
        except websocket.WebSocketTimeoutException:
            raise TimeoutError from None
        except (websocket.WebSocketException, OSError, AttributeError) as error:
            # AttributeError: the library's own error for a closed socket
            raise self.lost_error(f"broke: {_reason(error)}") from None

    def send_while_receiving(
        self, frame: bytes, handle: Callable[[bytes], bool], *, timeout: float
    ) -> bool:
        """Send one frame, and handle the frames that are received in the meantime.

        The process that should read the frame may have exited, and then not all of it can be sent.

        Args:
            frame: the frame, which begins with the number of its channel.
            handle: takes a received frame and returns whether to continue.
            timeout: seconds without progress.

        Returns:
            Whether the whole frame was sent; if not, nothing more can be sent.

        Raises:
            SessionLost: the connection broke.
            TimeoutError: there was no progress.
        """
        opcode = websocket.ABNF.OPCODE_BINARY
        rest = memoryview(websocket.ABNF.create_frame(frame, opcode).format())
        while rest:
            if not self._movable.poll(1000 * timeout):
                raise TimeoutError
            while (received := self.receive_pending()) is not None:
                if not handle(received):
                    return False
            try:
                self._socket.sock.settimeout(_REST)
                rest = rest[self._socket.sock.send(rest) :]
            except TimeoutError:
                continue
            except (OSError, AttributeError) as error:
                raise self.lost_error(f"broke: {_reason(error)}") from None
        return True

    def receive(self, *, timeout: float) -> bytes:
        """Wait for a frame; an empty one is a sign of life.

        Raises:
            SessionLost: the connection broke, or the API server closed it.
            TimeoutError: no frame was received.
        """
        try:
            self._socket.settimeout(max(0.001, timeout))
            opcode, payload = self._socket.recv_data(control_frame=True)
        except websocket.WebSocketTimeoutException:
            if any(event & select.POLLHUP for _, event in self._readable.poll(0)):
                # the system's timeout was the shorter one
                raise self.lost_error("broke: it was no longer acknowledged") from None
            raise TimeoutError from None
        except (websocket.WebSocketException, OSError, AttributeError) as error:
            raise self.lost_error(f"broke: {_reason(error)}") from None
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise self.lost_error("broke: the API server closed it")
        return b"" if opcode in _CONTROL else bytes(payload)

    def receive_pending(self) -> bytes | None:
        """Return a frame that has already been received; None if there is none.

        Raises:
            SessionLost: the connection broke, or the API server closed it.
        """
        sock = self._socket.sock
        if sock is None:
            raise self.lost_error("is closed")
        decrypted = getattr(sock, "pending", int)()
        if not decrypted and not self._readable.poll(0):
            return None
        try:
            return self.receive(timeout=_REST)
        except TimeoutError:
            # it was a frame of TLS itself
            return None

    def ended_error(self, status: protocol.ExecStatus) -> errors.ExecError:
        """Return the error of a command that ended although it should not have."""
        if status.lacks_program:
            return errors.ToolMissing(
                f"The image of {self.target} has no shell: {' '.join(status.message.split())}",
                "Use an image with `sh`",
            )
        return self.lost_error(f"ended: {status.message or 'the shell exited'}")

    def lost_error(self, how: str) -> errors.SessionLost:
        """Return the error of a broken connection."""
        return errors.SessionLost(f"The exec session to {self.target} {how}.", _REMEDY)


def _reason(error: BaseException) -> str:
    """Return the API server's message if it rejected the request, else the error's own."""
    body = getattr(error, "resp_body", None)
    if not body:
        return str(error) or type(error).__name__
    return protocol.parse_status(body).message
