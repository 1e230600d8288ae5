"""Long texts, truncated at the end of a line: half a line may contain half a secret."""

from __future__ import annotations


def keep_first(text: str, *, lines: int, size: int, note: str = "") -> str:
    """Return the first lines of a text, and how many later ones are omitted.

    Args:
        text: the text.
        lines: the maximum number of lines.
        size: the maximum number of bytes.
        note: where to find the omitted lines.
    """
    whole = text.splitlines()
    fitting = _fit(whole[:lines], size)
    omitted = len(whole) - len(fitting)
    return "\n".join([*fitting, _describe(omitted, "later", note)] if omitted else fitting)


def keep_last(text: str, *, lines: int, size: int, note: str = "") -> str:
    """Return the last lines of a text, and how many earlier ones are omitted."""
    whole = text.splitlines()
    fitting = _fit(whole[::-1][:lines], size)[::-1]
    omitted = len(whole) - len(fitting)
    return "\n".join([_describe(omitted, "earlier", note), *fitting] if omitted else fitting)


def _fit(lines: list[str], size: int) -> list[str]:
    """Return as many of the first lines as fit into that many bytes."""
    for number, line in enumerate(lines):
        size -= len(line.encode("utf-8", "surrogatepass")) + 1
        if size < 0:
            return lines[:number]
    return lines


def _describe(omitted: int, which: str, note: str) -> str:
    return f"… {omitted} {which} line{'s' * (omitted != 1)} omitted" + (note and f" ({note})")
