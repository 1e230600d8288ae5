"""Positions in a text, and the dicts and lists that remember where they were read."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple, Protocol


class Position(NamedTuple):
    """A line and a column of a text, both counted from 1."""

    line: int
    column: int


class Mark(Protocol):
    """A place in a text as PyYAML has it: a line and a column, both counted from 0."""

    line: int
    column: int


class LocatedDict(dict[str, Any]):
    """A dict with the mark of its own place in a text and that of each key.

    Few of the places are ever looked up, so the marks stay as the parser makes them.
    """

    __slots__ = ("key_marks", "mark")

    mark: Mark
    key_marks: dict[str, Mark]

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedDict:
        copied = LocatedDict((key, _copy(value, memo)) for key, value in self.items())
        copied.mark, copied.key_marks = self.mark, self.key_marks
        return copied


class LocatedList(list[Any]):
    """A list with the mark of its own place in a text and that of each entry."""

    __slots__ = ("entry_marks", "mark")

    mark: Mark
    entry_marks: list[Mark]

    def __deepcopy__(self, memo: dict[int, Any]) -> LocatedList:
        copied = LocatedList(_copy(value, memo) for value in self)
        copied.mark, copied.entry_marks = self.mark, self.entry_marks
        return copied


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    # copying scalars as well would take 25 times as long
    return copy.deepcopy(value, memo) if isinstance(value, (dict, list)) else value


def find_position(value: Any, key: str | int | None = None) -> Position | None:
    """Return the position of a value, or of one of its keys or entries; None if it is unknown."""
    if isinstance(value, LocatedDict):
        return locate(value.mark if key is None else value.key_marks.get(str(key), value.mark))
    if isinstance(value, LocatedList):
        if isinstance(key, int) and key < len(value.entry_marks):
            return locate(value.entry_marks[key])
        # the list itself, or an entry that was appended after the list was read
        return locate(value.mark)
    return None


def locate(mark: Mark) -> Position:
    """Return the position of a mark."""
    return Position(mark.line + 1, mark.column + 1)
