"""Distinct findings: the same one in several renderings of a chart or of a base is told once."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_podshare.check import overlay_families, rendering
from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.rules import Finding
from pytest_podshare.check.template_lines import TemplateText
from pytest_podshare.manifests.position import Position

# a line of the manifest in the message of a finding
LINE = re.compile(r"\bline (\d+)\b")


@dataclasses.dataclass(frozen=True)
class DistinctFinding:
    """A finding, and in which renderings it was found.

    Args:
        finding: the finding in the first of them; its position is that in the rendered text.
        manifest: the manifest of that finding.
        places: the renderings in which it was found: `ci/tls-values.yaml`; empty if its manifest
            was not rendered.
        total: the number of renderings of the same chart or family of overlays.
        position: the position in the manifest's file; None if it is unknown.
    """

    finding: Finding
    manifest: Input
    places: tuple[str, ...] = ()
    total: int = 0
    position: Position | None = None

    @property
    def location(self) -> str:
        """Return `charts/web/templates/web.yaml:12:9`, or if unknown, the line of the rendering."""
        if self.manifest.rendered and self.position is not None:
            return f"{self.manifest.path}:{self.position.line}:{self.position.column}"
        numbers = [str(number) for number in (self.finding.line, self.finding.column) if number]
        return ":".join([self.finding.file, *numbers])

    @property
    def scope(self) -> str:
        """Return ` (in 49 of 60 value files, such as ci/tls-values.yaml)`; "" for the only one."""
        if self.total < 2:
            return ""
        job = self.manifest.job
        kind = "value files" if job is not None and job.is_chart else "overlays"
        kind = "renderings" if job is not None and job.is_release else kind
        if len(self.places) == self.total:
            return f" (in all {self.total} {kind})"
        example = "" if self.places[0] in self.location else self.places[0]
        if example:
            example = f": {example}" if len(self.places) == 1 else f", such as {example}"
        return f" (in {len(self.places)} of {self.total} {kind}{example})"


def move(finding: Finding, file: str, lines: int) -> Finding:
    """Return the finding in another file with the same text, by so many lines further down."""

    def move_line(match: re.Match[str]) -> str:
        return f"line {int(match[1]) + lines}"

    return dataclasses.replace(
        finding,
        file=file,
        line=finding.line and finding.line + lines,
        message=LINE.sub(move_line, finding.message),
    )


def collect(
    findings: Iterable[tuple[Finding, Input]], manifests: Iterable[Input]
) -> tuple[DistinctFinding, ...]:
    """Return the distinct ones of findings, in the order of the findings.

    Args:
        findings: the findings, each with its manifest.
        manifests: all manifests that were checked.
    """
    jobs = {manifest.job for manifest in manifests if manifest.job is not None}
    overlays = sorted({job.folder for job in jobs if not job.is_chart})
    families = overlay_families.find_families(overlays)
    roots = {job: families.get(job.folder, (job.folder, 0)) for job in jobs}
    groups: dict[object, list[tuple[Finding, Input]]] = {}
    for index, (finding, manifest) in enumerate(findings):
        key = index if manifest.job is None else _identify(finding, manifest, roots)
        groups.setdefault(key, []).append((finding, manifest))
    totals: dict[Path, int] = {}
    for root, _ in roots.values():
        totals[root] = totals.get(root, 0) + 1
    texts: dict[Path, TemplateText | None] = {}
    merged: dict[object, DistinctFinding] = {}
    for key, group in groups.items():
        distinct = _summarize(group, roots, totals, texts)
        key = _identify_line(distinct) or key
        merged[key] = _merge(merged[key], distinct) if key in merged else distinct
    return tuple(merged.values())


_Roots = Mapping[rendering.RenderJob, tuple[Path, int]]


def _identify(finding: Finding, manifest: Input, roots: _Roots) -> object:
    assert manifest.job is not None, "a manifest that was rendered"
    root, _ = roots[manifest.job]
    names = (finding.subject, finding.container, finding.volume, finding.path)
    template = manifest.path if manifest.job.is_chart else None
    return root, template, finding.rule, finding.severity, LINE.sub("", finding.message), names


def _identify_line(distinct: DistinctFinding) -> object | None:
    """Return what objects of several names have in common that one line of a template creates."""
    if distinct.position is None or not distinct.manifest.rendered:
        return None
    finding = distinct.finding
    names = (finding.container, finding.volume, finding.path)
    return distinct.manifest.path, distinct.position, finding.rule, finding.severity, names


def _summarize(
    group: list[tuple[Finding, Input]],
    roots: _Roots,
    totals: Mapping[Path, int],
    texts: dict[Path, TemplateText | None],
) -> DistinctFinding:
    finding, manifest = group[0]
    if manifest.job is None:
        is_known = finding.line and not manifest.rendered
        position = Position(finding.line, finding.column) if is_known else None
        return DistinctFinding(finding, manifest, position=position)
    # a base before the overlays that build on it
    in_order = sorted(group, key=lambda entry: roots[entry[1].job][1] if entry[1].job else 0)
    finding, manifest = in_order[0]
    job = manifest.job
    places = dict.fromkeys(
        other.job.name if other.job.is_chart else str(other.job.folder)
        for _, other in in_order
        if other.job is not None
    )
    assert job is not None, "a manifest that was rendered"
    located, position = _locate(finding, manifest, texts)
    return DistinctFinding(located, manifest, tuple(places), totals[roots[job][0]], position)


def _locate(
    finding: Finding, manifest: Input, texts: dict[Path, TemplateText | None]
) -> tuple[Finding, Position | None]:
    """Return a finding whose message has the lines of the template, and its position there."""
    path = manifest.path
    if path is None or not finding.line or manifest.job is None or not manifest.job.is_chart:
        return finding, None
    if path not in texts:
        texts[path] = _read(path)
    text = texts[path]
    if text is None:
        return finding, None
    rendered = manifest.content.decode(errors="replace").split("\n")
    position = text.locate(rendered, Position(finding.line, finding.column))
    if position is None:
        return finding, None

    def translate(match: re.Match[str]) -> str:
        other = text.locate(rendered, Position(int(match[1]), 1))
        return f"line {other.line}" if other else f"line {match[1]} of Helm's output"

    message = LINE.sub(translate, finding.message)
    return dataclasses.replace(finding, message=message), position


def _read(path: Path) -> TemplateText | None:
    try:
        return TemplateText.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):  # a packed chart, or the folder of one
        return None


def _merge(distinct: DistinctFinding, other: DistinctFinding) -> DistinctFinding:
    places = dict.fromkeys((*distinct.places, *other.places))
    return dataclasses.replace(distinct, places=tuple(places))
