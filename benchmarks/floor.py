"""The floor under a visible check: what two commands through two open shells cost here.

One container writes a line with its shell's own printf, the other prints it with cat. No temporary
name, no exit codes, no stderr, no clean-up, no evidence: whatever a check does beyond that is ours.
"""

from __future__ import annotations

import secrets
import time
from urllib.parse import urlencode

import websocket

from pytest_podshare.kube import framing
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.upgrade import open_websocket
from pytest_podshare.owner import Owner

_PATIENCE = 30.0


class Floor(Owner):
    """Two shells, one in each container; close it, or use it as a context manager.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        writer: a container and the file that it writes, as it names it.
        reader: a container and that same file, as this one names it.
    """

    def __init__(
        self, api: Api, namespace: str, pod: str, writer: tuple[str, str], reader: tuple[str, str]
    ) -> None:
        self._to, self._from = writer[1].encode(), reader[1].encode()
        self._writer = _shell(api, namespace, pod, writer[0])
        self._reader = _shell(api, namespace, pod, reader[0])

    def close(self) -> None:
        """End both shells; may be called again, and never raises."""
        for shell in (self._writer, self._reader):
            shell.shutdown()

    def check(self) -> float:
        """Write and read a fresh line; gives the seconds that it took.

        Raises:
            AssertionError: what was read is not what was written.
        """
        line = secrets.token_hex(32).encode()
        begun = time.perf_counter()
        _run(self._writer, b"printf %s " + line + b" > " + self._to)
        seen = _run(self._reader, b"cat " + self._from)
        seconds = time.perf_counter() - begun
        assert seen == line, (seen, line)
        return seconds


def _shell(api: Api, namespace: str, pod: str, container: str) -> websocket.WebSocket:
    query = [("command", "sh"), ("container", container)]
    query += [(stream, "true") for stream in ("stdin", "stdout", "stderr")]
    headers = {"sec-websocket-protocol": framing.SUBPROTOCOLS}
    path = f"{pod_path(namespace, pod, 'exec')}?{urlencode(query)}"
    shell = open_websocket(api, path, headers, timeout=_PATIENCE)
    _run(shell, b":")
    return shell


def _run(shell: websocket.WebSocket, command: bytes) -> bytes:
    marker = secrets.token_hex(8).encode()
    shell.send_binary(bytes([framing.STDIN]) + command + b"\nprintf %s " + marker + b"\n")
    seen = b""
    while not seen.endswith(marker):
        frame = shell.recv_data()[1]
        seen += frame[1:] if frame[:1] == bytes([framing.STDOUT]) else b""
    return seen.removesuffix(marker)
