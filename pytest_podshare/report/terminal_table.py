"""The verdicts of a run as a table in the terminal: promise, containers, volume, verdict, time.

Equal rows become one row with a count. In a long run, a manifest without failures takes one line,
and of the others only the failures are rows.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pytest_podshare.escaping import printable
from pytest_podshare.pods.evidence import BROKEN, UNKNOWN
from pytest_podshare.report import grouping, table_rows
from pytest_podshare.report.grouping import ManifestGroup, TemplateGroup
from pytest_podshare.report.labels import format_duration, verdict_label
from pytest_podshare.report.records import SKIPPED, VERDICTS, CheckRecord
from pytest_podshare.report.table_rows import GAP, STYLES

# with more rows than this, the run is long
_MAX_ROWS = 40
# how many manifests a reason for skips names
_MAX_NAMES = 3

_Part = Text | Table | Padding
_Summarized = ManifestGroup | TemplateGroup


def format_table(
    records: Sequence[CheckRecord], *, width: int, colour: bool, in_full: bool = False
) -> list[str]:
    """Return the lines of the table, with the count of each verdict below it.

    Args:
        records: the checks of the whole run, in order.
        width: the terminal's width.
        colour: whether the terminal shows colours.
        in_full: whether a long run has a row for each check too.
    """
    manifests = grouping.group_by_manifest(records)
    templates = [template for manifest in manifests for template in manifest.templates]
    is_long = sum(len(table_rows.merge(one.checked)) for one in templates) > _MAX_ROWS
    list_parts = _list_failures if is_long and not in_full else _list_all
    parts = [*list_parts(manifests, width), *_format_skips(records)]
    return _render(Group(*parts, Text(_format_counts(records))), width, colour)


def _list_all(manifests: Sequence[ManifestGroup], width: int) -> Iterator[_Part]:
    """Yield a row for each check, below the manifest, and below the template if it has several."""
    is_nested = any(len(manifest.templates) > 1 for manifest in manifests)
    rows = _Rows(manifests, VERDICTS, width - GAP * is_nested)
    for manifest in manifests:
        yield _format_heading(manifest)
        for template in manifest.templates:
            if len(manifest.templates) > 1:
                yield Padding(Text(printable(template.name)), (0, 0, 0, GAP))
            yield from rows.format(template, GAP * (len(manifest.templates) > 1))


def _list_failures(manifests: Sequence[ManifestGroup], width: int) -> Iterator[_Part]:
    """Yield a line for each manifest, and below it what is broken or unknown.

    A manifest with failures has a line for each template, and a row for each failure.
    """
    rows = _Rows(manifests, (BROKEN, UNKNOWN), width - GAP)
    shown: list[tuple[ManifestGroup, Sequence[TemplateGroup]]] = [
        (manifest, manifest.templates if manifest.needs_attention else ()) for manifest in manifests
    ]
    groups = list[_Summarized]()
    for manifest, templates in shown:
        groups += [manifest, *templates]
    names, others = zip(*((_summary_name(one), _summary_text(one)) for one in groups), strict=True)
    rest = width - 2 * GAP - max(text.cell_len for text in others)
    name_width = min(max(name.cell_len for name in names), max(rest, width // 2))
    for manifest, templates in shown:
        yield _format_summary(manifest, name_width)
        for template in templates:
            yield _format_summary(template, name_width)
            yield from rows.format(template, GAP)


class _Rows:
    """The rows of all templates, in columns of the same widths."""

    def __init__(
        self, manifests: Iterable[ManifestGroup], verdicts: Collection[str], width: int
    ) -> None:
        self._rows = {
            id(template): [
                row for row in table_rows.merge(template.checked) if row.verdict in verdicts
            ]
            for manifest in manifests
            for template in manifest.templates
        }
        self._widths = table_rows.fit_widths([*itertools.chain(*self._rows.values())], width)

    def format(self, template: TemplateGroup, level: int) -> Iterator[Padding]:
        """Yield the rows of a template, and what of it could not be checked, at a level."""
        indent = (0, 0, 0, level)
        if rows := self._rows[id(template)]:
            yield Padding(table_rows.create_table(rows, self._widths), indent)
        for reason in template.unchecked:
            if reason.verdict == UNKNOWN:
                text = f"{len(reason.records)} not checked: {printable(reason.headline)}"
                yield Padding(Text(text, style=STYLES[UNKNOWN]), (0, 0, 0, level + GAP))


def _format_counts(records: Iterable[CheckRecord]) -> str:
    """Return `2 broken, 1 unknown, 40 held`."""
    counts = Counter(record.verdict for record in records)
    return ", ".join(
        f"{counts[verdict]} {verdict_label(verdict)}" for verdict in VERDICTS if counts[verdict]
    )


def _format_heading(manifest: ManifestGroup) -> Text:
    is_skeleton = any(record.pod.stand_in for record in manifest.records)
    note = "  (the applications did not run)" if is_skeleton else ""
    return Text.assemble((printable(manifest.name), "bold"), (note, STYLES[UNKNOWN]))


def _format_summary(group: _Summarized, name_width: int) -> Table:
    """Return a line with the name of a manifest or template, the counts, and the time of all."""
    line = Table(box=None, show_header=False, padding=(0, GAP, 0, 0))
    line.add_column(width=name_width, overflow="fold")
    line.add_column(overflow="fold")
    line.add_row(_summary_name(group), _summary_text(group))
    return line


def _summary_name(group: _Summarized) -> Text:
    if isinstance(group, ManifestGroup):
        return Text(printable(group.name), style="bold")
    return Text(f"{'':{GAP}}{printable(group.name)}")


def _summary_text(group: _Summarized) -> Text:
    counts, time = _format_counts(group.records), ""
    if isinstance(group, ManifestGroup) and len(group.templates) > 1:
        counts = f"{len(group.templates)} templates: {counts}"
    if group.seconds:
        time = f"  {format_duration(group.seconds)}"
    return Text.assemble((counts, STYLES[group.verdict]), time)


def _format_skips(records: Iterable[CheckRecord]) -> Iterator[Text]:
    """Yield why promises were skipped, each reason once, with their number and the manifests."""
    reasons: dict[str, list[str]] = {}
    for record in records:
        if record.verdict == SKIPPED:
            reasons.setdefault(record.reason, []).append(record.pod.manifest)
    for reason, manifests in reasons.items():
        names = list(dict.fromkeys(manifests))
        more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
        where = ", ".join(map(printable, names[:_MAX_NAMES])) + more
        text = f"{len(manifests)} skipped: {printable(reason)} ({where})"
        yield Text(text, style=STYLES[SKIPPED])


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
