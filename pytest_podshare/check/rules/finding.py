"""Rules, the issues that they detect, and the findings that issues become."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Literal

from pytest_podshare.manifests.position import Position
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.templates import Template

Severity = Literal["error", "warning", "info"]

# the worst first
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclasses.dataclass(frozen=True)
class Finding:
    """A problem in a Pod template, or a fact about it that is good to know.

    Args:
        rule: the id of the rule.
        severity: `error`, `warning` or `info`.
        message: what is wrong, in one line that names the container, volume and path.
        fix: what to do, in one line.
        file: the origin of the template, for messages.
        line: the line of the mount, volume or container; 0 if unknown.
        column: the column; 0 if unknown.
        subject: the object that creates the Pods: `Deployment/web`.
        container: the name of the container; "" if the finding is not about one.
        volume: the name of the volume; "" if the finding is not about one.
        path: the path in the container; "" for none.
    """

    rule: str
    severity: Severity
    message: str
    fix: str
    file: str
    line: int
    column: int
    subject: str
    container: str = ""
    volume: str = ""
    path: str = ""


@dataclasses.dataclass(frozen=True)
class Issue:
    """What a rule's function reports; the rule adds the rest of the finding.

    Args:
        at: the position in the manifest; None if unknown.
        severity: the severity if it differs from the rule's; None for the rule's. The other fields
            are the finding's.
    """

    message: str
    fix: str
    at: Position | None
    container: str = ""
    volume: str = ""
    path: str = ""
    severity: Severity | None = None


def mount_issue(container: ContainerSpec, mount: VolumeMount, detail: str, fix: str) -> Issue:
    """Return an issue with a mount; `detail` completes the sentence that names it."""
    place = f" at {mount.path}" if mount.path else ""
    message = f"container {container.name!r} mounts volume {mount.volume!r}{place}{detail}"
    return Issue(message, fix, mount.position, container.name, mount.volume, mount.path)


def volume_issue(
    volume: VolumeSpec, detail: str, fix: str, *, severity: Severity | None = None
) -> Issue:
    """Return an issue with a volume; `detail` completes the sentence that names it."""
    message = f"volume {volume.name!r}{detail}"
    return Issue(message, fix, volume.position, volume=volume.name, severity=severity)


def container_issue(container: ContainerSpec, detail: str, fix: str, *, path: str = "") -> Issue:
    """Return an issue with a container; `detail` completes the sentence that names it."""
    message = f"container {container.name!r}{detail}"
    return Issue(message, fix, container.position, container.name, path=path)


Detector = Callable[[Template, Wiring], Iterable[Issue]]


@dataclasses.dataclass(frozen=True)
class Rule:
    """A kind of mistake, and the function that detects it.

    Args:
        id: the name of the rule, in kebab case.
        severity: the highest severity of its findings: `error` if the API server or the kubelet
            rejects it, or if it cannot work; `warning` if it causes problems in practice; `info` if
            it is good to know.
        summary: what it finds, in one sentence.
        page: its documentation, as a path from the root of the repository with an anchor.
        detect: the function.
        by_default: whether it is applied unless it is ignored, rather than only if it is enabled.
        on_windows: whether it is applied to Pods on Windows, which have no modes and other mounts.
    """

    id: str
    severity: Severity
    summary: str
    page: str
    detect: Detector = dataclasses.field(repr=False)
    by_default: bool = True
    on_windows: bool = True

    def report(self, issue: Issue, template: Template) -> Finding:
        """Return the finding of an issue that `detect` yields for a template."""
        line, column = issue.at or (0, 0)
        return Finding(
            rule=self.id,
            severity=issue.severity or self.severity,
            message=issue.message,
            fix=issue.fix,
            file=template.origin,
            line=line,
            column=column,
            subject=str(template),
            container=issue.container,
            volume=issue.volume,
            path=issue.path,
        )


def rule(
    severity: Severity, *, by_default: bool = True, on_windows: bool = True
) -> Callable[[Detector], Rule]:
    """Turn a function into a rule: its name is the id, its docstring the summary."""

    def decorate(detect: Detector) -> Rule:
        name = detect.__name__.replace("_", "-")
        topic = detect.__module__.rpartition(".")[2].replace("_", "-")
        summary = (detect.__doc__ or "").splitlines()[0]
        page = f"docs/rules/{topic}.md#{name}"
        return Rule(name, severity, summary, page, detect, by_default, on_windows)

    return decorate
