"""Names that are probably misspelled versions of other names."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable


def find_nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a word probably stands for, ignoring case; None for none."""
    lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.8)
    return lower[near[0]] if near else None


@functools.lru_cache(maxsize=4096)
def is_typo(first: str, second: str) -> bool:
    """Return whether two names differ only in case, a separator, a plural or one letter."""
    if _fold(first) == _fold(second):
        return True
    short, long = sorted((first, second), key=len)
    if len(short) < 5 or len(long) - len(short) > 1:
        return False
    # numbered names differ on purpose
    if any(character.isdigit() for character in set(first) ^ set(second)):
        return False
    return _is_one_edit(short, long)


def _is_one_edit(short: str, long: str) -> bool:
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[at : at + 2][::-1] == long[at : at + 2] and short[at + 2 :] == long[at + 2 :]
    return swapped or short[at + 1 :] == long[at + 1 :]


def _fold(name: str) -> str:
    return re.sub(r"[-_./]", "", name.lower()).removesuffix("s")
