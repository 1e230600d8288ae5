"""One manifest, checked: its Pod templates, what the rules find in them, or why it cannot be."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from pytest_podshare import errors
from pytest_podshare.check import rules
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rules import Finding
from pytest_podshare.check.settings import Settings
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import Template, find_templates


@dataclasses.dataclass(frozen=True)
class TemplateResult:
    """What the rules find in one Pod template.

    Nothing here leads back to the whole text: ten thousand manifests would not fit.

    Args:
        subject: what makes the Pods: `Deployment/web`.
        findings: in the order of the text.
        wiring: who mounts what where, for whoever wants to draw it; else None.
    """

    subject: str
    findings: tuple[Finding, ...]
    wiring: Wiring | None = None


@dataclasses.dataclass(frozen=True)
class Checked:
    """What became of one manifest.

    Args:
        given: the manifest.
        pods: its Pod templates.
        problem: why it could not be checked; None if it was.
    """

    given: Input
    pods: tuple[TemplateResult, ...] = ()
    problem: errors.PodshareError | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found in it."""
        return tuple(finding for pod in self.pods for finding in pod.findings)


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of all of them.

    Args:
        checked: the manifests.
        problems: what was not even found.
        fail_on: the least severity that counts as a failure.
    """

    checked: tuple[Checked, ...]
    problems: tuple[errors.PodshareError, ...] = ()
    fail_on: rules.Severity = "warning"

    @property
    def all_problems(self) -> tuple[errors.PodshareError, ...]:
        """Everything that could not be checked."""
        own = (each.problem for each in self.checked)
        return (*self.problems, *(problem for problem in own if problem is not None))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found."""
        return tuple(finding for one in self.checked for finding in one.findings)

    @property
    def pods(self) -> tuple[TemplateResult, ...]:
        """Every Pod template."""
        return tuple(pod for one in self.checked for pod in one.pods)

    def fails(self, finding: Finding) -> bool:
        """Whether a finding is severe enough to be a failure."""
        return rules.SEVERITIES.index(finding.severity) <= rules.SEVERITIES.index(self.fail_on)

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 2 what could not be checked."""
        if self.all_problems:
            return 2
        return int(any(self.fails(finding) for finding in self.findings))


def check(given: Input, settings: Settings, *, wirings: bool = False) -> Checked | None:
    """What the rules find in a manifest; None for a file that was found and is none.

    Args:
        given: the manifest.
        settings: what the project wants.
        wirings: whether to keep the wirings.
    """
    try:
        source = given.read()
        if not any(_is_kubernetes(each) for each in source.objects):
            return _no_manifest(given) if given.named else None
        found = find_templates(source, settings.pod_templates)
        return Checked(given, tuple(_judged(each, settings, wirings) for each in found))
    except errors.PodshareError as error:
        return Checked(given, problem=error)


def check_all(
    inputs: Iterable[Input], settings: Settings, *, wirings: bool = False
) -> tuple[Checked, ...]:
    """What the rules find in each of them."""
    each = (check(given, settings, wirings=wirings) for given in inputs)
    return tuple(checked for checked in each if checked is not None)


def _judged(template: Template, settings: Settings, wirings: bool) -> TemplateResult:
    findings = rules.check(template, ignore=settings.ignore)
    return TemplateResult(str(template), findings, template.wiring if wirings else None)


def _is_kubernetes(thing: dict[str, object]) -> bool:
    return isinstance(thing.get("apiVersion"), str) and isinstance(thing.get("kind"), str)


def _no_manifest(given: Input) -> Checked:
    error = errors.NotAPod(
        f"{given.origin} holds no Kubernetes object.",
        "Give a manifest: YAML or JSON with an apiVersion and a kind.",
    )
    return Checked(given, problem=error)
