"""Names that were meant to be the same, or to be known ones."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that it most likely was meant to be; capitals do not count."""
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.8)
    return lower[near[0]] if near else None


@functools.lru_cache(maxsize=4096)
def is_typo(one: str, two: str) -> bool:
    """Whether two names differ by their spelling alone: case, a separator, a plural, one letter."""
    if _folded(one) == _folded(two):
        return True
    short, long = sorted((one, two), key=len)
    if len(short) < 5 or len(long) - len(short) > 1:
        return False
    # what is numbered is meant to differ
    if any(character.isdigit() for character in set(one) ^ set(two)):
        return False
    return _is_one_edit(short, long)


def _is_one_edit(short: str, long: str) -> bool:
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[at : at + 2][::-1] == long[at : at + 2] and short[at + 2 :] == long[at + 2 :]
    return swapped or short[at + 1 :] == long[at + 1 :]


def _folded(name: str) -> str:
    return re.sub(r"[-_./]", "", name.lower()).removesuffix("s")
