"""Rules that a manifest suppresses, in comments or in an annotation."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping

ANNOTATION = "podshare.dev/ignore"

_COMMENT = re.compile(r"#\s*podshare:\s*ignore\s*\[([^\]]*)\]")
_PREFIX = "podshare:"


@dataclasses.dataclass(frozen=True)
class Suppression:
    """A comment that suppresses rules.

    Args:
        ids: the ids of the rules, as written.
        line: the line of the comment.
        target: the line that it applies to: its own, or the next one if the comment stands alone.
    """

    ids: tuple[str, ...]
    line: int
    target: int


@functools.lru_cache(maxsize=8)
def read_comments(text: str) -> tuple[Suppression, ...]:
    """Return all comments in a text that suppress rules."""
    if _PREFIX not in text:
        return ()
    lines = text.splitlines()
    found: list[Suppression] = []
    for number, line in enumerate(lines, start=1):
        comment = _COMMENT.search(line) if _PREFIX in line else None
        if comment is not None:
            found.append(Suppression(_split(comment[1]), number, _target(lines, number)))
    return tuple(found)


def read_annotation(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of the rules that the annotation suppresses."""
    return _split(str(annotations.get(ANNOTATION) or ""))


def _split(text: str) -> tuple[str, ...]:
    return tuple(rule_id.strip() for rule_id in text.split(",") if rule_id.strip())


def _target(lines: list[str], number: int) -> int:
    """Return the number of the first line, from this one on, that is more than a comment."""
    while number < len(lines) and lines[number - 1].lstrip()[:1] in ("", "#"):
        number += 1
    return number
