"""The annotation `podshare.dev/expect`, with which a manifest changes what it promises.

docs/expectations.schema.json describes the format: a mapping from the id of a promise to an
outcome, or to an outcome with arguments of its assertion.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests import excerpt, source
from pytest_podshare.manifests.position import Position, find_position
from pytest_podshare.wiring import promises
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.promise import OFF, Promise, PromiseOption
from pytest_podshare.wiring.run_order import runs_before_or_beside
from pytest_podshare.wiring.shared_mounts import find_shared_mounts
from pytest_podshare.wiring.templates import Template

ANNOTATION = "podshare.dev/expect"

_ON = "on"
STRATEGIES = ("node", "resize", "term", "image")
# a positive number, any string, or one of several strings
_Type = type[float] | type[str] | tuple[str, ...]
# assertion → the arguments that an expectation can set
ARGUMENTS: Mapping[str, Mapping[str, _Type]] = {
    "assert_file_visible": {"timeout": float},
    "assert_not_shared": {"window": float},
    "assert_survives_restart": {"timeout": float, "strategy": STRATEGIES},
    "assert_survives_delete": {"timeout": float},
    "assert_lost_on_delete": {"timeout": float},
    "assert_read_only": {},
    "assert_writable": {},
    "assert_medium": {"size": str},
    "assert_mount_propagated": {"timeout": float},
    "assert_same_files": {"timeout": float},
}
# a block scalar, whose lines are the manifest's next lines
_BLOCK_SCALAR = re.compile(r":\s+\|[-+0-9]*\s*(#.*)?$")
_FILE_ID = re.compile(r"(?P<from_c>[a-z0-9-]+)→(?P<to_c>[a-z0-9-]+):(?P<path>/.+)")


@dataclasses.dataclass(eq=False)
class ExpectationError(Exception):
    """An expectation that the wiring cannot have.

    Args:
        key: the key in the annotation's mapping; "" for the mapping itself.
        problem: what is wrong, without a full stop.
        remedy: one sentence that says what to do.
    """

    key: str
    problem: str
    remedy: str


def read_promises(template: Template, others: Iterable[PromiseOption] = ()) -> tuple[Promise, ...]:
    """Return what a Pod template promises, by its wiring and by its annotation.

    Args:
        template: the template.
        others: what it can promise to other Pod templates of its manifest.

    Raises:
        ManifestInvalid: the annotation is invalid.
    """
    text = template.annotations.get(ANNOTATION)
    if not text:
        between = [option.default_promise for option in others]
        kept = (promise for promise in between if promise is not None)
        return _sort((*promises.list_default_promises(template.wiring), *kept))
    position, expectations = _read_annotation(template, text)
    try:
        return apply(template.wiring, expectations, others)
    except ExpectationError as error:
        position = position or find_position(expectations, error.key)
        problem = f"annotation {ANNOTATION}: {error.problem}"
        raise template.source.error(position, problem, error.remedy) from None


def _read_annotation(template: Template, text: str) -> tuple[Position | None, Any]:
    """Return the value, and the key's position unless the value knows its own positions."""
    position = _find_key(template)
    manifest = template.source.text
    if position and _BLOCK_SCALAR.search(excerpt.extract_line(manifest, position)):
        # pad the value so that its positions are those in the manifest
        first = excerpt.extract_line(manifest, Position(position.line + 1, 1))
        indent = first[: len(first) - len(first.lstrip())]
        padded = "\n" * position.line + textwrap.indent(text, indent)
        position, documents = None, source.read(padded, origin=template.origin).documents
    else:
        try:
            documents = source.read(text, origin=f"annotation {ANNOTATION}").documents
        except errors.ManifestInvalid as error:
            raise template.source.error(position, error.what.rstrip("."), error.remedy) from None
    return position, documents[0] if len(documents) == 1 else None


def _find_key(template: Template) -> Position | None:
    """Return the position of the annotation's key; the Pod template's wins over the object's."""
    for holder in (template.pod, template.subject):
        annotations = (holder.get("metadata") or {}).get("annotations") or {}
        if ANNOTATION in annotations:
            return find_position(annotations, ANNOTATION)
    return None


