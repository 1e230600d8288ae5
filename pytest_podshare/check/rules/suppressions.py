"""Rules that a manifest asks to be left alone by: in a comment, or in an annotation."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping

ANNOTATION = "podshare.dev/ignore"

_COMMENT = re.compile(r"#\s*podshare:\s*ignore\s*\[([^\]]*)\]")
_MARK = "podshare:"


@dataclasses.dataclass(frozen=True)
class Suppression:
    """The ids that a comment names, and the line that it is about.

    Args:
        ids: ids of rules, as written.
        line: the comment's own line.
        about: the line it is about: its own, or the next if it stands alone.
    """

    ids: tuple[str, ...]
    line: int
    about: int


@functools.lru_cache(maxsize=8)
def in_comments(text: str) -> tuple[Suppression, ...]:
    """Every comment of a text that silences a rule."""
    if _MARK not in text:
        return ()
    lines = text.splitlines()
    found: list[Suppression] = []
    for number, line in enumerate(lines, start=1):
        comment = _COMMENT.search(line) if _MARK in line else None
        if comment is not None:
            found.append(Suppression(_ids(comment[1]), number, _about(lines, number)))
    return tuple(found)


def in_annotation(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """The ids that the annotation names."""
    return _ids(str(annotations.get(ANNOTATION) or ""))


def _ids(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _about(lines: list[str], number: int) -> int:
    """The line of a comment, or the first after it that holds more than a comment."""
    while number < len(lines) and lines[number - 1].lstrip()[:1] in ("", "#"):
        number += 1
    return number
