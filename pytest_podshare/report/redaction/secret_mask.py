"""Redaction of known secret values, and of text that looks like a secret.

Pure functions of the objects given: nothing here asks the API server.
"""

from __future__ import annotations

import base64
import copy
import dataclasses
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from pytest_podshare.report.redaction import patterns
from pytest_podshare.wiring.pod_spec import iter_containers

Object = Mapping[str, Any]

HIDDEN = "(hidden)"
# replaces it during the work on a text, so that its letters are not taken for a secret
_PLACEHOLDER = "\ue000"
# shorter values are not searched for, since that would destroy the text
_MIN_LENGTH = 4
# shorter values are searched for as separate words, longer ones within words as well
_MIN_LENGTH_IN_WORDS = 6
# the lines of a value are searched for too, unless they are as short as `}` or `host: db`
_MIN_LINE_LENGTH = 9
# half of a value is hidden as well where text may be truncated, if it has this length
_MIN_PIECE_LENGTH = 8
_CUT = re.compile(r"\Z|[\s\"')…]|\.\.\.")
# common words: hiding them would protect nothing
_WORDS = frozenset({"true", "false", "null", "none", "http", "https", "localhost"})
# contains the whole manifest as JSON
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Mask:
    """Hides secrets in texts and in data.

    Args:
        values: known secret values; their base64, JSON and URL forms are found as well.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in set(values) for form in _list_forms(value)}
        # the longest first, before a part of it is replaced
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def __repr__(self) -> str:
        return f"<Mask of {len(self._forms)} forms>"

    def redact_text(self, text: str) -> str:
        """Return the text with `(hidden)` instead of every secret; it may be redacted already."""
        text = text.replace(HIDDEN, _PLACEHOLDER)
        for form in self._forms:
            if form[:_MIN_PIECE_LENGTH] in text or form[-_MIN_PIECE_LENGTH:] in text:
                text = _hide_form(form, text)
        return patterns.hide(text, _PLACEHOLDER).replace(_PLACEHOLDER, HIDDEN)

    def redact(self, value: Any) -> Any:
        """Return a copy of lists, dicts and dataclasses with every string in them redacted.

        The data of a Secret is hidden completely, and so is the value of a variable or an option
        with a secret name.
        """
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, Mapping):
            return self._redact_mapping(value)
        if isinstance(value, list):
            return list(self._redact_items(value))
        if isinstance(value, tuple):
            return self._redact_tuple(value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            redacted = copy.copy(value)
            for name, field in vars(value).items():
                object.__setattr__(redacted, name, self.redact(field))
            return redacted
        return value

    def _redact_mapping(self, mapping: Object) -> dict[str, Any]:
        is_secret = mapping.get("kind") == "Secret"
        name = mapping.get("name")
        has_secret_name = isinstance(name, str) and patterns.is_secret_name(name)
        redacted: dict[str, Any] = {}
        for key, value in mapping.items():
            if is_secret and key in ("data", "stringData") and isinstance(value, Mapping):
                redacted[key] = dict.fromkeys(value, HIDDEN)
            elif key == _APPLIED or (has_secret_name and key == "value" and value):
                redacted[key] = HIDDEN
            else:
                redacted[key] = self.redact(value)
        return redacted

    def _redact_tuple(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        if hasattr(items, "_fields"):
            return type(items)(*map(self.redact, items))
        # the name and value of an argument, as pytest stores them
        if len(items) == 2 and isinstance(items[0], str) and patterns.is_secret_name(items[0]):
            return items[0], HIDDEN
        return tuple(map(self.redact, items))

    def _redact_items(self, items: Iterable[Any]) -> Iterator[Any]:
        previous: Any = None
        for item in items:
            is_value = isinstance(item, str) and _is_secret_option(previous)
            yield HIDDEN if is_value else self.redact(item)
            previous = item


def find_secret_values(secrets: Iterable[Object], pods: Iterable[Object]) -> Iterator[str]:
    """Yield all values that are known to be secret.

    A value that is also a name in the Pods, such as a user with the name of its container, is
    skipped unless its key in the Secret is a secret name: hiding it would hide the Pod.

    Args:
        secrets: Secret objects, live or from a manifest.
        pods: Pods with their specs.
    """
    pods = list(pods)
    public = {name for pod in pods for name in _list_names(pod)}
    for secret in secrets:
        for key, value in _list_entries(secret):
            if patterns.is_secret_name(key) or value not in public:
                yield value
    for pod in pods:
        values = _find_values_in_spec(pod.get("spec") or {})
        yield from (value for value in values if value not in public)


def _list_entries(secret: Object) -> Iterator[tuple[str, str]]:
    for key, value in (secret.get("stringData") or {}).items():
        yield key, str(value)
    for key, value in (secret.get("data") or {}).items():
        yield key, str(value)
        try:
            yield key, base64.b64decode(str(value), validate=True).decode()
        except ValueError:
            # the value is binary, or not base64
            continue


def _find_values_in_spec(spec: Object) -> Iterator[str]:
    """Yield the secrets that a spec contains itself, although it should not."""
    for container in iter_containers(spec, ephemeral=True):
        for variable in container.get("env") or ():
            value = variable.get("value")
            if isinstance(value, str) and patterns.is_secret_name(str(variable.get("name"))):
                yield value
        words = [*(container.get("command") or ()), *(container.get("args") or ())]
        for option, word in itertools.pairwise(words):
            if _is_secret_option(option):
                yield str(word)
        for word in words:
            yield from patterns.find_values(str(word))


def _is_secret_option(word: object) -> bool:
    """Return whether the next word of a command is the secret value of this option."""
    is_option = isinstance(word, str) and word.startswith("-") and "=" not in word
    return is_option and patterns.is_secret_name(str(word))


def _list_names(pod: Object) -> Iterator[str]:
    """Yield the public words of a Pod: its names, its images, and the parts of its paths."""
    metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    yield from (str(metadata.get(field)) for field in ("name", "namespace"))
    yield from (str(spec.get(field)) for field in ("nodeName", "serviceAccountName"))
    yield from (str(volume.get("name")) for volume in spec.get("volumes") or ())
    for container in iter_containers(spec, ephemeral=True):
        yield str(container.get("name"))
        yield from re.split(r"[/:@]", str(container.get("image")))
        for mount in container.get("volumeMounts") or ():
            yield from f"{mount.get('mountPath')}/{mount.get('subPath')}".split("/")


def _list_forms(value: str) -> Iterator[str]:
    """Yield all ways to write a value that are long enough to search for."""
    lines = [line.strip() for line in value.splitlines()]
    parts = [value.strip(), *(line for line in lines if len(line) >= _MIN_LINE_LENGTH)]
    for part in [*parts, *patterns.find_values(value)]:
        encoded = part.encode("utf-8", "surrogatepass")
        for form in (
            part,
            base64.b64encode(encoded).decode().rstrip("="),
            base64.urlsafe_b64encode(encoded).decode().rstrip("="),
            quote(encoded, safe=""),
            quote_plus(encoded),
            json.dumps(part)[1:-1],
            json.dumps(part, ensure_ascii=False)[1:-1],
            repr(part)[1:-1],
        ):
            if min(len(form), len(part)) >= _MIN_LENGTH and part.lower() not in _WORDS:
                yield form


def _hide_form(form: str, text: str) -> str:
    if len(form) < _MIN_LENGTH_IN_WORDS:
        return re.sub(rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])", _PLACEHOLDER, text)
    text = text.replace(form, _PLACEHOLDER)
    piece = max(_MIN_PIECE_LENGTH, (len(form) + 1) // 2)
    if len(form) <= piece:
        return text
    text = _hide_beginning(form, piece, text)
    return _hide_beginning(form[::-1], piece, text[::-1])[::-1]


def _hide_beginning(form: str, piece: int, text: str) -> str:
    """Hide the beginning of a form where the text is truncated after a piece of that length."""
    parts: list[str] = []
    position = 0
    while (start := text.find(form[:piece], position)) >= 0:
        end = start + piece
        while text[end : end + 1] == form[end - start : end - start + 1] != "":
            end += 1
        is_cut = _CUT.match(text, end)
        parts += [text[position:start], _PLACEHOLDER if is_cut else text[start:end]]
        position = end
    return "".join([*parts, text[position:]])
