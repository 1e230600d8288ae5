"""The wirings of a result as text tables, or as one diagram of all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from pytest_podshare.check.checker import CheckResult, ManifestResult, TemplateResult
from pytest_podshare.check.manifest_input import Input
from pytest_podshare.diagrams.marks import SIGN, Marks, find_marks
from pytest_podshare.diagrams.text_table import render_table
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import Wiring

KINDS = ("text", "mermaid", "svg")
_LEGEND = f"{SIGN} is what a finding is about"


@dataclasses.dataclass(frozen=True)
class _WiringGroup:
    """One wiring, which several renderings of a chart or of overlays may have in common."""

    subject: str
    wiring: Wiring
    marks: Marks
    manifests: tuple[Input, ...]

    @property
    def title(self) -> str:
        """Return `charts/web (default values) and 59 more value files: Deployment/web`."""
        first = self.manifests[0]
        job, more = first.job, ""
        if job is not None:
            same = {manifest.job.origin for manifest in self.manifests if manifest.job is not None}
            noun = "value file" if job.is_chart else "overlay"
            count = len(same) - 1
            more = f" and {count} more {noun}{'s' if count > 1 else ''}" if count else ""
        return f"{first.origin}{more}: {self.subject}"


def render(result: CheckResult, kind: str, width: int | None = None) -> str:
    """Return the tables or the diagram.

    Args:
        result: the result, which has kept its wirings.
        kind: one of `KINDS`.
        width: the available columns for text; None for unlimited.
    """
    groups = _collect(result.manifests)
    titles = [(group.title, group.wiring) for group in groups]
    marks = [group.marks for group in groups]
    if kind == "mermaid":
        from pytest_podshare.diagrams import mermaid

        return mermaid.render_mermaid(titles, marks)
    if kind == "svg":
        from pytest_podshare.diagrams import svg

        return svg.render_sheet(titles, marks)
    return "\n".join(_render_text(group, width) for group in groups)


def _render_text(group: _WiringGroup, width: int | None) -> str:
    table = render_table(group.wiring, width, group.marks)
    legend = f"{_LEGEND}\n" if group.marks else ""
    return f"{printable(group.title)}\n{table}\n{legend}"


def _collect(manifests: Iterable[ManifestResult]) -> list[_WiringGroup]:
    """Return one drawing for all renderings in which a Pod template has the same one."""
    found: dict[object, _WiringGroup] = {}
    for checked in manifests:
        for template in checked.templates:
            if template.wiring is None:
                continue
            marks = _find_marks(template, template.wiring)
            group = _WiringGroup(template.subject, template.wiring, marks, (checked.manifest,))
            key = _identify(group, len(found))
            if key in found:
                same = (*found[key].manifests, checked.manifest)
                group = dataclasses.replace(found[key], manifests=same)
            found[key] = group
    return list(found.values())


def _find_marks(template: TemplateResult, wiring: Wiring) -> Marks:
    # an info may be intended
    places = (
        (finding.container, finding.volume, finding.path)
        for finding in template.findings
        if finding.severity != "info"
    )
    return find_marks(wiring, places)


def _identify(group: _WiringGroup, number: int) -> object:
    """Return what the same wirings have in common; only those of renderings can be the same."""
    job = group.manifests[0].job
    if job is None:
        return number
    # all overlays are taken for variants of one another
    chart = job.folder if job.is_chart else None
    return chart, group.subject, render_table(group.wiring, None, group.marks)
