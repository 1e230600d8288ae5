"""YAML text to located values, strictly: anything that Kubernetes would not accept is an error."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.reader import Reader

from pytest_podshare.manifests import constraints, scalars, syntax_error
from pytest_podshare.manifests.constraints import Keys
from pytest_podshare.manifests.position import LocatedDict, LocatedList, Position, locate
from pytest_podshare.manifests.syntax_error import ManifestSyntaxError

# libyaml is ten times faster than PyYAML's own parser, but not installed everywhere
PARSER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_ALIASED_VALUES = 100_000


def read_yaml(text: str, keys: Keys | None = None) -> Iterator[Any]:
    """Yield the documents of a YAML text.

    Args:
        text: the text.
        keys: the rule for duplicate keys; by default they are errors.

    Raises:
        ManifestSyntaxError: the text is not YAML, or Kubernetes does not accept it.
    """
    parser = None
    try:
        parser = PARSER(text)
        composer = _Composer(parser, keys or Keys())
        while (event := parser.get_event()) is not None:
            if type(event) is DocumentStartEvent:
                yield composer.document()
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise syntax_error.from_yaml_error(text, error) from None
    except (ValueError, OverflowError):
        # PyYAML's own parser does not check the number in an escape sequence
        if not isinstance(parser, Reader):
            raise
        raise ManifestSyntaxError(
            "invalid YAML: the number is too large",
            syntax_error.GENERAL_REMEDY,
            syntax_error.mark_position(parser.get_mark()),
        ) from None


def _position(event: Any) -> Position:
    return locate(event.start_mark)


class _Composer:
    """Composes values from the parser's events, and resolves anchors and aliases."""

    def __init__(self, parser: Any, keys: Keys) -> None:
        self._keys = keys
        self._next = parser.get_event
        self._anchors: dict[str, Any] = {}
        self._open_anchors: set[str] = set()
        self._aliased_values_left = MAX_ALIASED_VALUES

    def document(self) -> Any:
        """Return the next document; anchors of earlier documents are unknown in it."""
        self._anchors.clear()
        return self._value(self._next(), 0)

    def _value(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            scalar = _scalar(event)
            if event.anchor:
                self._anchors[event.anchor] = scalar
            return scalar
        if kind is AliasEvent:
            return self._alias(event, depth)
        if depth == constraints.MAX_DEPTH:
            raise constraints.nesting_error(_position(event))
        compose = self._mapping if kind is MappingStartEvent else self._sequence
        if not event.anchor:
            return compose(event, depth + 1)
        self._open_anchors.add(event.anchor)
        value = self._anchors[event.anchor] = compose(event, depth + 1)
        self._open_anchors.discard(event.anchor)
        return value

    def _mapping(self, start: Any, depth: int) -> LocatedDict:
        mapping = LocatedDict()
        mapping.mark = start.start_mark
        key_marks = mapping.key_marks = {}
        merged: list[LocatedDict] | None = None
        next_event = self._next
        while type(event := next_event()) is not MappingEndEvent:
            key, mark = self._key(event), event.start_mark
            if key in key_marks:
                self._keys.repeat(key, mark, key_marks[key])
            key_marks[key] = mark
            value = self._value(next_event(), depth)
            if key == "<<" and type(event) is ScalarEvent and event.implicit[0]:
                merged = _merged_mappings(value, locate(mark))
            else:
                mapping[key] = value
        if merged is not None:
            del key_marks["<<"]
            _merge(mapping, merged)
        return mapping

    def _sequence(self, start: Any, depth: int) -> LocatedList:
        sequence = LocatedList()
        sequence.mark = start.start_mark
        entry_marks = sequence.entry_marks = []
        while type(event := self._next()) is not SequenceEndEvent:
            entry_marks.append(event.start_mark)
            sequence.append(self._value(event, depth))
        return sequence

    def _key(self, event: Any) -> str:
        """Return a key; an integer becomes its text, as in the data of a ConfigMap."""
        kind = type(event)
        if kind is ScalarEvent and not event.anchor and type(key := _scalar(event)) is str:
            return key
        if kind in (MappingStartEvent, SequenceStartEvent):
            raise _key_error("a mapping" if kind is MappingStartEvent else "a list", event)
        key = self._value(event, 0)
        if type(key) is str:
            return key
        if kind is ScalarEvent and type(key) is int and str(key) == event.value:
            return str(event.value)
        raise _key_error(scalars.describe_type(key), event)

    def _alias(self, event: Any, depth: int) -> Any:
        if event.anchor in self._open_anchors:
            raise ManifestSyntaxError(
                f"the alias *{event.anchor} is inside the value that it refers to",
                "Write out the value that you mean; a value cannot contain itself.",
                _position(event),
            )
        if event.anchor not in self._anchors:
            raise ManifestSyntaxError(
                f"undefined alias *{event.anchor}",
                f"Put the anchor &{event.anchor} on an earlier value, or write the value out.",
                _position(event),
            )
        return self._copy(self._anchors[event.anchor], depth, _position(event))

    def _copy(self, value: Any, depth: int, position: Position) -> Any:
        """Copy the value of an anchor, because JSON has no aliases."""
        self._aliased_values_left -= 1
        if self._aliased_values_left < 0:
            raise ManifestSyntaxError(
                f"the aliases expand to more than {MAX_ALIASED_VALUES:,} values",
                "Write the values out; aliases of aliases grow exponentially.",
                position,
            )
        if depth == constraints.MAX_DEPTH and isinstance(value, (LocatedDict, LocatedList)):
            raise constraints.nesting_error(position)
        if isinstance(value, LocatedDict):
            mapping = LocatedDict(
                (key, self._copy(field, depth + 1, position)) for key, field in value.items()
            )
            mapping.mark, mapping.key_marks = value.mark, value.key_marks
            return mapping
        if isinstance(value, LocatedList):
            sequence = LocatedList(self._copy(entry, depth + 1, position) for entry in value)
            sequence.mark, sequence.entry_marks = value.mark, value.entry_marks
            return sequence
        return value


def _key_error(description: str, event: Any) -> ManifestSyntaxError:
    is_alias = type(event) is AliasEvent
    return ManifestSyntaxError(
        f"this key is {description}, but a key must be a string",
        "Write the key out." if is_alias else "Put the key in quotes.",
        _position(event),
    )


def _scalar(event: Any) -> scalars.Scalar:
    text: str = event.value
    if event.tag is None and event.implicit[0]:
        value = scalars.resolve_plain(text)
        if type(value) is float and not math.isfinite(value):
            raise ManifestSyntaxError(
                f"{text} is not a number in JSON", "Put the value in quotes.", _position(event)
            )
        return value
    if event.tag is None or event.tag == "!":
        return text if text.isascii() else constraints.check_characters(text, _position(event))
    try:
        return scalars.resolve_tagged(text, event.tag)
    except ValueError as error:
        raise ManifestSyntaxError(
            str(error), "Remove the tag, or correct the value.", _position(event)
        ) from None


def _merged_mappings(value: Any, position: Position) -> list[LocatedDict]:
    """Return what a merge key refers to: one mapping, or each mapping of a list."""
    mappings = value if isinstance(value, LocatedList) else [value]
    if not all(isinstance(mapping, LocatedDict) for mapping in mappings):
        raise ManifestSyntaxError(
            "the merge key << needs a mapping or a list of mappings",
            "Refer to the anchor of a mapping, or put the key in quotes.",
            position,
        )
    return list(mappings)


def _merge(mapping: LocatedDict, merged: list[LocatedDict]) -> None:
    """Add the keys that the mapping does not have; the first merged mapping wins."""
    for other in merged:
        for key, value in other.items():
            if key not in mapping:
                mapping[key] = value
                mapping.key_marks[key] = other.key_marks[key]
