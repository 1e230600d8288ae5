"""How long a request waits for a connection and for the next byte."""

from __future__ import annotations

from urllib3 import Timeout
from urllib3.response import BaseHTTPResponse

# seconds to connect, and seconds between two bytes of a response, if the caller gives no timeout
CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 30.0
# urllib3 rejects zero
_LEAST = 0.001


def create_timeout(seconds: float | None, attempts: int) -> Timeout:
    """Return the timeout of one of several attempts; of the caller's, if there is one."""
    if seconds is None:
        return Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT / attempts)
    read = max(_LEAST, seconds)
    return Timeout(connect=min(CONNECT_TIMEOUT, read), read=read)


def set_read_timeout(response: BaseHTTPResponse, seconds: float) -> None:
    """Set how long a response that is being read waits for its next byte."""
    sock = getattr(response.connection, "sock", None)
    if sock is not None:
        sock.settimeout(max(_LEAST, seconds))
