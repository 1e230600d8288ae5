"""The words of reports, the same in the terminal and on the page."""

from __future__ import annotations

from pytest_podshare.report.records import EXPECTED

_MINUTE = 60


def verdict_label(verdict: str) -> str:
    """Return a verdict as reports show it."""
    return "expected failure" if verdict == EXPECTED else verdict


def promise_name(assertion: str) -> str:
    """Return `survives restart` for `assert_survives_restart`."""
    return assertion.removeprefix("assert_").replace("_", " ")


def format_duration(seconds: float) -> str:
    """Return `7.5 ms`, `114 ms`, `2.4 s`, `75 s`, `12 min 5 s`."""
    if seconds < 1:
        return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"
    if seconds < 2 * _MINUTE:
        return f"{seconds:.{1 if seconds < 10 else 0}f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"
