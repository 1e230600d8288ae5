"""JSON text to located values; some JSON is not valid YAML, and kubectl reads it as JSON."""

from __future__ import annotations

import bisect
import json
import math
import re
from typing import Any, NoReturn

import yaml

from pytest_podshare.manifests import constraints, excerpt
from pytest_podshare.manifests.constraints import Keys
from pytest_podshare.manifests.position import LocatedDict, LocatedList, Mark, Position, locate

_SPACE = re.compile(r"[ \t\n\r]*")


def read_json(text: str, keys: Keys | None = None) -> list[Any]:
    """Return the values of a JSON text; like kubectl, accept several in a row.

    Args:
        text: the text.
        keys: the rule for duplicate keys; by default they are errors.

    Raises:
        ValueError: the text is not JSON.
        ManifestSyntaxError: the text is JSON that Kubernetes does not accept.
    """
    reader, values, index = _Reader(text, keys or Keys()), [], _skip_space(text, 0)
    while index < len(text):
        value, index = reader.value(index, 0)
        values.append(value)
        index = _skip_space(text, index)
    return values


def _skip_space(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index


class _Reader:
    """Reads the values of one text; each method takes an offset and returns where it stopped."""

    def __init__(self, text: str, keys: Keys) -> None:
        self._keys = keys
        self._text = text
        self._line_starts = excerpt.find_line_starts(text)
        self._scalar = json.JSONDecoder(parse_constant=self._reject_constant).raw_decode

    def value(self, index: int, depth: int) -> tuple[Any, int]:
        opening = self._text[index : index + 1]
        if opening not in ("{", "["):
            scalar, end = self._scalar(self._text, index)
            if isinstance(scalar, float) and not math.isfinite(scalar):
                self._reject_constant(self._text[index:end])
            if isinstance(scalar, str) and not scalar.isascii():
                constraints.check_characters(scalar, self._position(index))
            return scalar, end
        if depth == constraints.MAX_DEPTH:
            raise constraints.nesting_error(self._position(index))
        read = self._mapping if opening == "{" else self._sequence
        return read(index, depth + 1)

    def _mapping(self, index: int, depth: int) -> tuple[LocatedDict, int]:
        mapping = LocatedDict()
        mapping.mark, mapping.key_marks = self._mark(index), {}
        index = _skip_space(self._text, index + 1)
        while not self._is(index, "}"):
            if mapping:
                index = self._skip(index, ",")
            if not self._is(index, '"'):
                self._fail("expected a key in quotes", index)
            key, end = self._scalar(self._text, index)
            mark = self._mark(index)
            if not key.isascii():
                constraints.check_characters(key, locate(mark))
            if key in mapping:
                self._keys.repeat(key, mark, mapping.key_marks[key])
            mapping.key_marks[key] = mark
            mapping[key], end = self.value(self._skip(_skip_space(self._text, end), ":"), depth)
            index = _skip_space(self._text, end)
        return mapping, index + 1

    def _sequence(self, index: int, depth: int) -> tuple[LocatedList, int]:
        sequence = LocatedList()
        sequence.mark, sequence.entry_marks = self._mark(index), []
        index = _skip_space(self._text, index + 1)
        while not self._is(index, "]"):
            if sequence:
                index = self._skip(index, ",")
            sequence.entry_marks.append(self._mark(index))
            value, end = self.value(index, depth)
            sequence.append(value)
            index = _skip_space(self._text, end)
        return sequence, index + 1

    def _is(self, index: int, character: str) -> bool:
        return self._text.startswith(character, index)

    def _skip(self, index: int, character: str) -> int:
        """Skip a required character and the white space after it."""
        if not self._is(index, character):
            self._fail(f"expected {character!r}", index)
        return _skip_space(self._text, index + 1)

    def _position(self, index: int) -> Position:
        return locate(self._mark(index))

    def _mark(self, index: int) -> Mark:
        line = bisect.bisect_right(self._line_starts, index) - 1
        return yaml.Mark("", index, line, index - self._line_starts[line], None, 0)

    def _fail(self, problem: str, index: int) -> NoReturn:
        raise json.JSONDecodeError(problem, self._text, index)

    def _reject_constant(self, text: str) -> NoReturn:
        self._fail(f"{text} is not a JSON number", 0)
