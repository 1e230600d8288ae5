"""Scalars of YAML as kubectl reads them: strings, numbers, booleans and null.

These are the rules of YAML 1.1 without dates and base-60 numbers, which JSON cannot express.
"""

from __future__ import annotations

import base64
import functools
import math
import re

Scalar = str | int | float | bool | None

_KEYWORDS: dict[str, Scalar] = {
    word: meaning
    for words, meaning in (
        ("y Y yes Yes YES true True TRUE on On ON", True),
        ("n N no No NO false False FALSE off Off OFF", False),
        ("~ null Null NULL", None),
        (".nan .NaN .NAN", math.nan),
        (".inf .Inf .INF +.inf +.Inf +.INF", math.inf),
        ("-.inf -.Inf -.INF", -math.inf),
    )
    for word in words.split()
}
_KEYWORDS[""] = None
_NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# kubectl keeps these as integers; a larger one becomes a float
_INTEGERS = range(-(2**63), 2**64)
_MAX_INTEGER_DIGITS = 70

_TAG_PREFIX = "tag:yaml.org,2002:"
_TAGGED_TYPES: dict[str, tuple[type, ...]] = {
    f"{_TAG_PREFIX}int": (int,),
    f"{_TAG_PREFIX}float": (int, float),
    f"{_TAG_PREFIX}bool": (bool,),
    f"{_TAG_PREFIX}null": (type(None),),
}
_TYPE_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    ((int, float), "a number"),
    (str, "a string"),
    (dict, "a mapping"),
    (list, "a list"),
)


@functools.lru_cache(maxsize=4096)
def resolve_plain(text: str) -> Scalar:
    """Return the value of a scalar without quotes and without a tag."""
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    digits = text if text[0] == "." else text.replace("_", "")
    if len(digits) <= _MAX_INTEGER_DIGITS and _INTEGER.fullmatch(digits):
        number = _parse_integer(digits)
        if number in _INTEGERS:
            return number
    if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)):
        return float(digits)
    return text


def _parse_integer(digits: str) -> int:
    """Return the number in the base of its prefix; a leading 0 alone means octal."""
    unsigned = digits.lstrip("+-")
    is_octal = unsigned[0] == "0" and unsigned.isdigit()
    return int(digits, 8 if is_octal else 0)


def resolve_tagged(text: str, tag: str) -> Scalar:
    """Return the value of a scalar with a tag; a tag unknown to Kubernetes makes it a string.

    Raises:
        ValueError: the text does not fit the tag.
    """
    if tag == f"{_TAG_PREFIX}binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode()
        except ValueError:
            raise ValueError("the !!binary value is not base64-encoded UTF-8 text") from None
    if tag not in _TAGGED_TYPES:
        return text
    value = resolve_plain(text)
    is_number = tag.endswith(("int", "float"))
    if not isinstance(value, _TAGGED_TYPES[tag]) or (is_number and isinstance(value, bool)):
        name = tag.removeprefix(_TAG_PREFIX)
        raise ValueError(f"the value {text!r:.40} does not fit the tag !!{name}")
    return value


def describe_type(value: object) -> str:
    """Return the type of a value in words, for example "a number"."""
    return next((name for types, name in _TYPE_NAMES if isinstance(value, types)), "null")
