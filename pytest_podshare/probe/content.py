"""What a file holds, as its size and digest: to be compared without being kept."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Content:
    """What a file holds.

    Args:
        size: in bytes.
        sha256: in hex.
    """

    size: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.size} bytes  sha256 {self.sha256[:8]}…"


def of(content: bytes) -> Content:
    """The size and digest of a content that is at hand."""
    return Content(len(content), hashlib.sha256(content).hexdigest())


class Gauge:
    """Measures a content that comes in parts, and gives each part on.

    Args:
        to: takes the parts; None for nobody.

    Attributes:
        size: of what came so far.
    """

    def __init__(self, to: Callable[[bytes], object] | None = None) -> None:
        self._to = to
        self.size = 0
        self._hash = hashlib.sha256()

    def __call__(self, part: bytes) -> None:
        """Take the next part."""
        self.size += len(part)
        self._hash.update(part)
        if self._to is not None:
            self._to(part)

    @property
    def content(self) -> Content:
        """What came so far."""
        return Content(self.size, self._hash.hexdigest())
