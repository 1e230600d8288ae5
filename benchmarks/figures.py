"""What was measured, as records: times with their percentiles, compared, and plain tables.

Pure: knows neither a cluster nor a clock. A table is Markdown for people, and plain data for
programs.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

# below this share of the other's time a ratio is easier to read the other way round
_MUCH_LESS = 0.1
_KIBI = 1024
# headings: of the medians, ours less the other's; ours divided by the other's
_LESS, _P50, _P95 = "ours - it", "ours : it, p50", "ours : it, p95"


@dataclasses.dataclass(frozen=True)
class Timing:
    """How long one competitor took, time after time.

    Args:
        name: who or what.
        seconds: of each run, in their order; at least one.
    """

    name: str
    seconds: tuple[float, ...]

    def at(self, share: float) -> float:
        """The seconds that this share of the runs did not exceed, between the nearest two."""
        ordered = sorted(self.seconds)
        place = share * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    @property
    def p50(self) -> float:
        """The median."""
        return self.at(0.5)

    @property
    def p95(self) -> float:
        """What all but one in twenty did not exceed."""
        return self.at(0.95)

    @property
    def mean(self) -> float:
        """The average, which counts the slow ones too."""
        return statistics.fmean(self.seconds)


class Table(Protocol):
    """What a benchmark gives."""

    @property
    def title(self) -> str:
        """What is compared."""
        ...

    def lines(self) -> list[str]:
        """The table in Markdown."""
        ...

    def data(self) -> dict[str, Any]:
        """The same, unrounded."""
        ...


@dataclasses.dataclass(frozen=True)
class Listing:
    """A table of figures.

    Args:
        title: what it is about.
        columns: each one's heading, and how its figures are spelled.
        rows: a figure for each heading; one that is missing stays empty.
    """

    title: str
    columns: Mapping[str, Callable[[Any], str]]
    rows: Sequence[Mapping[str, Any]]

    def lines(self) -> list[str]:
        """The table in Markdown, aligned, all but the first column to the right."""
        cells = [list(self.columns)]
        for row in self.rows:
            cells.append(
                [
                    "" if row.get(heading) is None else spell(row[heading])
                    for heading, spell in self.columns.items()
                ]
            )
        widths = [max(3, *(len(line[at]) for line in cells)) for at in range(len(self.columns))]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        return [_line(line, widths) for line in (cells[0], rule, *cells[1:])]

    def data(self) -> dict[str, Any]:
        """The rows, unrounded."""
        return {"title": self.title, "rows": [dict(row) for row in self.rows]}


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Competitors that were measured in turn; the first one is ours.

    Args:
        title: what they all do.
        timings: how long each took.
    """

    title: str
    timings: tuple[Timing, ...]

    @property
    def ours(self) -> Timing:
        """The one that the others are compared with."""
        return self.timings[0]

    def lines(self) -> list[str]:
        """The table in Markdown."""
        columns: dict[str, Callable[[Any], str]] = {"": text, "runs": count}
        columns |= {"p50": time, "p95": time, "mean": time, _LESS: time, _P50: ratio, _P95: ratio}
        return Listing(self.title, columns, [self._row(each) for each in self.timings]).lines()

    def data(self) -> dict[str, Any]:
        """Every single time, and what follows from them."""
        rows = [{**self._row(each), "seconds": list(each.seconds)} for each in self.timings]
        return {"title": self.title, "rows": rows}

    def _row(self, each: Timing) -> dict[str, Any]:
        row: dict[str, Any] = {"": each.name, "runs": len(each.seconds)}
        row |= {"p50": each.p50, "p95": each.p95, "mean": each.mean}
        if each is not self.ours:
            row[_LESS] = self.ours.p50 - each.p50
            row[_P50] = self.ours.p50 / each.p50
            row[_P95] = self.ours.p95 / each.p95
        return row


def text(value: object) -> str:
    """As it is."""
    return str(value)


def count(value: int) -> str:
    """A whole number: `10,000`."""
    return f"{value:,}"


def time(seconds: float) -> str:
    """Three digits and a unit: `4.71 ms`, `-0.12 s`."""
    if abs(seconds) < 0.9995:
        return f"{_three(seconds * 1000)} ms"
    return f"{_three(seconds)} s"


def ratio(value: float) -> str:
    """`1.43`; what is much less than one, the other way round: `1 : 76`."""
    if 0 < value < _MUCH_LESS:
        return f"1 : {_three(1 / value)}"
    return f"{value:.2f}"


def size(count_of_bytes: float) -> str:
    """`64 KiB`; with its sign where it is below zero."""
    value, unit = float(count_of_bytes), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < _KIBI or unit == "GiB":
            break
        value /= _KIBI
    return f"{_three(value) if value % 1 else f'{value:.0f}'} {unit}"


def rate(bytes_per_second: float) -> str:
    """`87.4 MiB/s`."""
    return f"{size(bytes_per_second)}/s"


def _three(value: float) -> str:
    """Three digits, and all of them before the point."""
    digits = len(str(int(abs(value)))) if abs(value) >= 1 else 1
    return f"{value:.{max(0, 3 - digits)}f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = (
        f"{cell:>{width}}" if at else f"{cell:<{width}}"
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join(aligned)} |"
