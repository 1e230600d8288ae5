"""A place in a text, shown to a person: the line and a caret below it."""

from __future__ import annotations

import re
import unicodedata

from pytest_podshare.manifests.position import Position

# the line breaks that YAML counts by
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_WIDEST = 100
_CUT = "…"


def starts(text: str) -> list[int]:
    """The offsets at which the lines of a text begin."""
    return [0, *(match.end() for match in _BREAK.finditer(text))]


def end_of(text: str) -> Position:
    """The place just after a text."""
    begins = starts(text)
    return Position(len(begins), len(text) - begins[-1] + 1)


def line_of(text: str, at: Position) -> str:
    """The line of a place, without its break; "" where the text has no such line."""
    begins = starts(text)
    if at.line > len(begins):
        return ""
    return _BREAK.split(text[begins[at.line - 1] :], maxsplit=1)[0]


def of(text: str, at: Position | None) -> str:
    """The line of a place with its number, and a caret below the column; "" without a text."""
    if at is None or not text:
        return ""
    line, column = line_of(text, at), at.column
    if len(line) > _WIDEST:
        first = max(0, min(column - 1 - _WIDEST // 2, len(line) - _WIDEST))
        line = (_CUT if first else "") + line[first : first + _WIDEST]
        column -= first - (1 if first else 0)
    shown = "".join(_shown(character) for character in line)
    padding = "".join(_blank(character) for character in line[: column - 1])
    number = str(at.line)
    return f"  {number} | {shown}\n  {' ' * len(number)} | {padding}^"


def _shown(character: str) -> str:
    """A character that cannot harm a terminal, as wide as it was."""
    return character if character == "\t" or character.isprintable() else "\ufffd"


def _blank(character: str) -> str:
    """The white space that is as wide as a character."""
    if character == "\t" or unicodedata.combining(character):
        return character if character == "\t" else ""
    return "  " if unicodedata.east_asian_width(character) in "WF" else " "
