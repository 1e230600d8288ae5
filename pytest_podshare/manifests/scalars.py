"""What a scalar of YAML means: a string, a number, a truth value or nothing, as kubectl reads it.

That is YAML 1.1 without its dates and its numbers to the base of sixty, which JSON does not know.
"""

from __future__ import annotations

import base64
import functools
import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    each: meaning
    for words, meaning in (
        ("y Y yes Yes YES true True TRUE on On ON", True),
        ("n N no No NO false False FALSE off Off OFF", False),
        ("~ null Null NULL", None),
        (".nan .NaN .NAN", math.nan),
        (".inf .Inf .INF +.inf +.Inf +.INF", math.inf),
        ("-.inf -.Inf -.INF", -math.inf),
    )
    for each in words.split()
}
_WORDS[""] = None
_FIRST_OF_NUMBERS = frozenset("+-.0123456789")
_WHOLE = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_BROKEN = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# what kubectl holds as a whole number; a larger one becomes a float
_WHOLE_NUMBERS = range(-(2**63), 2**64)
_LONGEST_WHOLE = 70

_PREFIX = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_PREFIX}int": (int,),
    f"{_PREFIX}float": (int, float),
    f"{_PREFIX}bool": (bool,),
    f"{_PREFIX}null": (type(None),),
}


@functools.lru_cache(maxsize=4096)
def plain(text: str) -> Scalar:
    """What a scalar without quotes and tag means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBERS:
        return text
    digits = text if text[0] == "." else text.replace("_", "")
    if len(digits) <= _LONGEST_WHOLE and _WHOLE.fullmatch(digits):
        number = _whole(digits)
        if number in _WHOLE_NUMBERS:
            return number
    if _BROKEN.fullmatch(digits) and math.isfinite(float(digits)):
        return float(digits)
    return text


def _whole(digits: str) -> int:
    """The number, to the base that its beginning names; a lone 0 names the base eight."""
    unsigned = digits.lstrip("+-")
    is_octal = unsigned[0] == "0" and unsigned.isdigit()
    return int(digits, 8 if is_octal else 0)


def tagged(text: str, tag: str) -> Scalar:
    """What a scalar with a tag means; tags that say nothing to Kubernetes make it a string.

    Raises:
        ValueError: the text is not what its tag says.
    """
    if tag == f"{_PREFIX}binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode()
        except ValueError:
            raise ValueError("a !!binary that is no base64 of a text") from None
    if tag not in _TYPES:
        return text
    meaning = plain(text)
    is_number = tag.endswith(("int", "float"))
    if not isinstance(meaning, _TYPES[tag]) or (is_number and isinstance(meaning, bool)):
        raise ValueError(f"{text!r:.40} is no {tag.removeprefix(_PREFIX)}, as its tag says")
    return meaning


def named(value: object) -> str:
    """What a value is, in words."""
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "a truth value"),
        ((int, float), "a number"),
        (str, "a string"),
        (dict, "a mapping"),
        (list, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "nothing")
