"""Volumes that are rejected, or taken for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_podshare.check.rules import volume_sources
from pytest_podshare.check.rules.finding import Issue, rule, volume_issue
from pytest_podshare.check.rules.similar_names import find_nearest
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.model import VolumeSpec, Wiring
from pytest_podshare.wiring.templates import Template

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
# the comment of `helm template`
_FROM_CHART = re.compile(r"^# Source: \S+/templates/", re.M)


@rule("error")
def duplicate_volume(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Two volumes of a Pod have the same name."""
    by_name: dict[str, VolumeSpec] = {}
    for volume in template.declared.volumes:
        first = by_name.setdefault(volume.name, volume)
        if first is not volume:
            line = f" (first on line {first.position.line})" if first.position else ""
            yield volume_issue(volume, f" is declared twice{line}", "Remove or rename one of them.")


@rule("error")
def invalid_volume_name(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A volume's name is not a DNS label."""
    for volume in template.declared.volumes:
        if not _LABEL.fullmatch(volume.name):
            detail = " has a name that is not a DNS label"
            fix = "Use at most 63 of a-z, 0-9 and '-'; begin and end with a letter or digit."
            yield volume_issue(volume, detail, fix)


@rule("error")
def several_volume_sources(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A volume has more than one source."""
    for volume in template.declared.volumes:
        kinds = volume_sources.list_kinds(volume)
        if len(kinds) > 1:
            detail = f" has {len(kinds)} sources: {' and '.join(kinds)}"
            yield volume_issue(volume, detail, "Keep one, or declare two volumes.")


@rule("error")
def invalid_volume_source(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A volume's source lacks a required field or has an invalid value."""
    for volume in _with_one_source(template):
        for error in volume_sources.find_errors(volume.kind, volume.facts, volume.kinds):
            issue = volume_issue(volume, f": {error.detail}", error.fix)
            if error.empty_field and _FROM_CHART.search(template.source.text):
                fix = f"Set the value of the chart that {error.empty_field} is made of."
                detail = f": {error.detail} with these values"
                issue = volume_issue(volume, detail, fix, severity="info")
            yield issue


@rule("error")
def invalid_size_limit(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """The sizeLimit of an emptyDir is negative, or not a quantity."""
    for volume in _with_one_source(template):
        amount = quantity.parse(volume.size_limit)
        if volume.size_limit and (amount is None or amount.numerator < 0):
            reason = "is not a quantity" if amount is None else "is negative"
            detail = f" has sizeLimit {volume.size_limit!r}, which {reason}"
            yield volume_issue(volume, detail, "Write a quantity, for example 64Mi or 1Gi.")


@rule("error")
def unknown_medium(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """The medium of an emptyDir is not one that the kubelet supports."""
    for volume in _with_one_source(template):
        medium = volume.medium
        if medium in ("", "Memory", "HugePages") or medium.startswith("HugePages-"):
            continue
        fix = "Use Memory, or remove the medium to use the node's disk."
        detail = f" has medium {medium!r}, which the kubelet does not support"
        yield volume_issue(volume, detail, fix)


@rule("warning")
def unknown_volume_source(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A volume's source is misspelt, so the API server drops it and uses an emptyDir."""
    for volume in template.declared.volumes:
        for kind in volume.kinds:
            near = None if kind in LIFETIMES else find_nearest(kind, LIFETIMES)
            if near:
                detail = f" has source {kind!r}, which does not exist"
                if len(volume.kinds) == 1:
                    detail += ": the API server uses an emptyDir instead"
                yield volume_issue(volume, detail, f"Write {near}.")


@rule("warning", on_windows=False)
def decimal_mode(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A decimal file mode looks like the octal mode that was meant."""
    for volume in _with_one_source(template):
        for field, mode in volume_sources.list_modes(volume.facts):
            if volume_sources.looks_decimal(mode):
                detail = f" has {field} {mode}, which is {mode:04o} in octal"
                yield volume_issue(volume, detail, f"Write 0{mode}.")


def _with_one_source(template: Template) -> Iterator[VolumeSpec]:
    """Yield the declared volumes, except those with several sources: which is meant is unknown."""
    for volume in template.declared.volumes:
        if len(volume.kinds) < 2 or len(volume_sources.list_kinds(volume)) < 2:
            yield volume
