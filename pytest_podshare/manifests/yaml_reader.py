"""YAML text made into located values; what Kubernetes cannot mean is a fault."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.reader import Reader

from pytest_podshare.manifests import scalars, syntax_error
from pytest_podshare.manifests.position import LocatedDict, LocatedList, Position
from pytest_podshare.manifests.syntax_error import ManifestSyntaxError

# libyaml reads an order of magnitude faster than Python, where it is there
PARSER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 100
MOST_FROM_ALIASES = 100_000

# what half of an escaped surrogate pair becomes
_HALF = re.compile("[\ud800-\udfff]")
_QUOTE = "Write it in quotes."


def documents(text: str, parser: type[Any] | None = None) -> Iterator[Any]:
    """The documents of a YAML text, one after the other.

    Args:
        text: the text.
        parser: one of PyYAML's loaders, of which only the events are used; the fastest by default.

    Raises:
        Fault: it is no YAML, or Kubernetes cannot mean it.
    """
    events = None
    try:
        events = (parser or PARSER)(text)
        composer = _Composer(events)
        while (event := events.get_event()) is not None:
            if type(event) is yaml.DocumentStartEvent:
                yield composer.document()
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise syntax_error.of_yaml(text, error) from None
    except (ValueError, OverflowError):
        # the parser in Python does not look at the number of an escape; any other is our own
        if not isinstance(events, Reader):
            raise
        raise syntax_error.of_number(events.get_mark()) from None


def once(key: str, at: Position, keys_at: dict[str, Position]) -> None:
    """Note where a key stands; it must not stand there already."""
    if key in keys_at:
        raise ManifestSyntaxError(
            f"the key {key!r} comes twice in one mapping, first in line {keys_at[key].line}",
            "Keep one of the two; Kubernetes would see the last alone.",
            at,
        )
    keys_at[key] = at


def whole(text: str, at: Position) -> str:
    """The text, which must be one that can be sent."""
    if _HALF.search(text):
        raise ManifestSyntaxError(
            "an escape is half a character", "Write the character itself.", at
        )
    return text


def too_deep(at: Position) -> ManifestSyntaxError:
    """The fault of a value that lies too deep."""
    return ManifestSyntaxError(
        f"this is nested more than {DEEPEST} levels deep",
        "Nothing that Kubernetes knows is; mend the brackets or the indentation.",
        at,
    )


def _at(event: Any) -> Position:
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1)


class _Composer:
    """A text in the making: what its anchors name, and what its aliases may still add."""

    def __init__(self, events: Any) -> None:
        self._next = events.get_event
        self._anchors: dict[str, Any] = {}
        self._open: set[str] = set()
        self._left = MOST_FROM_ALIASES

    def document(self) -> Any:
        """The document that begins; it knows no anchors of those before it."""
        self._anchors.clear()
        return self.value(self._next(), 0)

    def value(self, event: Any, depth: int) -> Any:
        """The value that begins with this event."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            scalar = self._scalar(event)
            if event.anchor:
                self._anchors[event.anchor] = scalar
            return scalar
        if kind is yaml.AliasEvent:
            return self._alias(event, depth)
        if depth == DEEPEST:
            raise too_deep(_at(event))
        build = self._mapping if kind is yaml.MappingStartEvent else self._sequence
        if not event.anchor:
            return build(event, depth + 1)
        self._open.add(event.anchor)
        found = self._anchors[event.anchor] = build(event, depth + 1)
        self._open.discard(event.anchor)
        return found

    def _mapping(self, start: Any, depth: int) -> LocatedDict:
        found = LocatedDict()
        found.at = _at(start)
        keys_at = found.keys_at = {}
        merged: list[LocatedDict] | None = None
        while type(event := self._next()) is not yaml.MappingEndEvent:
            is_merge = type(event) is yaml.ScalarEvent and event.implicit[0] and event.value == "<<"
            key, at = "<<" if is_merge else self._key(event), _at(event)
            once(key, at, keys_at)
            value = self.value(self._next(), depth)
            if is_merge:
                merged = self._merged(value, at)
            else:
                found[key] = value
        if merged is not None:
            del keys_at["<<"]
            _merge(found, merged)
        return found

    def _sequence(self, start: Any, depth: int) -> LocatedList:
        found = LocatedList()
        found.at = _at(start)
        entries_at = found.entries_at = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            entries_at.append(_at(event))
            found.append(self.value(event, depth))
        return found

    def _scalar(self, event: Any) -> scalars.Scalar:
        text: str = event.value
        if event.tag is None and event.implicit[0]:
            found = scalars.plain(text)
            if type(found) is float and not math.isfinite(found):
                raise ManifestSyntaxError(
                    f"{text} is a number that JSON does not know", _QUOTE, _at(event)
                )
            return found
        if event.tag is None or event.tag == "!":
            return text if text.isascii() else whole(text, _at(event))
        try:
            return scalars.tagged(text, event.tag)
        except ValueError as error:
            raise ManifestSyntaxError(
                str(error), "Take the tag out, or mend the value.", _at(event)
            ) from None

    def _key(self, event: Any) -> str:
        """The text of a key; a whole number stands for itself, as it does in a ConfigMap's data."""
        if type(event) not in (yaml.ScalarEvent, yaml.AliasEvent):
            raise ManifestSyntaxError("this key is no string but a collection", _QUOTE, _at(event))
        key = self.value(event, 0)
        if type(key) is str:
            return key
        if type(event) is yaml.ScalarEvent and type(key) is int and str(key) == event.value:
            return str(event.value)
        text = getattr(event, "value", f"*{event.anchor}")
        raise ManifestSyntaxError(
            f"the key {text or 'here'} is no string but {scalars.named(key)}", _QUOTE, _at(event)
        )

    def _alias(self, event: Any, depth: int) -> Any:
        if event.anchor in self._open:
            raise ManifestSyntaxError(
                f"the alias *{event.anchor} stands within what it names",
                "Write out what is meant; nothing can hold itself.",
                _at(event),
            )
        if event.anchor not in self._anchors:
            raise ManifestSyntaxError(
                f"the alias *{event.anchor} names no anchor before it",
                f"Give the value that is meant the anchor &{event.anchor}, or write it out.",
                _at(event),
            )
        return self._copied(self._anchors[event.anchor], depth, _at(event))

    def _copied(self, value: Any, depth: int, at: Position) -> Any:
        """A copy of what an alias names, so that the document is a tree, as it is in JSON."""
        self._left -= 1
        if self._left < 0:
            raise ManifestSyntaxError(
                f"the aliases make more than {MOST_FROM_ALIASES:,} values",
                "Write out what is meant; aliases of aliases grow without bounds.",
                at,
            )
        if depth == DEEPEST and isinstance(value, (LocatedDict, LocatedList)):
            raise too_deep(at)
        if isinstance(value, LocatedDict):
            mapping = LocatedDict((k, self._copied(v, depth + 1, at)) for k, v in value.items())
            mapping.at, mapping.keys_at = value.at, value.keys_at
            return mapping
        if isinstance(value, LocatedList):
            sequence = LocatedList(self._copied(each, depth + 1, at) for each in value)
            sequence.at, sequence.entries_at = value.at, value.entries_at
            return sequence
        return value

    def _merged(self, value: Any, at: Position) -> list[LocatedDict]:
        found = value if isinstance(value, LocatedList) else [value]
        if not all(isinstance(each, LocatedDict) for each in found):
            raise ManifestSyntaxError(
                "what << merges in is neither a mapping nor a list of mappings",
                "Name the anchor of a mapping, or quote the key.",
                at,
            )
        return list(found)


def _merge(found: LocatedDict, merged: list[LocatedDict]) -> None:
    """Add what is not there yet; the first that has a key gives it."""
    for each in merged:
        for key, value in each.items():
            if key not in found:
                found[key] = value
                found.keys_at[key] = each.keys_at[key]
