"""Results as records and tables: Markdown for people, plain data for programs.

Everything here is pure; nothing depends on a cluster or a clock.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from benchmarks import units

_DIFFERENCE, _RATIO_P50 = "ours - other", "ours : other, p50"
_RATIO_P95 = "ours : other, p95"


@dataclasses.dataclass(frozen=True)
class Timing:
    """How long each run of a competitor took.

    Args:
        name: the competitor.
        seconds: the duration of each run, in order; at least one.
    """

    name: str
    seconds: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """Return the seconds that this share of the runs did not exceed, interpolated."""
        ordered = sorted(self.seconds)
        position = share * (len(ordered) - 1)
        below = int(position)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (position - below) * (ordered[above] - ordered[below])

    @property
    def p50(self) -> float:
        """Return the median."""
        return self.percentile(0.5)

    @property
    def p95(self) -> float:
        """Return the 95th percentile."""
        return self.percentile(0.95)

    @property
    def mean(self) -> float:
        """Return the average."""
        return statistics.fmean(self.seconds)


class Table(Protocol):
    """A result of a benchmark."""

    @property
    def title(self) -> str:
        """Return what is compared."""
        ...

    def lines(self) -> list[str]:
        """Return the table in Markdown."""
        ...

    def data(self) -> dict[str, Any]:
        """Return the table as plain data, unrounded."""
        ...


@dataclasses.dataclass(frozen=True)
class DataTable:
    """A table of numbers.

    Args:
        title: what is compared.
        columns: the headings, each with the function that formats its values.
        rows: a value for each heading; a missing one leaves its cell empty.
    """

    title: str
    columns: Mapping[str, Callable[[Any], str]]
    rows: Sequence[Mapping[str, Any]]

    def lines(self) -> list[str]:
        """Return the table in Markdown; all columns but the first are right-aligned."""
        cells = [list(self.columns)]
        for row in self.rows:
            cells.append(
                [
                    "" if row.get(heading) is None else formatted(row[heading])
                    for heading, formatted in self.columns.items()
                ]
            )
        columns = range(len(self.columns))
        widths = [max(3, *(len(line[column]) for line in cells)) for column in columns]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        return [_line(line, widths) for line in (cells[0], rule, *cells[1:])]

    def data(self) -> dict[str, Any]:
        """Return the rows, unrounded."""
        return {"title": self.title, "rows": [dict(row) for row in self.rows]}


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Competitors that were measured in turn; the first one is ours.

    Args:
        title: what all of them do.
        timings: how long each of them took.
    """

    title: str
    timings: tuple[Timing, ...]

    @property
    def ours(self) -> Timing:
        """Return the timing that the others are compared with."""
        return self.timings[0]

    def lines(self) -> list[str]:
        """Return the table in Markdown."""
        columns: dict[str, Callable[[Any], str]] = {"": units.text, "runs": units.count}
        columns |= {"p50": units.time, "p95": units.time, "mean": units.time}
        columns |= {_DIFFERENCE: units.time, _RATIO_P50: units.ratio, _RATIO_P95: units.ratio}
        return DataTable(
            self.title, columns, [self._row(timing) for timing in self.timings]
        ).lines()

    def data(self) -> dict[str, Any]:
        """Return the duration of every run, and the statistics."""
        rows = [{**self._row(timing), "seconds": list(timing.seconds)} for timing in self.timings]
        return {"title": self.title, "rows": rows}

    def _row(self, timing: Timing) -> dict[str, Any]:
        row: dict[str, Any] = {"": timing.name, "runs": len(timing.seconds)}
        row |= {"p50": timing.p50, "p95": timing.p95, "mean": timing.mean}
        if timing is not self.ours:
            row[_DIFFERENCE] = self.ours.p50 - timing.p50
            row[_RATIO_P50] = self.ours.p50 / timing.p50
            row[_RATIO_P95] = self.ours.p95 / timing.p95
        return row


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = (
        f"{cell:>{width}}" if column else f"{cell:<{width}}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join(aligned)} |"
