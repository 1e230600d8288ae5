"""One exec's WebSocket: frames out, frames in, and what it means when it breaks.

Knows nothing of what the frames are for; `exec` and `feeding` do.
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

_GONE_REMEDY = "See whether the container still runs; a command after this opens a new session."
# frames of the connection's own, which say that somebody is there
_CONTROL = (websocket.ABNF.OPCODE_PING, websocket.ABNF.OPCODE_PONG)
# seconds for a frame of which a part is there
_REST = 0.05


class ExecConnection(Closeable):
    """A command in a container, and the WebSocket that carries its channels.

    Close it, or use it as a context manager. Not safe to read from several threads at once.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        command: what to run there.
        timeout: seconds for it to open.
        silence: seconds after which a connection that confirms nothing is broken; None for never.
        stdin: whether it has one.

    Raises:
        SessionLost: the container does not run, or the API server refuses.
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
            raise self.lost(f"could not be opened: {_reason(error)}") from None
        self._readable = select.poll()
        self._readable.register(self._socket.sock, select.POLLIN)
        self._both = select.poll()
        self._both.register(self._socket.sock, select.POLLIN | select.POLLOUT)

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed this end of it."""
        return bool(self._socket.connected)

    def close(self) -> None:
        """Drop the connection; may be called again, and never raises."""
        with contextlib.suppress(Exception):
            # close() would wait seconds for a farewell
            self._socket.shutdown()

    def send(self, frame: bytes, *, timeout: float) -> None:
        """Send one frame, its channel's number first.

        Raises:
            SessionLost: the connection broke.
            TimeoutError: nobody took it.
        """
        self._send(self._socket.send_binary, frame, timeout)

    def _send(self, way: Callable[[bytes], object], content: bytes, timeout: float) -> None:
        try:
            self._socket.settimeout(max(0.001, timeout))
            way(content)
        except websocket.WebSocketTimeoutException:
            raise TimeoutError from None
        except (websocket.WebSocketException, OSError, AttributeError) as error:
            # AttributeError: the library's own, for a socket that is closed already
            raise self.lost(f"broke: {_reason(error)}") from None

    def send_listening(
        self, frame: bytes, heard: Callable[[bytes], bool], *, timeout: float
    ) -> bool:
        """Send one frame, and hear what comes in the meantime.

        Whoever should read the frame may have ended, and then nobody takes the rest of it.

        Args:
            frame: its channel's number first.
            heard: takes a frame that has come, and says whether to go on.
            timeout: seconds for which nothing may move.

        Returns:
            Whether all of it was sent; where it was not, nothing more can be.

        Raises:
            SessionLost: the connection broke.
            TimeoutError: nothing moved.
        """
        rest = memoryview(_packed(frame))
        while rest:
            events = self._both.poll(1000 * timeout)
            if not events:
                raise TimeoutError
            while (come := self.frame_if_any()) is not None:
                if not heard(come):
                    return False
            try:
                self._socket.sock.settimeout(_REST)
                rest = rest[self._socket.sock.send(rest) :]
            except TimeoutError:
                continue
            except (OSError, AttributeError) as error:
                raise self.lost(f"broke: {_reason(error)}") from None
        return True

    def ping(self, *, timeout: float) -> None:
        """Ask the other end whether it is there; what it answers comes as an empty frame.

        Raises:
            SessionLost: the connection broke.
            TimeoutError: nobody took it.
        """
        self._send(self._socket.ping, b"", timeout)

    def frame(self, *, timeout: float) -> bytes:
        """Wait for a frame; one without content is a sign of life.

        Raises:
            SessionLost: the connection broke, or the API server closed it.
            TimeoutError: none came.
        """
        try:
            self._socket.settimeout(max(0.001, timeout))
            opcode, payload = self._socket.recv_data(control_frame=True)
        except websocket.WebSocketTimeoutException:
            if any(event & select.POLLHUP for _, event in self._readable.poll(0)):
                # the system's own patience ended before ours
                raise self.lost("broke: nothing was confirmed any more") from None
            raise TimeoutError from None
        except (websocket.WebSocketException, OSError, AttributeError) as error:
            raise self.lost(f"broke: {_reason(error)}") from None
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise self.lost("broke: the API server closed it")
        return b"" if opcode in _CONTROL else bytes(payload)

    def frame_if_any(self) -> bytes | None:
        """A frame that has come already; None if there is none.

        Raises:
            SessionLost: the connection broke, or the API server closed it.
        """
        sock = self._socket.sock
        if sock is None:
            raise self.lost("is closed")
        decrypted = getattr(sock, "pending", int)()
        if not decrypted and not self._readable.poll(0):
            return None
        try:
            return self.frame(timeout=_REST)
        except TimeoutError:
            # TLS has frames of its own
            return None

    def ended(self, status: protocol.ExecStatus) -> errors.ExecError:
        """The error of a command that should have gone on."""
        if status.lacks_program:
            return errors.ToolMissing(
                f"The image of {self.target} has no shell: {' '.join(status.message.split())}",
                "Use an image with `sh`",
            )
        return self.lost(f"ended: {status.message or 'the shell exited'}")

    def lost(self, how: str) -> errors.SessionLost:
        """The error of a connection that broke."""
        return errors.SessionLost(f"The exec session to {self.target} {how}.", _GONE_REMEDY)


def _packed(frame: bytes) -> bytes:
    """A frame as the WebSocket carries it."""
    opcode = websocket.ABNF.OPCODE_BINARY
    packed: bytes = websocket.ABNF.create_frame(frame, opcode).format()
    return packed


def _reason(error: BaseException) -> str:
    """What the API server said in refusing an upgrade, or the error's own words."""
    body = getattr(error, "resp_body", None)
    if not body:
        return str(error) or type(error).__name__
    return protocol.parse_status(body).message
