"""A clock that never sleeps."""


class FakeClock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        """Seconds slept so far."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let them pass at once."""
        self.pauses.append(seconds)
        self.now += seconds
