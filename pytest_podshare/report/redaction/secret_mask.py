"""Secrets, kept out of whatever is shown: by what is known of them, and by what looks like one.

Pure: whoever asks the API server for the values gives them here.
"""

from __future__ import annotations

import base64
import copy
import dataclasses
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from pytest_podshare.report.redaction import patterns
from pytest_podshare.wiring.pod_spec import iter_containers

T = TypeVar("T")
Object = Mapping[str, Any]

HIDDEN = "(hidden)"
# stands for it while a text is worked on, so that nothing takes its letters for a secret
_MARK = "\ue000"
# a shorter value is hidden where it stands as one, and not looked for: text would not survive it
SHORTEST = 4
# up to here a value is looked for as a word of its own; a longer one within words as well
_WORD = 6
# of a value of several lines each one is looked for, unless it is as short as `}` or `host: db`
_LINE = 9
# a value may have been cut: half of it is hidden, if that is at least this long, where a cut may be
_PIECE = 8
_CUT = re.compile(r"\Z|[\s\"')…]|\.\.\.")
# values that are words of every text; hiding them would hide nothing
_WORDS = frozenset({"true", "false", "null", "none", "http", "https", "localhost"})
# holds the whole manifest once more, as JSON
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Mask:
    """Hides secrets in texts and in data.

    Args:
        values: known secret values, as they are; base64, JSON and address forms are found too.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in set(values) for form in _forms(value)}
        # the longest first: a part must not be taken out of a whole
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def __repr__(self) -> str:
        return f"<Mask of {len(self._forms)} forms>"

    def text(self, text: str) -> str:
        """The text with `(hidden)` in the place of every secret; what is hidden stays so."""
        text = text.replace(HIDDEN, _MARK)
        for form in self._forms:
            if form[:_PIECE] in text or form[-_PIECE:] in text:
                text = _without(form, text)
        return patterns.hidden(text, _MARK).replace(_MARK, HIDDEN)

    def data(self, value: T) -> T:
        """A copy of lists, dicts and dataclasses with every text in them masked.

        What is a Secret's data, or the value of a variable or of an option whose name smells, is
        hidden whatever it is.
        """
        return self._any(value)  # type: ignore[no-any-return]

    def _any(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list):
            return list(self._entries(value))
        if isinstance(value, tuple):
            return self._tuple(value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            shown = copy.copy(value)
            for name, each in vars(value).items():
                object.__setattr__(shown, name, self._any(each))
            return shown
        return value

    def _mapping(self, value: Object) -> dict[str, Any]:
        secret = value.get("kind") == "Secret"
        named = isinstance(value.get("name"), str) and patterns.is_secret_name(value["name"])
        shown: dict[str, Any] = {}
        for key, each in value.items():
            if secret and key in ("data", "stringData") and isinstance(each, Mapping):
                shown[key] = dict.fromkeys(each, HIDDEN)
            elif key == _APPLIED or (named and key == "value" and each):
                shown[key] = HIDDEN
            else:
                shown[key] = self._any(each)
        return shown

    def _tuple(self, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if hasattr(value, "_fields"):
            shown: tuple[Any, ...] = type(value)(*(self._any(each) for each in value))
            return shown
        # an argument's name and value, as pytest keeps them
        if len(value) == 2 and isinstance(value[0], str) and patterns.is_secret_name(value[0]):
            return value[0], HIDDEN
        return tuple(self._any(each) for each in value)

    def _entries(self, value: Iterable[Any]) -> Iterator[Any]:
        before: Any = None
        for each in value:
            # an option and its value, as two words of a command
            option = isinstance(before, str) and before.startswith("-") and "=" not in before
            hides = option and isinstance(each, str) and patterns.is_secret_name(before)
            yield HIDDEN if hides else self._any(each)
            before = each


def values(secrets: Iterable[Object], pods: Iterable[Object]) -> Iterator[str]:
    """What is known to be secret.

    A value that is a name in the Pods' own specs, such as a user that is called as its container
    is, is left out, unless it is a Secret's under a key that smells: hiding it would hide the Pod.

    Args:
        secrets: Secret objects, live or of a manifest.
        pods: Pods with their specs.
    """
    pods = list(pods)
    public = {name for pod in pods for name in _names(pod)}
    for secret in secrets:
        for key, value in _entries_of(secret):
            if patterns.is_secret_name(key) or value not in public:
                yield value
    for pod in pods:
        yield from (value for value in _given(pod.get("spec") or {}) if value not in public)


def _entries_of(secret: Object) -> Iterator[tuple[str, str]]:
    for key, value in (secret.get("stringData") or {}).items():
        yield key, str(value)
    for key, value in (secret.get("data") or {}).items():
        yield key, str(value)
        try:
            yield key, base64.b64decode(str(value), validate=True).decode()
        except ValueError:
            # it is binary, or no base64 at all
            continue


def _given(spec: Object) -> Iterator[str]:
    """What stands in a spec itself, where it should not."""
    for container in iter_containers(spec, ephemeral=True):
        for variable in container.get("env") or ():
            value = variable.get("value")
            if isinstance(value, str) and patterns.is_secret_name(str(variable.get("name"))):
                yield value
        words = [*(container.get("command") or ()), *(container.get("args") or ())]
        for option, word in itertools.pairwise(words):
            if (
                str(option).startswith("-")
                and "=" not in option
                and patterns.is_secret_name(option)
            ):
                yield str(word)
        for word in words:
            yield from patterns.values(str(word))


def _names(pod: Object) -> Iterator[str]:
    """What a Pod shows of itself: its names, its images, and the parts of its paths."""
    metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    yield from (str(metadata.get(field)) for field in ("name", "namespace"))
    yield from (str(spec.get(field)) for field in ("nodeName", "serviceAccountName"))
    yield from (str(each.get("name")) for each in spec.get("volumes") or ())
    for container in iter_containers(spec, ephemeral=True):
        yield str(container.get("name"))
        yield from re.split(r"[/:@]", str(container.get("image")))
        for mount in container.get("volumeMounts") or ():
            yield from f"{mount.get('mountPath')}/{mount.get('subPath')}".split("/")


def _forms(value: str) -> Iterator[str]:
    """A value in all the ways it may be written; none that is too short to be looked for."""
    lines = [line.strip() for line in value.splitlines()]
    parts = [value.strip(), *(line for line in lines if len(line) >= _LINE)]
    for part in [*parts, *patterns.values(value)]:
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
            if len(form) >= SHORTEST and len(part) >= SHORTEST and part.lower() not in _WORDS:
                yield form


def _without(form: str, text: str) -> str:
    if len(form) < _WORD:
        return re.sub(rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])", _MARK, text)
    text = text.replace(form, _MARK)
    piece = max(_PIECE, (len(form) + 1) // 2)
    if len(form) <= piece:
        return text
    return _without_end(form, piece, _without_beginning(form, piece, text))


def _without_beginning(form: str, piece: int, text: str) -> str:
    """The text without what a form begins with, where it was cut after half of it or later."""
    shown: list[str] = []
    at = 0
    while (found := text.find(form[:piece], at)) >= 0:
        end = piece
        while text[found + end : found + end + 1] == form[end : end + 1] != "":
            end += 1
        cut = _CUT.match(text, found + end)
        shown += [text[at:found], _MARK if cut else text[found : found + end]]
        at = found + end
    return "".join([*shown, text[at:]])


def _without_end(form: str, piece: int, text: str) -> str:
    """The same for what a form ends with."""
    return _without_beginning(form[::-1], piece, text[::-1])[::-1]
