"""Constraints on YAML and JSON alike: unique keys, whole characters, bounded depth."""

from __future__ import annotations

import re

from pytest_podshare.manifests.position import Position
from pytest_podshare.manifests.syntax_error import ManifestSyntaxError

MAX_DEPTH = 100

# half of a surrogate pair, which only an escape sequence can produce
_SURROGATE = re.compile("[\ud800-\udfff]")


def add_key(key: str, position: Position, key_positions: dict[str, Position]) -> None:
    """Record the position of a key, which the mapping must not have yet."""
    if key in key_positions:
        raise ManifestSyntaxError(
            f"duplicate key {key!r}, first used on line {key_positions[key].line}",
            "Remove one of the two; Kubernetes would ignore the first.",
            position,
        )
    key_positions[key] = position


def check_characters(text: str, position: Position) -> str:
    """Return a text, which must not contain half of a surrogate pair: it cannot be encoded."""
    if _SURROGATE.search(text):
        raise ManifestSyntaxError(
            "incomplete surrogate pair in an escape sequence",
            "Write the character itself.",
            position,
        )
    return text


def nesting_error(position: Position) -> ManifestSyntaxError:
    """Return the error of a value that is nested too deeply."""
    return ManifestSyntaxError(
        f"nested more than {MAX_DEPTH} levels deep",
        "Fix the brackets or the indentation; no Kubernetes object is nested that deeply.",
        position,
    )
