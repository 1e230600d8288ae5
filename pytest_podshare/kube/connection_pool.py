"""HTTPS connections whose interrupted TLS handshake counts as no connection: nothing was sent.

The port of a kind cluster belongs to the container engine, which accepts a connection and closes it
while the API server behind it restarts.
"""

from __future__ import annotations

import ssl

from urllib3 import HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import NewConnectionError


class _Connection(HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except (ssl.SSLEOFError, ConnectionError) as error:
            raise NewConnectionError(self, f"no TLS handshake: {error}") from error


class _Pool(HTTPSConnectionPool):
    # urllib3 types it as a protocol that its own class does not quite satisfy
    ConnectionCls = _Connection


def install(manager: PoolManager) -> None:
    """Let a manager of connection pools use such connections for HTTPS."""
    manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": _Pool}
