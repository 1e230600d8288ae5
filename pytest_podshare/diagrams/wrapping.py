"""Long texts in several lines."""

from __future__ import annotations

from pytest_podshare.escaping import printable


def wrap(text: str, length: int) -> tuple[str, ...]:
    """Split a text into lines of that length, after a slash or a dash if possible."""
    text, lines = printable(text), list[str]()
    while len(text) > length:
        cut = max(text.rfind("/", 0, length), text.rfind("-", 0, length)) + 1
        cut = cut if cut > length // 2 else length
        lines.append(text[:cut])
        text = text[cut:]
    return (*lines, text)


def wrap_words(text: str, length: int) -> tuple[str, ...]:
    """Split a text into lines of that length between its words, and words only if they are longer.

    The words are separated by single spaces in the lines.
    """
    lines = [""]
    for word in text.split():
        first, *others = wrap(word, length)
        if lines[-1] and len(lines[-1]) + 1 + len(first) > length:
            lines.append(first)
        else:
            lines[-1] = f"{lines[-1]} {first}".lstrip()
        lines += others
    return tuple(lines)
