"""Fields of an object by the paths in which the API server writes them."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from pytest_podshare.manifests.position import Position, find_position

# the next step of a path: an index, a key in brackets, or a key; a key may contain dots
_INDEX = re.compile(r"\[(\d+)\]")
_BRACKETS = re.compile(r"\[([^\]]+)\]")
_ENDS = ("", ".", "[", ":", " ", '"')


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of an object.

    Args:
        steps: the keys and indexes that lead to it, as far as the object has them.
        holder: the mapping or list that has it.
        position: where it is in the manifest; None if that was not a text.
    """

    steps: tuple[str | int, ...]
    holder: Any
    position: Position | None

    @property
    def key(self) -> str:
        """Return its name, or its index as text; "" for the object itself."""
        return str(self.steps[-1]) if self.steps else ""


def find_field(document: dict[str, Any], path: str) -> Field:
    """Return the field that a text begins with, or the deepest that the object has on the way.

    Args:
        document: the object.
        path: `spec.volumes[0].claimName`, which other text may follow.
    """
    steps: list[str | int] = []
    holder: Any = document
    value, position, rest = holder, find_position(document), path
    while (step := _next_step(value, rest)) is not None:
        key, rest = step
        steps.append(key)
        holder, value, position = value, value[key], find_position(value, key)
    return Field(tuple(steps), holder, position)


def _next_step(value: Any, rest: str) -> tuple[str | int, str] | None:
    """Return the key or index of a value that a path begins with, and the rest of the path."""
    if isinstance(value, list):
        match = _INDEX.match(rest)
        if match is None or int(match[1]) >= len(value):
            return None
        return int(match[1]), rest[match.end() :]
    if not isinstance(value, dict):
        return None
    if (match := _BRACKETS.match(rest)) and match[1] in value:
        return match[1], rest[match.end() :]
    rest = rest.removeprefix(".")
    keys = [key for key in value if key and rest.startswith(key) and _ends(rest[len(key) :])]
    if not keys:
        return None
    key = max(keys, key=len)
    return key, rest[len(key) :]


def _ends(rest: str) -> bool:
    return rest[:1] in _ENDS
