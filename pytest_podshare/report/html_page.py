"""A run as one page of HTML, complete in itself: no script, no network, nothing but the file."""

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
from pytest_podshare.report.records import EXPECTED, VERDICTS, CheckRecord, PhaseReport, PodRecord
from pytest_podshare.wiring.model import Wiring

# of more Pods than this, those that keep all their promises are folded up
_UNFOLDED = 6
_SIGNS = {HELD: "✓", BROKEN: "✗", UNKNOWN: "?", EXPECTED: "≈"}
_WORDS = {EXPECTED: "expected failure"}


@dataclasses.dataclass(frozen=True)
class RunInfo:
    """What a page says of its run, besides what the tests told.

    Args:
        project: whose tests they are.
        run: the run's id.
        stand_ins: images on the nodes that only carry the name of the real ones.
        capabilities: what the cluster was asked for: name → whether it is there, and why not.
    """

    project: str
    run: str
    stand_ins: Sequence[str] = ()
    capabilities: Mapping[str, tuple[bool, str]] = dataclasses.field(default_factory=dict)

    @property
    def versions(self) -> str:
        """Of what took part."""
        names = ("pytest-podshare", "pytest", "kubernetes")
        python = f"Python {platform.python_version()}"
        return ", ".join([*(f"{name} {metadata.version(name)}" for name in names), python])


@dataclasses.dataclass(frozen=True)
class PageEntry:
    """A check on the page; `anchor` is what links to it."""

    anchor: str
    check: Check
    verdict: str
    pod: PodRecord
    test: str

    @property
    def promise(self) -> str:
        """What was promised, in words."""
        return terminal_table.promise(self.check.assertion)

    @property
    def is_open(self) -> bool:
        """Whether a person has to read it."""
        return self.verdict in (BROKEN, UNKNOWN)


@dataclasses.dataclass(frozen=True)
class Section:
    """The Pods that were made alike of one manifest: their drawing and their checks."""

    anchor: str
    pod: PodRecord
    pods: Sequence[str]
    nodes: Sequence[str]
    entries: Sequence[PageEntry]
    is_open: bool

    @property
    def counts(self) -> Counter[str]:
        """How many checks of each verdict."""
        return Counter(entry.verdict for entry in self.entries)

    def drawing(self, *, narrow: bool) -> Markup:
        """Who mounts what where, by verdict."""
        # the one thing that is not escaped by the template: it is by `drawing`
        return Markup(svg.render_svg(self.pod.wiring, _verdicts(self.entries), narrow=narrow))  # noqa: S704 RUF100

    @property
    def mounts(self) -> list[tuple[str, str, str, str, str]]:
        """The same in words: container, mode, path, subPath, volume."""
        wiring = self.pod.wiring
        return [
            (
                text_table.format_title(container),
                text_table.format_mode(mount, volume),
                mount.path,
                mount.sub_path,
                text_table.format_heading(volume) if volume else mount.volume,
            )
            for container in wiring.containers
            for mount in container.mounts
            for volume in [wiring.volume(mount.volume)]
        ]


def write(path: Path, told: Sequence[PhaseReport], about: RunInfo) -> str:
    """Write the page; the line to say of it, also where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(told, about), encoding="utf-8")
    except OSError as error:
        return f"podshare: no report: {path} cannot be written: {error.strerror}"
    return f"podshare: report in {path}"


def render(told: Sequence[PhaseReport], about: RunInfo) -> str:
    """The page.

    Args:
        told: what all tests of the run told, in order.
        about: what else there is to say of the run.
    """
    checks = [check for each in told for check in each.checks]
    sections = _sections(checks)
    return load_template(Path(__file__).with_name("page.html.j2")).render(
        about=about,
        clusters=_clusters(checks),
        counts=Counter(check.verdict for check in checks),
        duration=terminal_table.duration,
        errors=_errors(told),
        sections=sections,
        signs=_SIGNS,
        tests=len({each.test for each in told}),
        verdicts=VERDICTS,
        when=_when(told),
        words=_WORDS,
    )


def _sections(checks: Iterable[CheckRecord]) -> list[Section]:
    """The checks by manifest and wiring; those that need a person come first."""
    alike: dict[str, list[PageEntry]] = {}
    for number, each in enumerate(checks, start=1):
        entry = PageEntry(f"check-{number}", each.check, each.verdict, each.pod, each.test)
        key = repr((each.pod.manifest, each.pod.kind, each.pod.stand_in, each.pod.wiring))
        alike.setdefault(key, []).append(entry)
    groups = sorted(alike.values(), key=lambda group: min(map(_urgency, group)))
    return [
        Section(
            anchor=f"pod-{number}",
            pod=group[0].pod,
            pods=list(dict.fromkeys(entry.check.pod for entry in group)),
            nodes=sorted({entry.pod.node for entry in group}),
            entries=sorted(group, key=_urgency),
            is_open=len(groups) <= _UNFOLDED or any(entry.is_open for entry in group),
        )
        for number, group in enumerate(groups, start=1)
    ]


def _urgency(entry: PageEntry) -> int:
    return VERDICTS.index(entry.verdict)


def _verdicts(entries: Iterable[PageEntry]) -> dict[tuple[str, str], str]:
    """The worst verdict of each mount, by container and path; none for what was meant to fail."""
    found: dict[tuple[str, str], str] = {}
    for entry in sorted(entries, key=_urgency, reverse=True):
        if entry.verdict != EXPECTED:
            for container, path in _mounts(entry.pod.wiring, entry.check):
                found[container, path] = entry.verdict
    return found


def _mounts(wiring: Wiring, check: Check) -> list[tuple[str, str]]:
    """The mounts that a check was about."""
    named = check.containers
    names = [each.name for each in wiring.containers]
    about = [name for name in names if name in named or not named]
    volumes: Iterable[str] = check.volumes
    if not volumes and len(about) == len(named) == 2:
        # one that failed before it named any: sure only where there is no choice
        mounted = ({each.volume for each in wiring.container(name).mounts} for name in about)
        common = set.intersection(*mounted)
        volumes = common if len(common) == 1 else ()
    return [
        (name, mount.path)
        for name in about
        for mount in wiring.container(name).mounts
        if mount.volume in volumes
    ]


def _errors(told: Iterable[PhaseReport]) -> list[tuple[str, list[str]]]:
    """The failures that no check tells, each with the tests that met it."""
    found: dict[str, list[str]] = {}
    for each in told:
        if each.error:
            found.setdefault(each.error, []).append(each.test)
    return list(found.items())


def _clusters(checks: Iterable[CheckRecord]) -> list[str]:
    clusters = dict.fromkeys(each.pod.cluster for each in checks)
    return [
        f"{each.provider} cluster {each.name}, Kubernetes {each.version}, {each.server}"
        for each in clusters
    ]


def _when(told: Sequence[PhaseReport]) -> str:
    """When it was, and how long it took; by the tests' own clocks."""
    if not told:
        return ""
    start, stop = min(each.start for each in told), max(each.stop for each in told)
    begun = datetime.datetime.fromtimestamp(start, tz=datetime.timezone.utc)
    return f"{begun:%Y-%m-%d %H:%M} UTC, {terminal_table.duration(stop - start)}"
