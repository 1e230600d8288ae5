"""What a manifest promises where it differs from the default, in an annotation of its own.

The format is that of docs/expectations.schema.json: a mapping from the id of a promise to a word,
or to a word with arguments of its assertion.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests import excerpt, source
from pytest_podshare.manifests.position import Position, position
from pytest_podshare.wiring import promises
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.promises import OFF, Promise, PromiseOption
from pytest_podshare.wiring.templates import Template

ANNOTATION = "podshare.dev/expect"

_ON = "on"
STRATEGIES = ("node", "resize", "term", "image")
# a number above 0, a text, or one of several words
_Kind = type[float] | type[str] | tuple[str, ...]
# assertion → the arguments that may be given
OPTIONS: Mapping[str, Mapping[str, _Kind]] = {
    "assert_file_visible": {"timeout": float},
    "assert_not_shared": {"window": float},
    "assert_survives_restart": {"timeout": float, "strategy": STRATEGIES},
    "assert_survives_delete": {"timeout": float},
    "assert_lost_on_delete": {"timeout": float},
    "assert_read_only": {},
    "assert_writable": {},
    "assert_medium": {"size": str},
}
# a value whose lines are those of the manifest that come after it
_LITERAL = re.compile(r":\s+\|[-+0-9]*\s*(#.*)?$")
_FILE = re.compile(r"(?P<from_c>[a-z0-9-]+)→(?P<to_c>[a-z0-9-]+):(?P<path>/.+)")


class ExpectationError(Exception):
    """An expectation that cannot be meant.

    Args:
        key: of the annotation's mapping; "" for the mapping itself.
        problem: what is the matter, without a full stop.
        remedy: one sentence, saying what to do.
    """

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(key, problem, remedy)
        self.key = key
        self.problem = problem
        self.remedy = remedy


def promised(template: Template) -> tuple[Promise, ...]:
    """What a Pod template promises, by its wiring and by its annotation.

    Raises:
        ManifestInvalid: the annotation cannot be meant; says where, and what is nearest.
    """
    text = template.annotations.get(ANNOTATION)
    if not text:
        return promises.of_wiring(template.wiring)
    at, expected = _read(template, text)
    try:
        return apply(template.wiring, expected)
    except ExpectationError as wrong:
        place = at or position(expected, wrong.key)
        problem = f"annotation {ANNOTATION}: {wrong.problem}"
        raise template.source.invalid(place, problem, wrong.remedy) from None


def _read(template: Template, text: str) -> tuple[Position | None, Any]:
    """The annotation's place and value; no place where the value itself knows its lines."""
    at = _key(template)
    whole = template.source.text
    if at is not None and _LITERAL.search(excerpt.line_of(whole, at)):
        # its lines are the next ones of the manifest: what is read has them at the same places
        first = excerpt.line_of(whole, Position(at.line + 1, 1))
        indent = first[: len(first) - len(first.lstrip())]
        documents = source.read(
            "\n" * at.line + textwrap.indent(text, indent), origin=template.origin
        ).documents
        return None, documents[0] if len(documents) == 1 else None
    try:
        documents = source.read(text, origin=f"annotation {ANNOTATION}").documents
    except errors.ManifestInvalid as error:
        raise template.source.invalid(at, error.what.rstrip("."), error.remedy) from None
    return at, documents[0] if len(documents) == 1 else None


def _key(template: Template) -> Position | None:
    """Where the annotation's key stands; that of the Pod template counts before the object's."""
    for owner in (template.pod, template.subject):
        annotations = (owner.get("metadata") or {}).get("annotations") or {}
        if ANNOTATION in annotations:
            return position(annotations, ANNOTATION)
    return None


