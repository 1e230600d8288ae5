"""How fast an API server answers, which shows whether it has too much to do."""

from __future__ import annotations

import threading

_TOO_MANY_REQUESTS = 429
# how much the last answer counts in the average
_WEIGHT = 0.1


class AnswerTimes:
    """The times of the answers to one client; for any number of threads.

    Attributes:
        seconds: the average time until an answer, in which the last ones count most.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._is_throttled = False
        self._change = threading.Lock()

    def __repr__(self) -> str:
        return f"<AnswerTimes: {1000 * self.seconds:.1f} ms>"

    def add(self, status: int, seconds: float) -> None:
        """Add an answer with an HTTP status, and the time that it took."""
        with self._change:
            self.seconds += _WEIGHT * (seconds - self.seconds)
            self._is_throttled |= status == _TOO_MANY_REQUESTS

    def take_throttled(self) -> bool:
        """Return whether the server has refused requests since the last call: too many came."""
        with self._change:
            was_throttled, self._is_throttled = self._is_throttled, False
        return was_throttled
