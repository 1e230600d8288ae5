"""What proves that something happened, beside the files that were written and seen."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Note:
    """Something that was seen or proved.

    Args:
        summary: what, in a line.
        seconds: how long it took; None where that tells nothing.
    """

    summary: str
    seconds: float | None = None

    def __str__(self) -> str:
        return self.summary + ("" if self.seconds is None else f"  {self.seconds:.1f} s")


class Proof:
    """What proves that something happened in between: a restart, a replacement."""

    seconds: float

    def __str__(self) -> str:
        return str(Note(self.summary, self.seconds))

    @property
    def summary(self) -> str:
        """What happened, without how long it took."""
        raise NotImplementedError