def apply(wiring: Wiring, expected: Any) -> tuple[Promise, ...]:
    """The promises of a wiring, as the manifest's own words change them.

    Args:
        wiring: the wiring.
        expected: a mapping of ids to what is expected: a word, True, False, or a mapping.

    Raises:
        Wrong: there is no such promise, word or argument; says the nearest.
    """
    if not isinstance(expected, Mapping):
        raise ExpectationError("", "it is no mapping", "Write a line `id: word` for each promise.")
    asked = {each.id: each for each in promises.questions(wiring)}
    said = {_spelled(key): (key, value) for key, value in expected.items()}
    files = [_file(wiring, name, *said.pop(name)) for name in list(said) if _FILE.fullmatch(name)]
    for name, (key, _) in said.items():
        if name not in asked:
            raise ExpectationError(key, f"there is no promise {key!r}", _nearest(name, asked))
    kept = [
        _answered(question, *said[name]) if name in said else question.by_default
        for name, question in asked.items()
    ]
    found = [*(each for each in kept if each is not None), *files]
    return tuple(sorted(found, key=lambda each: each.replaces_pod))


def _answered(question: PromiseOption, key: str, value: Any) -> Promise | None:
    word, options = _word(key, value)
    if word == OFF:
        return None
    word = word or question.default
    if word == OFF:
        words = ", ".join(question.assertions)
        raise ExpectationError(
            key, f"{key!r} does not say what is expected", f"Say it in a word: {words}."
        )
    if word not in question.assertions:
        valid = [*question.assertions, OFF]
        raise ExpectationError(key, f"{key!r} cannot be {word!r}", _nearest(word, valid))
    return question.answered(word, _checked(key, options, OPTIONS[question.assertions[word]]))


def _file(wiring: Wiring, name: str, key: str, value: Any) -> Promise:
    """The promise of a file that the application writes; its id is no default of any wiring."""
    parts = _FILE.fullmatch(name)
    assert parts is not None, "the caller has matched it"
    running = [each.name for each in wiring.containers if each.role != "init"]
    for container in (parts["from_c"], parts["to_c"]):
        if container not in running:
            problem = f"the Pod has no running container {container!r}"
            raise ExpectationError(key, problem, _nearest(container, running))
    word, options = _word(key, value)
    if word not in (None, "visible"):
        raise ExpectationError(key, f"{key!r} cannot be {word!r}", "A file can be 'visible'.")
    at = next((each.to_mount.at for each in wiring.shared(parts["from_c"], parts["to_c"])), None)
    arguments = {
        **parts.groupdict(),
        **_checked(key, options, {"content": str, **OPTIONS["assert_file_visible"]}),
    }
    return Promise(name, "visible", "assert_file_visible", arguments, at)


def _word(key: str, value: Any) -> tuple[str | None, dict[str, Any]]:
    """The word of an expectation, None for the default's, and its arguments."""
    if isinstance(value, Mapping):
        options = dict(value)
        word, none = _word(key, options.pop("is", True))
        return word, options | none
    if isinstance(value, bool):
        # YAML reads a bare `off` as false, and `on` as true
        return (None if value else OFF), {}
    if not isinstance(value, str):
        raise ExpectationError(
            key, f"{key!r} is {value!r:.40}", "Give it a word, or a mapping with `is`."
        )
    return (None if value == _ON else value), {}


def _checked(key: str, options: Mapping[str, Any], known: Mapping[str, _Kind]) -> dict[str, Any]:
    for name, value in options.items():
        if name not in known:
            raise ExpectationError(
                key, f"{key!r} takes no {name!r}", _nearest(name, ["is", *known])
            )
        problem, kind = f"{name!r} of {key!r} is {value!r:.40}", known[name]
        if kind is float:
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not value > 0:
                raise ExpectationError(key, problem, "Give it a number above 0.")
        elif not isinstance(value, str):
            raise ExpectationError(key, problem, "Give it a text.")
        elif isinstance(kind, tuple) and value not in kind:
            raise ExpectationError(key, problem, _nearest(value, kind))
    return dict(options)


def _spelled(key: str) -> str:
    """The id by its own arrow, for whoever has no key for it."""
    return key.replace("->", "→", 1)


def _nearest(name: str, known: Iterable[str]) -> str:
    valid = list(known)
    near = difflib.get_close_matches(name, valid, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(valid) or 'none'}."
