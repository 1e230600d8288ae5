"""A thread that shows other processes that this one is still alive."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pytest_podshare.closeable import Closeable

# seconds between two beats
INTERVAL = 10.0
# seconds to wait for a beat in progress when the heartbeat is closed
_CLOSE_TIMEOUT = 1.0


class Heartbeat(Closeable):
    """Calls a function at regular intervals, from a thread, until it is closed.

    Args:
        beat: the function; must not raise.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self._closed = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(beat,), name="podshare-heartbeat", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop the thread; if a beat hangs, for example in a request, abandon it."""
        self._closed.set()
        self._thread.join(_CLOSE_TIMEOUT)

    def _run(self, beat: Callable[[], None]) -> None:
        while not self._closed.wait(INTERVAL):
            beat()
