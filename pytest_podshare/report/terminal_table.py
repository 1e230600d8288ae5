"""The verdicts of a run as a table in the terminal: promise, containers, volume, verdict, time.

Equal rows become one row with a count. In a long run, a manifest whose promises all hold takes one
line.
"""

from __future__ import annotations

import dataclasses
import io
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from pytest_podshare.escaping import printable
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN
from pytest_podshare.report.overview import promise_name
from pytest_podshare.report.records import EXPECTED, SKIPPED, VERDICTS, CheckRecord, verdict_label

# with more rows than this, manifests whose promises all hold are shortened
_MAX_ROWS = 40
# a longer pair of containers takes two lines
_PAIR_WIDTH = 20
_GAP = 2
# columns do not get narrower than this
_MIN_WIDTH = 10
_MINUTE = 60
_STYLES = {BROKEN: "bold red", UNKNOWN: "yellow", EXPECTED: "dim", SKIPPED: "cyan", HELD: "green"}


@dataclasses.dataclass(frozen=True)
class TableRow:
    """Checks that differ only in their times."""

    promise: str
    containers: tuple[str, ...]
    volumes: tuple[str, ...]
    verdict: str
    cause: str
    seconds: tuple[float, ...] = dataclasses.field(compare=False)


def format_table(records: Sequence[CheckRecord], *, width: int, colour: bool) -> list[str]:
    """Return the lines of the table, with the count of each verdict below it.

    Args:
        records: the checks of the whole run, in order.
        width: the terminal's width.
        colour: whether the terminal shows colours.
    """
    manifests: dict[str, list[CheckRecord]] = {}
    for record in records:
        manifests.setdefault(record.check.manifest, []).append(record)
    rows = {name: _merge(checked) for name, checked in manifests.items()}
    is_long = sum(map(len, rows.values())) > _MAX_ROWS
    in_full = [
        name
        for name, checked in manifests.items()
        if not is_long or any(record.needs_attention for record in checked)
    ]
    widths = _fit_widths([row for name in in_full for row in rows[name]], width)
    parts: list[Text | Table] = []
    for name, checked in manifests.items():
        heading = _format_heading(name, checked)
        if name in in_full:
            parts += [heading, _create_table(rows[name], widths)]
        else:
            parts.append(_format_summary(heading, checked))
    parts.append(Text(_format_counts(records)))
    return _render(Group(*parts), width, colour)


def format_duration(seconds: float) -> str:
    """Return `7.5 ms`, `114 ms`, `2.4 s`, `75 s`, `12 min 5 s`."""
    if seconds < 1:
        return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"
    if seconds < 2 * _MINUTE:
        return f"{seconds:.{1 if seconds < 10 else 0}f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"


def _merge(records: Iterable[CheckRecord]) -> list[TableRow]:
    """Return one row for equal checks; the most urgent verdicts come first."""
    times: dict[TableRow, list[float]] = {}
    for record in records:
        check = record.check
        promise = promise_name(check.assertion)
        row = TableRow(promise, check.containers, check.volumes, record.verdict, check.cause, ())
        times.setdefault(row, []).append(check.seconds)
    rows = [dataclasses.replace(row, seconds=tuple(seconds)) for row, seconds in times.items()]
    return sorted(rows, key=lambda row: VERDICTS.index(row.verdict))


def _format_counts(records: Iterable[CheckRecord]) -> str:
    """Return `2 broken, 1 unknown, 40 held`."""
    counts = Counter(record.verdict for record in records)
    return ", ".join(
        f"{counts[verdict]} {verdict_label(verdict)}" for verdict in VERDICTS if counts[verdict]
    )


def _format_heading(manifest: str, records: Sequence[CheckRecord]) -> Text:
    is_skeleton = any(record.pod.stand_in for record in records)
    note = "  (the applications did not run)" if is_skeleton else ""
    return Text.assemble((printable(manifest), "bold"), (note, _STYLES[UNKNOWN]))


def _format_summary(heading: Text, records: Sequence[CheckRecord]) -> Text:
    return Text.assemble(
        heading,
        (f"  {_format_counts(records)}", _STYLES[HELD]),
        f"  {format_duration(sum(record.check.seconds for record in records))}",
    )


def _format_cells(row: TableRow) -> tuple[Text, ...]:
    label = verdict_label(row.verdict)
    return (
        Text(printable(row.promise)),
        Text(_format_containers(row.containers)),
        Text("\n".join(printable(volume) for volume in row.volumes)),
        Text(
            f"{label}: {printable(row.cause)}" if row.cause else label, style=_STYLES[row.verdict]
        ),
        Text(_format_times(row.seconds), justify="right"),
    )


def _fit_widths(rows: Sequence[TableRow], width: int) -> list[int]:
    """Return the column widths of all manifests; the widest columns shrink to fit the terminal."""
    columns = zip(*(_format_cells(row) for row in rows), strict=True)
    widths = [max(_measure(cell) for cell in column) for column in columns]
    excess = sum(widths) + _GAP * sum(map(bool, widths)) - width
    # the last column, the time, is never broken
    while widths and excess > 0 and max(widths[:-1]) > _MIN_WIDTH:
        widths[widths.index(max(widths[:-1]))] -= 1
        excess -= 1
    return widths


def _measure(cell: Text) -> int:
    return max(cell_len(line) for line in cell.plain.split("\n"))


def _create_table(rows: Iterable[TableRow], widths: Sequence[int]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 0, 0, _GAP))
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


def _render(parts: Group, width: int, colour: bool) -> list[str]:
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(parts)
    return [line.rstrip() for line in file.getvalue().splitlines()]