def apply(
    wiring: Wiring, expectations: Any, others: Iterable[PromiseOption] = ()
) -> tuple[Promise, ...]:
    """Return the promises of a wiring, changed by the expectations of its manifest.

    Args:
        wiring: the wiring.
        expectations: a mapping from ids to an outcome, True, False, or a mapping.
        others: what the Pod can promise to others.

    Raises:
        ExpectationError: the wiring has no such promise, outcome or argument.
    """
    if not isinstance(expectations, Mapping):
        raise ExpectationError("", "expected a mapping", "Write a line `id: outcome` per promise.")
    options = {option.id: option for option in (*promises.list_options(wiring), *others)}
    found = {promise_id: option.default_promise for promise_id, option in options.items()}
    for key, value in expectations.items():
        # `->` is easier to type than the arrow
        promise_id = key.replace("->", "→", 1)
        if match := _FILE_ID.fullmatch(promise_id):
            found[promise_id] = _file_promise(wiring, match, key, value)
        elif option := options.get(promise_id):
            found[promise_id] = _change(option, key, value)
        else:
            raise ExpectationError(key, f"unknown promise {key!r}", _suggest(promise_id, options))
    return _sort(promise for promise in found.values() if promise is not None)


def _sort(found: Iterable[Promise]) -> tuple[Promise, ...]:
    """Return the promises with those last that replace the Pod."""
    return tuple(sorted(found, key=lambda promise: promise.replaces_pod))


def _change(option: PromiseOption, key: str, value: Any) -> Promise | None:
    outcome, arguments = _parse(key, value)
    if outcome == OFF:
        return None
    outcome = outcome or option.default
    if outcome == OFF:
        outcomes = ", ".join(option.assertions)
        raise ExpectationError(key, f"{key!r} has no default outcome", f"Use one of: {outcomes}.")
    if outcome not in option.assertions:
        remedy = _suggest(outcome, [*option.assertions, OFF])
        raise ExpectationError(key, f"{key!r} cannot be {outcome!r}", remedy)
    _check_arguments(key, arguments, ARGUMENTS[option.assertions[outcome]])
    return option.promise(outcome, arguments)


def _file_promise(wiring: Wiring, match: re.Match[str], key: str, value: Any) -> Promise:
    """Return the promise of a file that the application writes, which no wiring has by default."""
    from_c, to_c = match["from_c"], match["to_c"]
    names = [container.name for container in wiring.containers]
    for name in (from_c, to_c):
        if name not in names:
            problem = f"the Pod has no container {name!r}"
            raise ExpectationError(key, problem, _suggest(name, names))
    if not runs_before_or_beside(wiring, wiring.container(from_c), wiring.container(to_c)):
        problem = f"{to_c!r} has ended before {from_c!r} starts"
        raise ExpectationError(key, problem, "Swap the two names, or the order of the containers.")
    outcome, arguments = _parse(key, value)
    if outcome not in (None, "visible"):
        raise ExpectationError(key, f"{key!r} cannot be {outcome!r}", "Use 'visible'.")
    _check_arguments(key, arguments, {"content": str, **ARGUMENTS["assert_file_visible"]})
    shared = find_shared_mounts(wiring, from_c, to_c)
    position = shared[0].to_mount.position if shared else None
    arguments = {**match.groupdict(), **arguments}
    return Promise(match[0], "visible", "assert_file_visible", arguments, position)


def _parse(key: str, value: Any) -> tuple[str | None, dict[str, Any]]:
    """Return the outcome of an expectation, None for the default one, and the arguments."""
    arguments = dict(value) if isinstance(value, Mapping) else {}
    outcome = arguments.pop("is", True) if isinstance(value, Mapping) else value
    if isinstance(outcome, bool):
        # YAML reads `off` as false and `on` as true
        outcome = _ON if outcome else OFF
    if not isinstance(outcome, str):
        remedy = "Write an outcome, or a mapping with the key `is`."
        raise ExpectationError(key, f"{key!r} cannot be {outcome!r:.40}", remedy)
    return (None if outcome == _ON else outcome), arguments


def _check_arguments(key: str, arguments: Mapping[str, Any], known: Mapping[str, _Type]) -> None:
    for name, value in arguments.items():
        if name not in known:
            remedy = _suggest(name, ["is", *known])
            raise ExpectationError(key, f"{key!r} has no argument {name!r}", remedy)
        problem, expected = f"{name!r} of {key!r} cannot be {value!r:.40}", known[name]
        if expected is float:
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not value > 0:
                raise ExpectationError(key, problem, "Write a number greater than 0.")
        elif not isinstance(value, str):
            raise ExpectationError(key, problem, "Put the value in quotes.")
        elif isinstance(expected, tuple) and value not in expected:
            raise ExpectationError(key, problem, _suggest(value, expected))


def _suggest(name: str, valid: Iterable[str]) -> str:
    """Return a remedy: the valid name that is most similar, or else all of them."""
    names = list(valid)
    # the container may be in the wrong place: `restart[c1]@data` for `restart@data[c1]`
    name = re.sub(r"(.*)(\[.*\])(@.*)", r"\1\3\2", name)
    similar = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {similar[0]!r}?" if similar else f"Use one of: {', '.join(names)}."
