"""The baseline for a visibility check: two commands through two open shells.

One container writes a line with its shell's builtin printf, the other prints it with cat. There is
no temporary name, exit code, stderr, cleanup or evidence, so any time beyond this is the plugin's.
"""

from __future__ import annotations

import secrets
import time
from urllib.parse import urlencode

import websocket

from pytest_podshare.closeable import Closeable
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.exec import protocol
from pytest_podshare.kube.exec.handshake import open_websocket

_TIMEOUT = 30.0


class ExecBaseline(Closeable):
    """A shell in each of two containers; close it, or use it as a context manager.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        writer: a container, and the path of the file that it writes.
        reader: a container, and the path of the same file there.
    """

    def __init__(
        self, api: Api, namespace: str, pod: str, writer: tuple[str, str], reader: tuple[str, str]
    ) -> None:
        self._written_path, self._read_path = writer[1].encode(), reader[1].encode()
        self._writer = _open_shell(api, namespace, pod, writer[0])
        self._reader = _open_shell(api, namespace, pod, reader[0])

    def close(self) -> None:
        """End both shells; may be called again, and never raises."""
        for shell in (self._writer, self._reader):
            shell.shutdown()

    def check(self) -> float:
        """Write and read a new line, and return the seconds.

        Raises:
            AssertionError: the line read is not the line written.
        """
        line = secrets.token_hex(32).encode()
        start = time.perf_counter()
        _run(self._writer, b"printf %s " + line + b" > " + self._written_path)
        output = _run(self._reader, b"cat " + self._read_path)
        seconds = time.perf_counter() - start
        assert output == line, (output, line)
        return seconds


def _open_shell(api: Api, namespace: str, pod: str, container: str) -> websocket.WebSocket:
    query = [("command", "sh"), ("container", container)]
    query += [(stream, "true") for stream in ("stdin", "stdout", "stderr")]
    headers = {"sec-websocket-protocol": protocol.SUBPROTOCOLS}
    path = f"{pod_path(namespace, pod, 'exec')}?{urlencode(query)}"
    shell = open_websocket(api, path, headers, timeout=_TIMEOUT)
    _run(shell, b":")
    return shell


def _run(shell: websocket.WebSocket, command: bytes) -> bytes:
    marker = secrets.token_hex(8).encode()
    shell.send_binary(bytes([protocol.STDIN]) + command + b"\nprintf %s " + marker + b"\n")
    output = b""
    while not output.endswith(marker):
        frame = shell.recv_data()[1]
        output += frame[1:] if frame[:1] == bytes([protocol.STDOUT]) else b""
    return output.removesuffix(marker)
