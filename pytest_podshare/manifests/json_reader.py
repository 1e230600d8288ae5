"""JSON text made into located values: some of it is no YAML, and kubectl reads it as JSON."""

from __future__ import annotations

import bisect
import json
import math
import re
from typing import Any, NoReturn

from pytest_podshare.manifests import excerpt
from pytest_podshare.manifests.position import LocatedDict, LocatedList, Position
from pytest_podshare.manifests.yaml_reader import DEEPEST, once, too_deep, whole

_SPACE = re.compile(r"[ \t\n\r]*")


def documents(text: str) -> list[Any]:
    """The values of a JSON text; kubectl takes several, one after the other.

    Raises:
        ValueError: it is no JSON.
        Fault: it is JSON, and Kubernetes cannot mean it.
    """
    reader, found, index = _Reader(text), [], _after_space(text, 0)
    while index < len(text):
        value, index = reader.value(index, 0)
        found.append(value)
        index = _after_space(text, index)
    return found


def _after_space(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index


class _Reader:
    """A text that is read once, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = excerpt.starts(text)
        self._scalar = json.JSONDecoder(parse_constant=self._no_number).raw_decode

    def value(self, index: int, depth: int) -> tuple[Any, int]:
        """The value that begins there, and where it ends."""
        opening = self._text[index : index + 1]
        if opening not in ("{", "["):
            found, end = self._scalar(self._text, index)
            if isinstance(found, float) and not math.isfinite(found):
                self._no_number(self._text[index:end])
            return whole(found, self._at(index)) if isinstance(found, str) else found, end
        if depth == DEEPEST:
            raise too_deep(self._at(index))
        build = self._mapping if opening == "{" else self._sequence
        return build(index, depth + 1)

    def _mapping(self, index: int, depth: int) -> tuple[LocatedDict, int]:
        found = LocatedDict()
        found.at, found.keys_at = self._at(index), {}
        index = _after_space(self._text, index + 1)
        while not self._is(index, "}"):
            if found.keys_at:
                index = self._past(index, ",")
            if not self._is(index, '"'):
                self._fail("a key in quotes is missing", index)
            key, end = self._scalar(self._text, index)
            once(whole(key, self._at(index)), self._at(index), found.keys_at)
            found[key], end = self.value(self._past(_after_space(self._text, end), ":"), depth)
            index = _after_space(self._text, end)
        return found, index + 1

    def _sequence(self, index: int, depth: int) -> tuple[LocatedList, int]:
        found = LocatedList()
        found.at, found.entries_at = self._at(index), []
        index = _after_space(self._text, index + 1)
        while not self._is(index, "]"):
            if found:
                index = self._past(index, ",")
            found.entries_at.append(self._at(index))
            value, end = self.value(index, depth)
            found.append(value)
            index = _after_space(self._text, end)
        return found, index + 1

    def _is(self, index: int, character: str) -> bool:
        return self._text.startswith(character, index)

    def _past(self, index: int, character: str) -> int:
        """Where what follows that character begins; it has to be there."""
        if not self._is(index, character):
            self._fail(f"{character!r} is missing", index)
        return _after_space(self._text, index + 1)

    def _at(self, index: int) -> Position:
        line = bisect.bisect_right(self._starts, index)
        return Position(line, index - self._starts[line - 1] + 1)

    def _fail(self, problem: str, index: int) -> NoReturn:
        raise json.JSONDecodeError(problem, self._text, index)

    def _no_number(self, text: str) -> NoReturn:
        self._fail(f"{text} is no number of JSON", 0)
