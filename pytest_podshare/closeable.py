"""The base class of everything that must be closed."""

from __future__ import annotations

from typing import TypeVar

_Self = TypeVar("_Self", bound="Closeable")


class Closeable:
    """A context manager that closes itself at the end of the block."""

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Release all resources; may be called again, and never raises."""
        raise NotImplementedError
