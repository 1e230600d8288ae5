"""Quantities as Kubernetes writes them: `10Mi`, `500k`, `1.5e3`."""

from __future__ import annotations

import functools
import re
from fractions import Fraction

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))"
    r"(?:(?P<unit>[KMGTPE]i|[numkMGTPE])|[eE](?P<exponent>[+-]?\d{1,3}))?",
    re.ASCII,
)
_POWERS = {"n": -3, "u": -2, "m": -1, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Fraction | None:
    """Return the amount; None if the text is not a quantity."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    number, unit = Fraction(match["number"]), match["unit"]
    if match["exponent"]:
        return number * Fraction(10) ** int(match["exponent"])
    if unit is None:
        return number
    return number * (1024 if unit.endswith("i") else Fraction(1000)) ** _POWERS[unit[0]]


def parse_int(text: str) -> int:
    """Return the rounded amount, mostly in bytes, of a quantity that the API server accepted."""
    amount = parse(text)
    if amount is None:
        raise ValueError(f"{text!r} is not a quantity")
    return round(amount)


def format_bytes(amount: int) -> str:
    """Return `10Mi` for a whole number of a binary unit, or else `1536 bytes`."""
    for unit, size in (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
        if amount >= size and amount % size == 0:
            return f"{amount // size}{unit}"
    return f"{amount} bytes"
