"""Rules that a manifest suppresses, in comments or in an annotation."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

ANNOTATION = "podshare.dev/ignore"

_COMMENT = re.compile(r"#\s*podshare:\s*ignore\s*\[([^\]]*)\]")


@functools.lru_cache(maxsize=8)
def read_comments(text: str) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """Return the comments in a text that suppress rules.

    Each has its line, the line that it applies to (its own, or the next one if the comment stands
    alone), and the ids of the rules, as written.
    """
    if "podshare:" not in text:
        return ()
    lines = text.splitlines()
    comments = ((number, _COMMENT.search(line)) for number, line in enumerate(lines, start=1))
    return tuple(
        (number, _target(lines, number), _split(comment[1]))
        for number, comment in comments
        if comment is not None
    )


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
