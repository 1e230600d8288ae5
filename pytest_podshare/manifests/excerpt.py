"""The line of a position, and a caret below the column."""

from __future__ import annotations

import re
import unicodedata

from pytest_podshare.manifests.position import Position

# the line breaks that YAML counts
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_MAX_WIDTH = 100


def find_line_starts(text: str) -> list[int]:
    """Return the offset of the first character of each line."""
    return [0, *(match.end() for match in _LINE_BREAK.finditer(text))]


def find_end(text: str) -> Position:
    """Return the position right after the last character."""
    starts = find_line_starts(text)
    return Position(len(starts), len(text) - starts[-1] + 1)


def extract_line(text: str, position: Position) -> str:
    """Return the line of a position without its line break, or "" if there is no such line."""
    starts = find_line_starts(text)
    if position.line > len(starts):
        return ""
    return _LINE_BREAK.split(text[starts[position.line - 1] :], maxsplit=1)[0]


def render_excerpt(text: str, position: Position | None) -> str:
    """Return the numbered line of a position and a caret below its column.

    Returns "" if the position or the text is unknown. A long line is cut around the caret.
    """
    if position is None or not text:
        return ""
    line, column = extract_line(text, position), position.column
    if len(line) > _MAX_WIDTH:
        first = max(0, min(column - 1 - _MAX_WIDTH // 2, len(line) - _MAX_WIDTH))
        line = ("…" if first else "") + line[first : first + _MAX_WIDTH]
        column -= first - (1 if first else 0)
    # a replacement of the same width for what a terminal might act on
    shown = "".join(char if char == "\t" or char.isprintable() else "\ufffd" for char in line)
    padding = "".join(_padding(character) for character in line[: column - 1])
    number = str(position.line)
    return f"  {number} | {shown}\n  {' ' * len(number)} | {padding}^"


def _padding(character: str) -> str:
    """Return white space as wide as the character."""
    if character == "\t" or unicodedata.combining(character):
        return character if character == "\t" else ""
    return "  " if unicodedata.east_asian_width(character) in "WF" else " "
