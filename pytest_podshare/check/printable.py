"""Text from a manifest, made safe to show: what would steer a terminal or break XML is spelled out.

The text in question is someone else's; a name may hold an escape sequence or a NUL.
"""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text with every character that does not print written as Python writes it: `\x1b`."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
