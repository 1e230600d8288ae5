"""Constraints on YAML and JSON alike: unique keys, whole characters, bounded depth."""

from __future__ import annotations

import dataclasses
import re

from pytest_podshare.manifests.position import Mark, Position, locate
from pytest_podshare.manifests.syntax_error import ManifestSyntaxError

MAX_DEPTH = 100

# half of a surrogate pair, which only an escape sequence can produce
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclasses.dataclass(frozen=True)
class DuplicateKey:
    """A key that its mapping already has; the value of the last one counts.

    Args:
        key: the key.
        position: where it stands.
        first_line: the line of the first one.
    """

    key: str
    position: Position
    first_line: int


class Keys:
    """The rule for duplicate keys.

    Args:
        unique: whether they are errors.
    """

    def __init__(self, *, unique: bool = True) -> None:
        self._unique = unique
        # in the order of the text
        self.duplicates: list[DuplicateKey] = []

    def repeat(self, key: str, mark: Mark, first: Mark) -> None:
        """Take note of a key that its mapping already has.

        Args:
            key: the key.
            mark: where it stands.
            first: where it stands already.
        """
        position, first_line = locate(mark), locate(first).line
        if self._unique:
            raise ManifestSyntaxError(
                f"duplicate key {key!r}, first used on line {first_line}",
                "Remove one of the two; Kubernetes would ignore the first.",
                position,
            )
        self.duplicates.append(DuplicateKey(key, position, first_line))


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
