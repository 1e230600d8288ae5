"""The rows of the table in the terminal: equal checks as one row, in columns that fit."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from pytest_podshare.escaping import printable
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN
from pytest_podshare.report.labels import format_duration, promise_name, verdict_label
from pytest_podshare.report.records import EXPECTED, SKIPPED, VERDICTS, CheckRecord

GAP = 2
STYLES = {BROKEN: "bold red", UNKNOWN: "yellow", EXPECTED: "dim", SKIPPED: "cyan", HELD: "green"}
# a longer pair of containers takes two lines
_PAIR_WIDTH = 20
# columns do not get narrower than this
_MIN_WIDTH = 10


@dataclasses.dataclass(frozen=True)
class TableRow:
    """Checks that differ only in their times."""

    promise: str
    containers: tuple[str, ...]
    volumes: tuple[str, ...]
    verdict: str
    cause: str
    seconds: tuple[float, ...] = dataclasses.field(compare=False)


def merge(records: Iterable[CheckRecord]) -> list[TableRow]:
    """Return one row for equal checks; the most urgent verdicts come first."""
    times: dict[TableRow, list[float]] = {}
    for record in records:
        check = record.check
        promise = promise_name(check.assertion)
        row = TableRow(promise, check.containers, check.volumes, record.verdict, check.cause, ())
        times.setdefault(row, []).append(check.seconds)
    rows = [dataclasses.replace(row, seconds=tuple(seconds)) for row, seconds in times.items()]
    return sorted(rows, key=lambda row: VERDICTS.index(row.verdict))


def _format_cells(row: TableRow) -> tuple[Text, ...]:
    label = verdict_label(row.verdict)
    return (
        Text(printable(row.promise)),
        Text(_format_containers(row.containers)),
        Text("\n".join(printable(volume) for volume in row.volumes)),
        Text(f"{label}: {printable(row.cause)}" if row.cause else label, style=STYLES[row.verdict]),
        Text(_format_times(row.seconds), justify="right"),
    )


def fit_widths(rows: Sequence[TableRow], width: int) -> list[int]:
    """Return the column widths of all templates; the widest columns shrink to fit the terminal."""
    columns = zip(*(_format_cells(row) for row in rows), strict=True)
    widths = [max(_measure(cell) for cell in column) for column in columns]
    excess = sum(widths) + GAP * sum(map(bool, widths)) - width
    # the last column, the time, is never broken
    while widths and excess > 0 and max(widths[:-1]) > _MIN_WIDTH:
        widths[widths.index(max(widths[:-1]))] -= 1
        excess -= 1
    return widths


def _measure(cell: Text) -> int:
    return max(cell_len(line) for line in cell.plain.split("\n"))


def create_table(rows: Iterable[TableRow], widths: Sequence[int]) -> Table:
    """Return the rows in columns of these widths; a column of width 0 is left out."""
    table = Table(box=None, show_header=False, padding=(0, 0, 0, GAP))
    for width in filter(None, widths):
        table.add_column(width=width, overflow="fold")
    for row in rows:
        cells = zip(_format_cells(row), widths, strict=True)
        table.add_row(*(cell for cell, width in cells if width))
    return table


def _format_containers(containers: Sequence[str]) -> str:
    """Return `c1→c2`, on two lines if it is long; `all` for a promise about all containers."""
    names = [printable(name) for name in containers]
    pair = "→".join(names) or "all"
    return pair if len(pair) <= _PAIR_WIDTH else "→\n".join(names)


def _format_times(seconds: Sequence[float]) -> str:
    """Return the time of one check, or the number of several and their mean."""
    mean = format_duration(statistics.mean(seconds))
    return mean if len(seconds) == 1 else f"{len(seconds)} x {mean}"
