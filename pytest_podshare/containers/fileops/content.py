"""What a file holds, as its size and digest: to be compared without being kept."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable

# bytes of a content that still fit in a line with its path
_SHORT = 40


@dataclasses.dataclass(frozen=True)
class Content:
    """What a file holds.

    Args:
        size: in bytes.
        sha256: in hex.
        short: all of it, if it is short.
    """

    size: int
    sha256: str
    short: bytes = dataclasses.field(default=b"", compare=False, repr=False)

    def __str__(self) -> str:
        """`5 bytes  sha256 2cf24dba…  'hello'`, with the text where it is short and printable."""
        text = self.short.decode(errors="replace")
        shown = f"  {text!r}" if text.strip().isprintable() and text else ""
        return f"{self.size} bytes  sha256 {self.sha256[:8]}…{shown}"


def of(content: bytes) -> Content:
    """The size and digest of a content that is at hand."""
    gauge = HashingWriter()
    gauge(content)
    return gauge.content


class HashingWriter:
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
        self._head = b""

    def __call__(self, part: bytes) -> None:
        """Take the next part."""
        self.size += len(part)
        self._hash.update(part)
        if len(self._head) <= _SHORT:
            self._head += part[: _SHORT + 1]
        if self._to is not None:
            self._to(part)

    @property
    def content(self) -> Content:
        """What came so far."""
        short = self._head if self.size <= _SHORT else b""
        return Content(self.size, self._hash.hexdigest(), short)
