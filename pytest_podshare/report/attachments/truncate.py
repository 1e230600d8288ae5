"""Long texts, truncated at the end of a line: half a line may contain half a secret."""

from __future__ import annotations


def keep_lines(text: str, *, last: bool = False, lines: int, size: int, note: str = "") -> str:
    """Return the first or the last lines of a text, and how many others are omitted.

    Args:
        text: the text.
        last: whether to return the last lines.
        lines: the maximum number of lines.
        size: the maximum number of bytes.
        note: where to find the omitted lines.
    """
    # from the end that is kept
    whole = text.splitlines()[:: -1 if last else 1]
    kept = _fit(whole[:lines], size)
    if omitted := len(whole) - len(kept):
        which = f"{'earlier' if last else 'later'} line{'s' * (omitted != 1)}"
        kept.append(f"… {omitted} {which} omitted" + (note and f" ({note})"))
    return "\n".join(kept[::-1] if last else kept)


def _fit(lines: list[str], size: int) -> list[str]:
    """Return as many of the first lines as fit into that many bytes."""
    for number, line in enumerate(lines):
        size -= len(line.encode("utf-8", "surrogatepass")) + 1
        if size < 0:
            return lines[:number]
    return lines
