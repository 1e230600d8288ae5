"""Positions in a text, and the dicts and lists that remember where they were read."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple


class Position(NamedTuple):
    """A line and a column of a text, both counted from 1."""

    line: int
    column: int


class LocatedDict(dict[str, Any]):
    """A dict with its own position in a text and the position of each key."""

    __slots__ = ("key_positions", "position")

    position: Position
    key_positions: dict[str, Position]

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedDict:
        copied = LocatedDict((key, _copy(value, memo)) for key, value in self.items())
        copied.position, copied.key_positions = self.position, self.key_positions
        return copied


class LocatedList(list[Any]):
    """A list with its own position in a text and the position of each entry."""

    __slots__ = ("entry_positions", "position")

    position: Position
    entry_positions: list[Position]

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedList:
        copied = LocatedList(_copy(value, memo) for value in self)
        copied.position, copied.entry_positions = self.position, self.entry_positions
        return copied


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    # copying scalars as well would take 25 times as long
    return copy.deepcopy(value, memo) if isinstance(value, (dict, list)) else value


def find_position(value: Any, key: str | int | None = None) -> Position | None:
    """Return the position of a value, or of one of its keys or entries; None if it is unknown."""
    if isinstance(value, LocatedDict):
        return value.position if key is None else value.key_positions.get(str(key), value.position)
    if isinstance(value, LocatedList):
        if isinstance(key, int) and key < len(value.entry_positions):
            return value.entry_positions[key]
        # the list itself, or an entry that was appended after the list was read
        return value.position
    return None
