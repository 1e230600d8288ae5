"""A clock that never sleeps."""


class FakeClock:
    """A clock whose time passes only in `sleep`, which returns at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        """Return the seconds slept so far."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass."""
        self.pauses.append(seconds)
        self.now += seconds
