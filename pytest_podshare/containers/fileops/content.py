"""The content of a file as its size and digest, which can be compared without keeping it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable

# a longer content is not shown beside its digest
_MAX_TEXT = 40


@dataclasses.dataclass(frozen=True)
class Content:
    """What a file contains.

    Args:
        size: in bytes.
        sha256: in hex.
        short: the content itself, if it is short.
    """

    size: int
    sha256: str
    short: bytes = dataclasses.field(default=b"", compare=False, repr=False)

    @classmethod
    def from_bytes(cls, data: bytes) -> Content:
        """Return the size and digest of these bytes."""
        writer = HashingWriter()
        writer(data)
        return writer.content

    def __str__(self) -> str:
        """`5 bytes  sha256 2cf24dba…  'hello'`, with the text if it is short and printable."""
        text = self.short.decode(errors="replace")
        shown = f"  {text!r}" if text.strip().isprintable() and text else ""
        return f"{self.size} bytes  sha256 {self.sha256[:8]}…{shown}"


class HashingWriter:
    """Computes the size and digest of content that arrives in chunks, and passes the chunks on.

    Args:
        sink: takes the chunks; None to drop them.

    Attributes:
        size: the number of bytes so far.
    """

    def __init__(self, sink: Callable[[bytes], object] | None = None) -> None:
        self._sink = sink
        self.size = 0
        self._hash = hashlib.sha256()
        self._head = b""

    def __call__(self, chunk: bytes) -> None:
        """Take the next chunk."""
        self.size += len(chunk)
        self._hash.update(chunk)
        if len(self._head) <= _MAX_TEXT:
            self._head += chunk[: _MAX_TEXT + 1]
        if self._sink is not None:
            self._sink(chunk)

    @property
    def content(self) -> Content:
        """Return the content so far."""
        short = self._head if self.size <= _MAX_TEXT else b""
        return Content(self.size, self._hash.hexdigest(), short)
