"""A run as a self-contained HTML page: one file, no network; its only script is the search."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import functools
import hashlib
import itertools
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from markupsafe import Markup

from pytest_podshare.diagrams import svg
from pytest_podshare.diagrams.jinja_templates import load_template
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN
from pytest_podshare.report import grouping, labels, mount_results, overview
from pytest_podshare.report.grouping import ManifestGroup, TemplateGroup
from pytest_podshare.report.mount_results import MountResult
from pytest_podshare.report.records import (
    EXPECTED,
    SKIPPED,
    VERDICTS,
    CheckRecord,
    PhaseReport,
)

_FOLDER = Path(__file__).parent
# with more templates than this, those whose promises all hold are collapsed
_MAX_OPEN = 6
# of more entries that need attention, the others are collapsed
_MAX_LISTED = 6
_SIGNS = {HELD: "✓", BROKEN: "✗", UNKNOWN: "?", SKIPPED: "-", EXPECTED: "≈"}


@dataclasses.dataclass(frozen=True)
class RunInfo:
    """What a page says about its run, besides the checks.

    Args:
        project: the name of the tested project.
        run: the run's id.
        stand_ins: images on the nodes that have the name of a published image, but not its content.
        capabilities: name → whether the cluster has it, and the reason.
    """

    project: str
    run: str
    stand_ins: Sequence[str] = ()
    capabilities: Mapping[str, tuple[bool, str]] = dataclasses.field(default_factory=dict)

    @property
    def versions(self) -> str:
        """Return the versions of the software that took part."""
        names = ("pytest-podshare", "pytest", "kubernetes")
        python = f"Python {platform.python_version()}"
        return ", ".join([*(f"{name} {metadata.version(name)}" for name in names), python])


@dataclasses.dataclass(frozen=True)
class Section:
    """A Pod template on the page.

    Args:
        anchor: its id.
        group: its checks.
        is_open: whether it is expanded.
    """

    anchor: str
    group: TemplateGroup
    is_open: bool

    @functools.cached_property
    def mounts(self) -> list[MountResult]:
        """Return what was proved about each mount."""
        return mount_results.list_results(self.group.pod.wiring, self.group.records)

    @property
    def gaps(self) -> list[tuple[str, list[str]]]:
        """Return why nothing was proved about mounts, each reason with its mounts."""
        return mount_results.list_gaps(self.mounts)

    def draw(self, *, narrow: bool) -> Markup:
        """Return the diagram, with the verdicts at the mounts."""
        verdicts = mount_results.drawn_verdicts(self.mounts)
        # the page's template does not escape this: the diagram's template has escaped its texts
        return Markup(svg.render_svg(self.group.pod.wiring, verdicts, narrow=narrow))  # noqa: S704 RUF100

    def anchor_of(self, record: CheckRecord) -> str:
        """Return the id of one of its records."""
        return f"{self.anchor}-check-{self._numbers[id(record)]}"

    @functools.cached_property
    def _numbers(self) -> Mapping[int, int]:
        return {id(record): number for number, record in enumerate(self.group.records, start=1)}


@dataclasses.dataclass(frozen=True)
class AttentionEntry:
    """A check that is broken or unknown, in the list at the top, with the number of its like."""

    anchor: str
    record: CheckRecord
    count: int


def write(path: Path, phases: Sequence[PhaseReport], info: RunInfo) -> str:
    """Write the page, and return a line about it, even if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(phases, info), encoding="utf-8")
    except OSError as error:
        return f"podshare: cannot write the report to {path}: {error.strerror}"
    return f"podshare: report written to {path}"


def render(phases: Sequence[PhaseReport], info: RunInfo) -> str:
    """Return the page.

    Args:
        phases: the reports of all tests, in order.
        info: everything else to say about the run.
    """
    checks = [check for phase in phases for check in phase.checks]
    manifests = grouping.put_urgent_first(grouping.group_by_manifest(checks))
    sections = _number(manifests)
    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    page = load_template(_FOLDER / "page.html.j2").render(
        attention=list(_list_attention(itertools.chain.from_iterable(sections.values()))),
        cells=overview.list_cells,
        clusters=list(dict.fromkeys(check.pod.cluster for check in checks if check.pod.cluster)),
        counts=Counter(check.verdict for check in checks),
        duration=labels.format_duration,
        errors=_group_errors(phases),
        incidents=[(phase.test, text) for phase in phases for text in phase.incidents],
        info=info,
        label=labels.verdict_label,
        manifests=manifests,
        max_listed=_MAX_LISTED,
        max_open=_MAX_OPEN,
        promise=labels.promise_name,
        promises=overview.list_promises(manifests),
        # files of this package, which are not to be escaped
        script=Markup(script),  # noqa: S704 RUF100
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        sections=sections,
        signs=_SIGNS,
        style=Markup(_read_styles()),  # noqa: S704 RUF100
        tests=len({phase.test for phase in phases}),
        time=_format_time(phases),
        verdicts=VERDICTS,
        warnings=list(dict.fromkeys(text for phase in phases for text in phase.warnings)),
    )
    # a browser makes a node of each line break between elements; a text has no raw > or <
    return page.replace(">\n<", "><")


def _read_styles() -> str:
    return (_FOLDER / "page.css").read_text(encoding="utf-8") + svg.render_style()


def _number(manifests: Sequence[ManifestGroup]) -> Mapping[str, list[Section]]:
    """Return the sections of each manifest, with ids that count through."""
    are_few = sum(len(manifest.templates) for manifest in manifests) <= _MAX_OPEN
    number = itertools.count(1)
    return {
        manifest.name: [
            Section(f"pod-{next(number)}", group, are_few or group.needs_attention)
            for group in manifest.templates
        ]
        for manifest in manifests
    }


def _list_attention(sections: Iterable[Section]) -> Iterator[AttentionEntry]:
    """Yield what needs attention; what has the same text and place is one entry."""
    found: dict[tuple[str, ...], list[tuple[str, CheckRecord]]] = {}
    for section in sections:
        group = section.group
        for record in group.records:
            if record.needs_attention:
                check = record.check
                # a promise that was not checked says only what kept its test from it
                place = (record.pod.manifest, group.name, check.at) if record.is_checked else ()
                key = (record.verdict, check.headline, check.cause, *place)
                found.setdefault(key, []).append((section.anchor_of(record), record))
    for entries in found.values():
        yield AttentionEntry(*entries[0], len(entries))


def _group_errors(phases: Iterable[PhaseReport]) -> list[tuple[str, list[str]]]:
    """Return the failures outside of checks, each with the tests that had it."""
    tests: dict[str, list[str]] = {}
    for phase in phases:
        if phase.error:
            tests.setdefault(phase.error, []).append(phase.test)
    return list(tests.items())


def _format_time(phases: Sequence[PhaseReport]) -> str:
    """Return the start and the duration of the run, by the clocks of its tests."""
    if not phases:
        return ""
    start, stop = min(phase.start for phase in phases), max(phase.stop for phase in phases)
    date = datetime.datetime.fromtimestamp(start, tz=datetime.timezone.utc)
    return f"{date:%Y-%m-%d %H:%M} UTC, {labels.format_duration(stop - start)}"
