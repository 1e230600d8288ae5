"""What a rule has to say about a Pod template, and the rules themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from pytest_podshare.manifests.position import Position

if TYPE_CHECKING:
    from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
    from pytest_podshare.wiring.templates import Template

Severity = Literal["error", "warning", "info"]

# the worst first
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a Pod template, or good to know of it.

    Args:
        rule: id of the rule.
        severity: `error`, `warning` or `info`.
        message: one line: what is the matter, naming container, volume and path.
        fix: one line: what to do.
        file: where the template came from, for messages.
        line: of the mount, volume or container it is about; 0 where nobody knows.
        column: likewise.
        subject: what makes the Pods: `Deployment/web`.
        container: its name; "" for a finding about no container.
        volume: its name; "" for a finding about no volume.
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
class Remark:
    """What a rule's function says; the rule makes a finding of it.

    Args:
        message: as in the finding.
        fix: as in the finding.
        at: the place in the text; None where nobody knows.
        container: as in the finding.
        volume: as in the finding.
        path: as in the finding.
    """

    message: str
    fix: str
    at: Position | None
    container: str = ""
    volume: str = ""
    path: str = ""


def of_mount(container: ContainerSpec, mount: VolumeMount, matter: str, fix: str) -> Remark:
    """A remark about a mount; `matter` ends the sentence that names it."""
    place = f" at {mount.path}" if mount.path else ""
    message = f"container {container.name!r} mounts volume {mount.volume!r}{place}{matter}"
    return Remark(message, fix, mount.position, container.name, mount.volume, mount.path)


def of_volume(volume: VolumeSpec, matter: str, fix: str) -> Remark:
    """A remark about a volume; `matter` ends the sentence that names it."""
    return Remark(f"volume {volume.name!r}{matter}", fix, volume.position, volume=volume.name)


def of_container(container: ContainerSpec, matter: str, fix: str, *, path: str = "") -> Remark:
    """A remark about a container; `matter` ends the sentence that names it."""
    message = f"container {container.name!r}{matter}"
    return Remark(message, fix, container.position, container.name, path=path)


Looks = Callable[["Template", "Wiring"], Iterable[Remark]]


@dataclasses.dataclass(frozen=True)
class Rule:
    """One thing to look for.

    Args:
        id: its name, in kebab case.
        severity: of all its findings. An error is what the API server or the kubelet refuses, or
            what certainly does not work; a warning bites in practice; an info is good to know.
        summary: what it finds, in one sentence.
        page: the page about it, from the root of the repository, with an anchor.
        looks: finds it.
    """

    id: str
    severity: Severity
    summary: str
    page: str
    looks: Looks = dataclasses.field(repr=False)

    def findings(self, template: Template) -> Iterator[Finding]:
        """What it has to say about that template."""
        for remark in self.looks(template, template.wiring):
            line, column = remark.at or (0, 0)
            yield Finding(
                rule=self.id,
                severity=self.severity,
                message=remark.message,
                fix=remark.fix,
                file=template.origin,
                line=line,
                column=column,
                subject=f"{template.kind}/{template.name}",
                container=remark.container,
                volume=remark.volume,
                path=remark.path,
            )


def rule(severity: Severity) -> Callable[[Looks], Rule]:
    """Make a rule of a function: its name is the id, its docstring the summary."""

    def make(looks: Looks) -> Rule:
        name = looks.__name__.replace("_", "-")
        topic = looks.__module__.rpartition(".")[2].replace("_", "-")
        summary = (looks.__doc__ or "").splitlines()[0]
        return Rule(name, severity, summary, f"docs/rules/{topic}.md#{name}", looks)

    return make
