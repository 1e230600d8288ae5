"""All rules, and the function that applies them to a template."""

from __future__ import annotations

import dataclasses
import difflib
import operator
from collections.abc import Collection, Iterable

from pytest_podshare import errors
from pytest_podshare.check.rules import (
    claims,
    config_paths,
    duplicate_keys,
    fields,
    kubelet_files,
    limits,
    mount_propagation,
    mounts,
    nesting,
    order,
    paths,
    permissions,
    rollouts,
    sharing,
    stale_mounts,
    sub_paths,
    suppressions,
    volume_objects,
    volumes,
)
from pytest_podshare.check.rules.finding import Finding, Rule
from pytest_podshare.check.rules.volume_sources import list_kinds
from pytest_podshare.wiring.model import VolumeSpec, Wiring
from pytest_podshare.wiring.templates import Template

_TOPICS = (
    *(claims, config_paths, duplicate_keys, fields, kubelet_files, limits, mount_propagation),
    *(mounts, nesting, order, paths, permissions, rollouts, sharing, stale_mounts, sub_paths),
    *(volume_objects, volumes),
)

_RULES = (value for topic in _TOPICS for value in vars(topic).values() if isinstance(value, Rule))

ALL: tuple[Rule, ...] = tuple(sorted(_RULES, key=lambda rule: rule.id))
BY_ID = {rule.id: rule for rule in ALL}
OFF_BY_DEFAULT = frozenset(rule.id for rule in ALL if not rule.by_default)


def check(
    template: Template, *, ignore: Collection[str] = (), enable: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Return what the rules find in a Pod template, in the order of its text.

    Findings that a comment or an annotation in the manifest suppresses are left out.

    Args:
        template: the template.
        ignore: the ids of rules that are not applied, even if they are enabled.
        enable: the ids of rules that are applied although they are off by default.

    Raises:
        UnknownRule: a comment, an annotation, `ignore` or `enable` names a rule that does not
            exist.
    """
    enabled = validate_ids(enable, "the list of enabled rules")
    suppressed = OFF_BY_DEFAULT - enabled
    suppressed |= validate_ids(ignore, "the ignore list")
    where = f"{template.origin}: the annotation {suppressions.ANNOTATION}"
    suppressed |= validate_ids(suppressions.read_annotation(template.annotations), where)
    by_line = _suppressed_by_line(template)
    wiring = _without_unclear_content(template.wiring)
    findings = [
        finding
        for rule in ALL
        if rule.id not in suppressed and (rule.on_windows or not wiring.on_windows)
        for issue in rule.detect(template, wiring)
        if rule.id not in by_line.get((finding := rule.report(issue, template)).line, ())
    ]
    order = operator.attrgetter("line", "column", "rule", "message")
    return tuple(sorted(findings, key=order))


def _without_unclear_content(wiring: Wiring) -> Wiring:
    """Return the wiring for the rules, in which a volume with several sources has an unknown one.

    The volume itself is a finding. Which content is meant is not known before it is fixed.
    """
    unclear = {
        id(volume): VolumeSpec(volume.name, " and ".join(kinds), position=volume.position)
        for volume in wiring.volumes
        if len(volume.kinds) > 1 and len(kinds := list_kinds(volume)) > 1
    }
    volumes = (unclear.get(id(volume), volume) for volume in wiring.volumes)
    return dataclasses.replace(wiring, volumes=tuple(volumes)) if unclear else wiring


def _suppressed_by_line(template: Template) -> dict[int, frozenset[str]]:
    by_line: dict[int, frozenset[str]] = {}
    for line, target, names in suppressions.read_comments(template.source.text):
        ids = validate_ids(names, f"{template.origin}:{line}")
        by_line[target] = by_line.get(target, frozenset()) | ids
    return by_line


def validate_ids(ids: Iterable[str], where: str) -> frozenset[str]:
    """Return the ids if each of them is a rule's.

    Args:
        ids: ids of rules.
        where: where they are given, for the message: `pyproject.toml`, `web.yaml:12`.

    Raises:
        UnknownRule: a rule does not exist; the error suggests the most similar id.
    """
    ids = frozenset(ids)
    for rule_id in sorted(ids - BY_ID.keys()):
        near = difflib.get_close_matches(rule_id, BY_ID, n=1)
        raise errors.UnknownRule(
            f"{where}: unknown rule {rule_id!r}.",
            f"Did you mean {near[0]!r}?" if near else "List the rules: `podshare check --rules`.",
        )
    return ids
