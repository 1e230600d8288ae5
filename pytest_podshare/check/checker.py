"""The check of manifests: what the rules find in each, or why it could not be checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from pytest_podshare import errors
from pytest_podshare.check import rules
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.check.rules import Finding
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import find_templates


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
        problem: why it could not be checked; None if it was.
    """

    manifest: Input
    templates: tuple[TemplateResult, ...] = ()
    problem: errors.PodshareError | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings in all of its templates."""
        return tuple(finding for template in self.templates for finding in template.findings)


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """The result for all manifests.

    Args:
        manifests: the results for each manifest.
        input_problems: why other inputs could not be found, read or rendered.
        fail_on: the lowest severity that counts as a failure.
    """

    manifests: tuple[ManifestResult, ...]
    input_problems: tuple[errors.PodshareError, ...] = ()
    fail_on: rules.Severity = "warning"

    @property
    def problems(self) -> tuple[errors.PodshareError, ...]:
        """Return the reasons for everything that could not be checked."""
        problems = (checked.problem for checked in self.manifests)
        return (*self.input_problems, *(problem for problem in problems if problem is not None))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return all findings."""
        return tuple(finding for finding, _ in self.located_findings())

    @property
    def templates(self) -> tuple[TemplateResult, ...]:
        """Return the results for all Pod templates."""
        return tuple(template for checked in self.manifests for template in checked.templates)

    def located_findings(self) -> Iterator[tuple[Finding, Input]]:
        """Yield all findings, each with its manifest."""
        for checked in self.manifests:
            for finding in checked.findings:
                yield finding, checked.manifest

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
    """Return the result for a manifest; None if it was not named and is not a manifest.

    Args:
        manifest: the manifest.
        settings: the settings of the project.
        keep_wiring: whether to keep the wirings in the result.
    """
    try:
        source = manifest.read()
        if not any(_is_kubernetes(entry) for entry in source.objects):
            if not manifest.named:
                return None
            raise errors.NotAPod(
                f"{manifest.origin} contains no Kubernetes object.",
                "Pass a manifest: YAML or JSON with an apiVersion and a kind.",
            )
        results = [
            TemplateResult(
                str(template),
                rules.check(template, ignore=settings.ignore, enable=settings.enable),
                template.wiring if keep_wiring else None,
            )
            for template in find_templates(source, settings.pod_templates)
        ]
        return ManifestResult(manifest, tuple(results))
    except errors.PodshareError as error:
        return ManifestResult(manifest, problem=error)


def check_all(
    manifests: Iterable[Input], settings: ProjectSettings, *, keep_wiring: bool = False
) -> tuple[ManifestResult, ...]:
    """Return the results for all manifests; files that are not manifests are left out."""
    results = (check(manifest, settings, keep_wiring=keep_wiring) for manifest in manifests)
    return tuple(result for result in results if result is not None)


def _is_kubernetes(entry: dict[str, object]) -> bool:
    return isinstance(entry.get("apiVersion"), str) and isinstance(entry.get("kind"), str)
