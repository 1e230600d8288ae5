"""The text of a check taken apart again: its headline, and what stands below it, line by line."""

from __future__ import annotations

import dataclasses
import re

# a claim with how long it took, and by which method
_CLAIM = re.compile(r"(?P<claim>.*?)  \((?P<seconds>[\d.]+ m?s), (?P<method>.*)\)")
_TIMED = re.compile(r"(?P<said>.*?) {2,}(?P<seconds>[\d.]+ m?s)")
_NAMED = re.compile(r"(?P<name>[a-z][a-z ]{0,15}?) {2,}(?P<fact>.*)")


@dataclasses.dataclass(frozen=True)
class Line:
    """One line below a headline: under a name, or a step with its time; either may be empty."""

    said: str
    name: str = ""
    seconds: str = ""


@dataclasses.dataclass(frozen=True)
class Reading:
    """A check's text.

    Args:
        headline: what was proved, or who does not do what.
        method: how it was proved; "" where the text does not say.
        lines: all else, in order; no word of it is lost.
    """

    headline: str
    method: str
    lines: tuple[Line, ...]


def evidence(text: str) -> Reading:
    """The evidence of a check that held: the claim and its steps."""
    first, *rest = text.splitlines() or [""]
    claim = _CLAIM.fullmatch(first)
    lines = tuple(_step(line) for line in rest)
    if claim is None:
        return Reading(first, "", lines)
    return Reading(claim["claim"], claim["method"], lines)


def failure(text: str) -> Reading:
    """The text of a check that did not hold: its headline and the facts, each under its name."""
    first, *rest = text.splitlines() or [""]
    return Reading(first, "", tuple(_fact(line) for line in rest))


def _step(line: str) -> Line:
    timed = _TIMED.fullmatch(line.strip())
    return Line(timed["said"], seconds=timed["seconds"]) if timed else Line(line.strip())


def _fact(line: str) -> Line:
    named = _NAMED.fullmatch(line.strip())
    return Line(named["fact"], name=named["name"]) if named else Line(line.strip())
