"""Notes and proofs: the entries of evidence that are not about files."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Note:
    """Something that was observed or proved.

    Args:
        summary: one line of text.
        seconds: how long it took; None if that does not matter.
    """

    summary: str
    seconds: float | None = None

    def __str__(self) -> str:
        return self.summary + ("" if self.seconds is None else f"  {self.seconds:.1f} s")


class Proof:
    """Base class of proofs that something happened between two checks: a restart, a replacement."""

    seconds: float

    def __str__(self) -> str:
        return str(Note(self.summary, self.seconds))

    @property
    def summary(self) -> str:
        """Return what happened, without the time it took."""
        raise NotImplementedError
