"""A run as a self-contained HTML page: no script, no network, one file."""

from __future__ import annotations

import dataclasses
import datetime
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from markupsafe import Markup

from pytest_podshare.diagrams import svg, text_table
from pytest_podshare.diagrams.jinja_templates import load_template
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check
from pytest_podshare.report import terminal_table
from pytest_podshare.report.records import (
    EXPECTED,
    VERDICTS,
    CheckRecord,
    PhaseReport,
    PodRecord,
    verdict_label,
)
from pytest_podshare.wiring.model import Wiring

# with more Pods than this, those whose promises all hold are collapsed
_MAX_OPEN_PODS = 6
_SIGNS = {HELD: "✓", BROKEN: "✗", UNKNOWN: "?", EXPECTED: "≈"}


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
class PodSection:
    """The diagram and the checks of all Pods with the same manifest and wiring."""

    records: Sequence[CheckRecord]
    is_open: bool

    @property
    def pod(self) -> PodRecord:
        """Return one of the Pods."""
        return self.records[0].pod

    @property
    def counts(self) -> Counter[str]:
        """Return the number of checks of each verdict."""
        return Counter(record.verdict for record in self.records)

    def draw(self, *, narrow: bool) -> Markup:
        """Return the diagram, with the verdicts at the mounts."""
        # the page's template does not escape this: the diagram's template has escaped its texts
        return Markup(svg.render_svg(self.pod.wiring, _mount_verdicts(self.records), narrow=narrow))  # noqa: S704 RUF100

    @property
    def mounts(self) -> list[tuple[str, str, str, str, str]]:
        """Return the container, mode, path, subPath and volume of each mount."""
        wiring = self.pod.wiring
        return [
            (
                text_table.format_title(container),
                text_table.format_mode(mount, volume),
                mount.path,
                mount.sub_path,
                text_table.format_heading(volume) if volume else mount.volume,
            )
            for container, mount in wiring.mounts()
            for volume in [wiring.volume(mount.volume)]
        ]


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
    return load_template(Path(__file__).with_name("page.html.j2")).render(
        clusters=list(dict.fromkeys(check.pod.cluster for check in checks)),
        counts=Counter(check.verdict for check in checks),
        duration=terminal_table.format_duration,
        errors=_group_errors(phases),
        incidents=[(phase.test, text) for phase in phases for text in phase.incidents],
        info=info,
        label=verdict_label,
        promise=terminal_table.promise_name,
        sections=_group_by_pod(checks),
        signs=_SIGNS,
        tests=len({phase.test for phase in phases}),
        time=_format_time(phases),
        verdicts=VERDICTS,
        warnings=list(dict.fromkeys(text for phase in phases for text in phase.warnings)),
    )


def _group_by_pod(records: Iterable[CheckRecord]) -> list[PodSection]:
    """Return the checks by manifest and wiring; the most urgent ones come first."""
    groups: dict[str, list[CheckRecord]] = {}
    for record in sorted(records, key=_urgency):
        pod = record.pod
        key = repr((pod.manifest, pod.kind, pod.stand_in, pod.wiring))
        groups.setdefault(key, []).append(record)
    are_few = len(groups) <= _MAX_OPEN_PODS
    return [PodSection(group, are_few or group[0].needs_attention) for group in groups.values()]


def _urgency(record: CheckRecord) -> int:
    return VERDICTS.index(record.verdict)


def _mount_verdicts(records: Iterable[CheckRecord]) -> dict[tuple[str, str], str]:
    """Return the worst verdict of each mount, by container and path, without expected failures."""
    verdicts: dict[tuple[str, str], str] = {}
    for record in sorted(records, key=_urgency, reverse=True):
        if record.verdict != EXPECTED:
            for mount in _list_mounts(record.pod.wiring, record.check):
                verdicts[mount] = record.verdict
    return verdicts


def _list_mounts(wiring: Wiring, check: Check) -> list[tuple[str, str]]:
    """Return the container and path of each mount that a check is about."""
    containers = [
        container
        for container in wiring.containers
        if container.name in check.containers or not check.containers
    ]
    volumes: Iterable[str] = check.volumes
    if not volumes and len(containers) == len(check.containers) == 2:
        # the check failed before it named a volume: it is certain only if there is one
        common = set.intersection(*({mount.volume for mount in item.mounts} for item in containers))
        volumes = common if len(common) == 1 else ()
    return [
        (container.name, mount.path)
        for container in containers
        for mount in container.mounts
        if mount.volume in volumes
    ]


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
    return f"{date:%Y-%m-%d %H:%M} UTC, {terminal_table.format_duration(stop - start)}"
