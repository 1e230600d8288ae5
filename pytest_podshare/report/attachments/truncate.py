"""Long texts made short at the end of a line, and saying so: half a line may be half a secret."""

from __future__ import annotations


def first(text: str, *, lines: int, size: int, note: str = "") -> str:
    """The first lines of a text, and how many more there are.

    Args:
        text: the text.
        lines: how many at most.
        size: how many bytes at most.
        note: what else to say where something is left out.
    """
    whole = text.splitlines()
    kept = _fitting(whole[:lines], size)
    rest = len(whole) - len(kept)
    return "\n".join([*kept, _left_out(rest, "after", note)] if rest else kept)


def last(text: str, *, lines: int, size: int, note: str = "") -> str:
    """The last lines of a text, and how many more there are before them."""
    whole = text.splitlines()
    kept = _fitting(whole[::-1][:lines], size)[::-1]
    rest = len(whole) - len(kept)
    return "\n".join([_left_out(rest, "before", note), *kept] if rest else kept)


def _fitting(lines: list[str], size: int) -> list[str]:
    """As many of the lines, from the first on, as fit into that many bytes."""
    for number, line in enumerate(lines):
        size -= len(line.encode("utf-8", "surrogatepass")) + 1
        if size < 0:
            return lines[:number]
    return lines


def _left_out(number: int, where: str, note: str) -> str:
    return f"… {number} line{'s' * (number != 1)} {where} this left out" + (note and f": {note}")
