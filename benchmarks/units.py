"""Numbers as text for people, with three significant digits and a unit."""

from __future__ import annotations

# Below this value, the reciprocal of a ratio is easier to read.
_SMALL_RATIO = 0.1
_KIBI = 1024


def text(value: object) -> str:
    """Return the value unchanged, as text."""
    return str(value)


def count(value: int) -> str:
    """Return a whole number: `10,000`."""
    return f"{value:,}"


def time(seconds: float) -> str:
    """Return a duration: `4.71 ms`, `-120 ms`, `1.00 s`."""
    if abs(seconds) < 0.9995:
        return f"{_three_digits(seconds * 1000)} ms"
    return f"{_three_digits(seconds)} s"


def ratio(value: float) -> str:
    """Return a ratio: `1.43`, or `1 : 76.0` if it is much less than one."""
    if 0 < value < _SMALL_RATIO:
        return f"1 : {_three_digits(1 / value)}"
    return f"{value:.2f}"


def size(count_of_bytes: float) -> str:
    """Return a size: `64 KiB`, `-4 KiB`."""
    value, unit = float(count_of_bytes), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < _KIBI or unit == "GiB":
            break
        value /= _KIBI
    return f"{_three_digits(value) if value % 1 else f'{value:.0f}'} {unit}"


def rate(bytes_per_second: float) -> str:
    """Return a rate: `87.4 MiB/s`."""
    return f"{size(bytes_per_second)}/s"


def _three_digits(value: float) -> str:
    """Return the value with three digits, or more if it has more before the point."""
    digits = len(str(int(abs(value)))) if abs(value) >= 1 else 1
    return f"{value:.{max(0, 3 - digits)}f}"
