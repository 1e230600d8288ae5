"""The check of manifests: what the rules find in each, or why it could not be checked."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any

from pytest_podshare import errors
from pytest_podshare.check import distinct_findings, rules
from pytest_podshare.check.distinct_findings import DistinctFinding
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.check.renders import Renders
from pytest_podshare.check.repeated_texts import RepeatedTexts
from pytest_podshare.check.rules import Finding
from pytest_podshare.check.rules.duplicate_keys import duplicate_key
from pytest_podshare.manifests.source import Source
from pytest_podshare.wiring.kubelet_sources import list_references
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.render_objects import Reference
from pytest_podshare.wiring.templates import read_templates, wrap_object


@dataclasses.dataclass(frozen=True)
class TemplateResult:
    """The findings in one Pod template.

    It must not refer to the source text: the texts of ten thousand manifests would not fit.

    Args:
        subject: the object that creates the Pods: `Deployment/web`.
        findings: the findings, in the order of the text.
        wiring: the wiring of the Pod, if it is needed for a graph; else None.
    """

    subject: str
    findings: tuple[Finding, ...]
    wiring: Wiring | None = None


@dataclasses.dataclass(frozen=True)
class ManifestResult:
    """The result for one manifest.

    Args:
        manifest: the manifest.
        templates: the results for its Pod templates.
        others: the results for its other objects, as far as they have findings.
        problems: why it could not be checked, or why parts of it could not.
    """

    manifest: Input
    templates: tuple[TemplateResult, ...] = ()
    others: tuple[TemplateResult, ...] = ()
    problems: tuple[errors.PodshareError, ...] = ()

    @property
    def is_checked(self) -> bool:
        """Return whether at least a part of it could be checked."""
        return bool(self.templates) or not self.problems

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings in all of its templates and other objects."""
        results = (*self.templates, *self.others)
        return tuple(finding for result in results for finding in result.findings)


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """The result for all manifests.

    Args:
        manifests: the results for each manifest.
        input_problems: why other inputs could not be found, read or rendered.
        fail_on: the lowest severity that counts as a failure.
        limit: the number of findings that are shown to people; 0 for all.
    """

    manifests: tuple[ManifestResult, ...]
    input_problems: tuple[errors.PodshareError, ...] = ()
    fail_on: rules.Severity = "warning"
    limit: int = 0

    @property
    def problems(self) -> tuple[errors.PodshareError, ...]:
        """Return the reasons for everything that could not be checked."""
        problems = (problem for checked in self.manifests for problem in checked.problems)
        return (*self.input_problems, *problems)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, each once."""
        return tuple(distinct.finding for distinct in self.distinct_findings)

    @functools.cached_property
    def distinct_findings(self) -> tuple[DistinctFinding, ...]:
        """Return what was found, once for all renderings of a chart or of an overlay's base."""
        located = (
            (finding, checked.manifest)
            for checked in self.manifests
            for finding in checked.findings
        )
        return distinct_findings.collect(located, (checked.manifest for checked in self.manifests))

    @property
    def shown_findings(self) -> tuple[DistinctFinding, ...]:
        """Return the findings that are shown to people: the most severe, if there are too many."""
        if not self.limit or len(self.distinct_findings) <= self.limit:
            return self.distinct_findings
        by_severity = sorted(
            self.distinct_findings,
            key=lambda distinct: rules.SEVERITIES.index(distinct.finding.severity),
        )
        return tuple(by_severity[: self.limit])

    @property
    def templates(self) -> tuple[TemplateResult, ...]:
        """Return the results for all Pod templates."""
        return tuple(template for checked in self.manifests for template in checked.templates)

    def is_failure(self, finding: Finding) -> bool:
        """Return whether a finding is severe enough to count as a failure."""
        return rules.SEVERITIES.index(finding.severity) <= rules.SEVERITIES.index(self.fail_on)

    @property
    def exit_code(self) -> int:
        """Return 0 for no failures, 1 for failures, 2 if something could not be checked."""
        if self.problems:
            return 2
        return int(any(self.is_failure(finding) for finding in self.findings))


