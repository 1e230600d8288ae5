"""The verdicts of a run as a table in the terminal: manifest, promise, containers, volume, time.

Equal rows are one row with a count. Of a long run, manifests that keep all their promises are a
line each, and the others are shown in full.
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
from pytest_podshare.report.records import EXPECTED, VERDICTS, CheckRecord

# so many rows are read at a glance
_GLANCE = 40
# a pair of containers that is longer takes two lines
_PAIR = 20
_GAP = 2
# columns are not made narrower than this
_NARROW = 10
_STYLES = {BROKEN: "bold red", UNKNOWN: "yellow", EXPECTED: "dim", HELD: "green"}
# of what was broken or unknown, and meant to be by its test
_WORDS = {EXPECTED: "expected failure"}


@dataclasses.dataclass(frozen=True)
class Row:
    """Checks that differ in nothing but their times."""

    promise: str
    containers: tuple[str, ...]
    volumes: tuple[str, ...]
    verdict: str
    cause: str
    seconds: tuple[float, ...] = dataclasses.field(compare=False)


def lines(checks: Sequence[CheckRecord], *, width: int, colour: bool) -> list[str]:
    """The table, and the count of each verdict below it.

    Args:
        checks: those of the whole run, in order.
        width: the terminal's.
        colour: whether it shows any.
    """
    manifests = by_manifest(checks)
    found = {name: rows(each) for name, each in manifests.items()}
    is_long = sum(len(each) for each in found.values()) > _GLANCE
    in_full = [name for name in found if not is_long or _needs_a_person(found[name])]
    widths = _widths([row for name in in_full for row in found[name]], width)
    parts: list[Text | Table] = []
    for name, checked in manifests.items():
        if name in in_full:
            parts += [_heading(name, checked), _table(found[name], widths)]
        else:
            parts.append(_in_short(name, checked))
    parts.append(Text(counted(checks)))
    return _written(Group(*parts), width, colour)


def by_manifest(checks: Iterable[CheckRecord]) -> dict[str, list[CheckRecord]]:
    """The checks of each manifest, in the order in which they were made."""
    found: dict[str, list[CheckRecord]] = {}
    for each in checks:
        found.setdefault(each.check.manifest, []).append(each)
    return found


def rows(checks: Iterable[CheckRecord]) -> list[Row]:
    """Equal checks in one row each; those that need a person first."""
    found: dict[Row, list[float]] = {}
    for each in checks:
        check = each.check
        row = Row(
            promise(check.assertion), check.containers, check.volumes, each.verdict, check.cause, ()
        )
        found.setdefault(row, []).append(check.seconds)
    whole = [dataclasses.replace(row, seconds=tuple(times)) for row, times in found.items()]
    return sorted(whole, key=lambda row: VERDICTS.index(row.verdict))


def promise(assertion: str) -> str:
    """`assert_survives_restart` as words: `survives restart`."""
    return assertion.removeprefix("assert_").replace("_", " ")


def counted(checks: Iterable[CheckRecord]) -> str:
    """`2 broken, 1 unknown, 40 held`."""
    counts = Counter(each.verdict for each in checks)
    parts = (f"{counts[verdict]} {_WORDS.get(verdict, verdict)}" for verdict in VERDICTS)
    return ", ".join(part for verdict, part in zip(VERDICTS, parts, strict=True) if counts[verdict])


def duration(seconds: float) -> str:
    """`7.5 ms`, `114 ms`, `2.4 s`, `75 s`."""
    if seconds < 1:
        return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"
    return f"{seconds:.{1 if seconds < 10 else 0}f} s"


def _heading(manifest: str, checked: Sequence[CheckRecord]) -> Text:
    apart = any(each.pod.stand_in for each in checked)
    said = "  (the applications did not run)" if apart else ""
    return Text.assemble((printable(manifest), "bold"), (said, _STYLES[UNKNOWN]))


def _needs_a_person(found: Iterable[Row]) -> bool:
    return any(row.verdict in (BROKEN, UNKNOWN) for row in found)


def _in_short(manifest: str, checked: Sequence[CheckRecord]) -> Text:
    return Text.assemble(
        _heading(manifest, checked),
        (f"  {counted(checked)}", _STYLES[HELD]),
        f"  {duration(sum(each.check.seconds for each in checked))}",
    )


def _cells(row: Row) -> tuple[Text, ...]:
    return (
        Text(printable(row.promise)),
        Text(_pair(row.containers)),
        Text("\n".join(printable(each) for each in row.volumes)),
        _verdict(row),
        Text(_time(row.seconds), justify="right"),
    )


def _widths(found: Sequence[Row], width: int) -> list[int]:
    """The columns' widths, the same for all manifests; the widest give way if there is no room."""
    columns = zip(*(_cells(row) for row in found), strict=True)
    widths = [max(_width(cell) for cell in each) for each in columns]
    over = sum(widths) + _GAP * sum(map(bool, widths)) - width
    while widths and over > 0 and max(widths[:-1]) > _NARROW:
        # the last one, the times, is never broken
        widths[widths.index(max(widths[:-1]))] -= 1
        over -= 1
    return widths


def _width(cell: Text) -> int:
    return max(cell_len(line) for line in cell.plain.split("\n"))


def _table(found: Iterable[Row], widths: Sequence[int]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 0, 0, _GAP))
    for each in widths:
        if each:
            table.add_column(width=each, overflow="fold")
    for row in found:
        cells = zip(_cells(row), widths, strict=True)
        table.add_row(*(cell for cell, width in cells if width))
    return table


def _pair(containers: Sequence[str]) -> str:
    """`c1→c2`, in two lines where it is long; `all` for a promise about all of them."""
    names = [printable(name) for name in containers]
    shown = "→".join(names) or "all"
    return shown if len(shown) <= _PAIR else "→\n".join(names)


def _verdict(row: Row) -> Text:
    word = _WORDS.get(row.verdict, row.verdict)
    said = f"{word}: {printable(row.cause)}" if row.cause else word
    return Text(said, style=_STYLES[row.verdict])


def _time(seconds: Sequence[float]) -> str:
    """How long it took; of several, how many and how long each on average."""
    mean = duration(statistics.mean(seconds))
    return mean if len(seconds) == 1 else f"{len(seconds)} x {mean}"


def _written(parts: Group, width: int, colour: bool) -> list[str]:
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
