"""Where in its text a value stands: dicts and lists that remember."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple


class Position(NamedTuple):
    """A place in a text; both count from 1."""

    line: int
    column: int


class LocatedDict(dict[str, Any]):
    """A dict that knows where it begins in its text, and where each of its keys stands."""

    __slots__ = ("at", "keys_at")

    at: Position
    keys_at: dict[str, Position]

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedDict:
        copied = LocatedDict()
        copied.at, copied.keys_at = self.at, self.keys_at
        for key, value in self.items():
            copied[key] = copy.deepcopy(value, memo) if isinstance(value, (dict, list)) else value
        return copied


class LocatedList(list[Any]):
    """A list that knows where it begins in its text, and where each of its entries does."""

    __slots__ = ("at", "entries_at")

    at: Position
    entries_at: list[Position]

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedList:
        copied = LocatedList()
        copied.at, copied.entries_at = self.at, self.entries_at
        for value in self:
            copied.append(copy.deepcopy(value, memo) if isinstance(value, (dict, list)) else value)
        return copied


def position(value: Any, key: str | int | None = None) -> Position | None:
    """Where a value stands in its text, or the key or entry within it; None where nobody knows."""
    if isinstance(value, LocatedDict):
        return value.at if key is None else value.keys_at.get(str(key), value.at)
    if isinstance(value, LocatedList):
        # an entry that was added later stands nowhere
        known = isinstance(key, int) and key < len(value.entries_at)
        return value.entries_at[int(key)] if known and key is not None else value.at
    return None