def check(
    manifest: Input, settings: ProjectSettings, *, keep_wiring: bool = False
) -> ManifestResult | None:
    """Return the result for a manifest alone; None if it was not named and is not a manifest.

    Args:
        manifest: the manifest.
        settings: the settings of the project.
        keep_wiring: whether to keep the wirings in the result.
    """
    version = settings.rendering.find_kube_version(manifest.chart)
    return _check(manifest, Renders([manifest]), version, settings, keep_wiring=keep_wiring)[0]


def _check(
    manifest: Input, renders: Renders, version: str, settings: ProjectSettings, *, keep_wiring: bool
) -> tuple[ManifestResult | None, tuple[Reference, ...]]:
    """Return the result for a manifest, and if it was rendered, its references to objects."""
    objects, parts = renders.find_objects(manifest), renders.read_parts(manifest)
    problems = [part for part in parts if isinstance(part, errors.ManifestError)]
    sources = [part for part in parts if isinstance(part, Source)]
    if not problems and not any(map(_is_kubernetes, sources)):
        return _describe_foreign(manifest), ()
    templates: list[TemplateResult] = []
    others: list[TemplateResult] = []
    references: dict[Reference, None] = {}
    for source in sources:
        for subject in source.objects:
            try:
                found = read_templates(source, subject, settings.pod_templates)
                if not found and source.duplicate_keys:
                    others += _check_object(source, subject, settings)
                for template in found:
                    template = dataclasses.replace(template, render=objects, kubernetes=version)
                    findings = rules.check(template, ignore=settings.ignore, enable=settings.enable)
                    kept = template.wiring if keep_wiring else None
                    templates.append(TemplateResult(str(template), findings, kept))
                    if manifest.job is not None:
                        references |= dict.fromkeys(list_references(template))
            except errors.ManifestError as error:
                problems.append(error)
    # the same comment may be wrong for every template
    unique = {str(problem): problem for problem in problems}
    result = ManifestResult(manifest, tuple(templates), tuple(others), tuple(unique.values()))
    return result, tuple(references)


def _check_object(
    source: Source, subject: dict[str, Any], settings: ProjectSettings
) -> Iterator[TemplateResult]:
    """Yield the result for an object without a Pod template, if it has a key twice."""
    if not isinstance(subject.get("kind"), str):
        return
    template = wrap_object(source, subject)
    findings = rules.check(template, ignore=settings.ignore, enable=settings.enable)
    if found := tuple(finding for finding in findings if finding.rule == duplicate_key.id):
        yield TemplateResult(str(template), found)


def check_all(
    manifests: Iterable[Input], settings: ProjectSettings, *, keep_wiring: bool = False
) -> tuple[ManifestResult, ...]:
    """Return the results for all manifests; files that are not manifests are left out."""
    manifests = tuple(manifests)
    renders = Renders(manifests)
    repeated: RepeatedTexts[ManifestResult | None] = RepeatedTexts()
    results: list[ManifestResult] = []
    for manifest in manifests:
        objects = renders.find_objects(manifest)
        version = settings.rendering.find_kube_version(manifest.chart)
        if (known := repeated.find(manifest, objects, version)) is not None:
            result = known[0] and _move(known[0], manifest, lines=known[1])
        else:
            result, references = _check(
                manifest, renders, version, settings, keep_wiring=keep_wiring
            )
            if result is None or not result.problems:
                repeated.add(manifest, objects, version, references, result)
        if result is not None:
            results.append(result)
    return tuple(results)


def _move(result: ManifestResult, manifest: Input, lines: int) -> ManifestResult:
    """Return the result for a manifest with the same text, by so many lines further down."""

    def move(template: TemplateResult) -> TemplateResult:
        moved = (
            distinct_findings.move(finding, manifest.origin, lines) for finding in template.findings
        )
        return dataclasses.replace(template, findings=tuple(moved))

    return ManifestResult(
        manifest, tuple(map(move, result.templates)), tuple(map(move, result.others))
    )


def _is_kubernetes(source: Source) -> bool:
    return any(
        isinstance(entry.get("apiVersion"), str) and isinstance(entry.get("kind"), str)
        for entry in source.objects
    )


def _describe_foreign(manifest: Input) -> ManifestResult | None:
    if not manifest.named:
        return None
    problem = "contains no Kubernetes object" if manifest.content.strip() else "is empty"
    error = errors.NotAPod(
        f"{manifest.origin} {problem}.",
        "Pass a manifest: YAML or JSON with an apiVersion and a kind.",
    )
    return ManifestResult(manifest, problems=(error,))
