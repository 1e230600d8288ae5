"""The checks of a run by manifest, then by Pod template, as the table and the page show them."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from pytest_podshare.report.records import VERDICTS, CheckRecord, PodRecord


class _Records(Protocol):
    @property
    def records(self) -> Sequence[CheckRecord]: ...


class CheckGroup:
    """What all groups of checks have in common."""

    @functools.cached_property
    def counts(self: _Records) -> Counter[str]:
        """Return the number of checks of each verdict."""
        return Counter(record.verdict for record in self.records)

    @property
    def verdict(self: _Records) -> str:
        """Return the most urgent verdict."""
        return min((record.verdict for record in self.records), key=VERDICTS.index)

    @property
    def seconds(self: _Records) -> float:
        """Return how long all checks took."""
        return sum(record.check.seconds for record in self.records)

    @property
    def needs_attention(self: _Records) -> bool:
        """Return whether a person should read one of the checks."""
        return any(record.needs_attention for record in self.records)


@dataclasses.dataclass(frozen=True)
class ReasonGroup(CheckGroup):
    """Promises of a template that were not checked, all for the same reason.

    Args:
        headline: the first line of the reason.
        records: the promises.
    """

    headline: str
    records: tuple[CheckRecord, ...]


@dataclasses.dataclass(frozen=True)
class TemplateGroup(CheckGroup):
    """The checks of the Pods of one template: of the same manifest, name and wiring.

    Args:
        name: its kind and name: `Deployment/web`; with a number if other Pods have that name too.
        records: the checks, the most urgent first.
    """

    name: str
    records: tuple[CheckRecord, ...]

    @property
    def pod(self) -> PodRecord:
        """Return one of the Pods; one that was deployed, if there is one."""
        pods = [record.pod for record in self.records]
        return next((pod for pod in pods if pod.name), pods[0])

    @property
    def checked(self) -> tuple[CheckRecord, ...]:
        """Return the records of what was checked."""
        return tuple(record for record in self.records if record.is_checked)

    @property
    def unchecked(self) -> list[ReasonGroup]:
        """Return what was not checked, by the reason."""
        reasons: dict[tuple[str, str, object], list[CheckRecord]] = {}
        for record in self.records:
            if not record.is_checked:
                check = record.check
                key = (record.verdict, check.headline, check.facts)
                reasons.setdefault(key, []).append(record)
        return [ReasonGroup(key[1], tuple(records)) for key, records in reasons.items()]


@dataclasses.dataclass(frozen=True)
class ManifestGroup(CheckGroup):
    """The templates of one manifest or chart.

    Args:
        name: its path.
        templates: its Pod templates.
    """

    name: str
    templates: tuple[TemplateGroup, ...]

    @functools.cached_property
    def records(self) -> tuple[CheckRecord, ...]:
        """Return the checks of all templates."""
        return tuple(record for template in self.templates for record in template.records)


def group_by_manifest(records: Iterable[CheckRecord]) -> tuple[ManifestGroup, ...]:
    """Return the checks by manifest and template, in the order of the run."""
    manifests: dict[str, dict[str, list[CheckRecord]]] = {}
    for record in records:
        templates = manifests.setdefault(record.pod.manifest, {})
        templates.setdefault(record.pod.template, []).append(record)
    return tuple(
        ManifestGroup(name, tuple(_group_by_template(templates)))
        for name, templates in manifests.items()
    )


def put_urgent_first(manifests: Iterable[ManifestGroup]) -> tuple[ManifestGroup, ...]:
    """Return the manifests, and the templates of each, with what is most urgent first."""
    in_order = (
        dataclasses.replace(group, templates=tuple(sorted(group.templates, key=_urgency)))
        for group in manifests
    )
    return tuple(sorted(in_order, key=_urgency))


def _group_by_template(templates: dict[str, list[CheckRecord]]) -> Iterable[TemplateGroup]:
    for name, records in templates.items():
        groups = list(_group_by_wiring(records))
        for number, group in enumerate(groups, start=1):
            title = name if len(groups) == 1 else f"{name} ({number})"
            in_order = sorted(group, key=lambda record: VERDICTS.index(record.verdict))
            yield TemplateGroup(title, tuple(in_order))


def _group_by_wiring(records: Iterable[CheckRecord]) -> Iterable[list[CheckRecord]]:
    """Return the checks by the Pods' wiring; promises that were not checked join the first Pod."""
    groups: dict[str, list[CheckRecord]] = {}
    unchecked = []
    for record in records:
        if record.is_checked:
            # a wiring has mappings, which cannot be keys
            key = repr((record.pod.stand_in, record.pod.wiring))
            groups.setdefault(key, []).append(record)
        else:
            unchecked.append(record)
    if not groups:
        return [unchecked]
    first = next(iter(groups.values()))
    first += unchecked
    return groups.values()


def _urgency(group: TemplateGroup | ManifestGroup) -> int:
    return VERDICTS.index(group.verdict)
