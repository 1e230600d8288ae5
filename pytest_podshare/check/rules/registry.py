"""All rules, and the one way to ask them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from types import ModuleType
from typing import TYPE_CHECKING

from pytest_podshare import errors
from pytest_podshare.check.rules import (
    claims,
    limits,
    mounts,
    nesting,
    order,
    paths,
    permissions,
    sharing,
    sub_paths,
    suppressions,
    updates,
    volumes,
)
from pytest_podshare.check.rules.finding import Finding, Rule

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

_TOPICS: tuple[ModuleType, ...] = (
    *(
        claims,
        limits,
        mounts,
        nesting,
        order,
        paths,
        permissions,
        sharing,
        sub_paths,
        updates,
        volumes,
    ),
)

ALL: tuple[Rule, ...] = tuple(
    sorted(
        (each for topic in _TOPICS for each in vars(topic).values() if isinstance(each, Rule)),
        key=lambda each: each.id,
    )
)
BY_ID = {each.id: each for each in ALL}


def check(template: Template, *, ignore: Collection[str] = ()) -> tuple[Finding, ...]:
    """What the rules find in a Pod template, in the order of the text.

    What a comment or an annotation of the manifest silences is left out.

    Args:
        template: the template.
        ignore: ids of rules that are not asked.

    Raises:
        UnknownRule: a comment, an annotation or `ignore` names no rule.
    """
    silent = known(ignore, "the ignored rules")
    where = f"{template.origin}: the annotation {suppressions.ANNOTATION}"
    silent |= known(suppressions.in_annotation(template.annotations), where)
    lines = _silenced_lines(template)
    found = [
        finding
        for each in ALL
        if each.id not in silent
        for finding in each.findings(template)
        if each.id not in lines.get(finding.line, ())
    ]
    return tuple(sorted(found, key=lambda each: (each.line, each.column, each.rule, each.message)))


def _silenced_lines(template: Template) -> dict[int, frozenset[str]]:
    lines: dict[int, frozenset[str]] = {}
    for silence in suppressions.in_comments(template.source.text):
        ids = known(silence.ids, f"{template.origin}:{silence.line}")
        lines[silence.about] = lines.get(silence.about, frozenset()) | ids
    return lines


def known(ids: Iterable[str], where: str) -> frozenset[str]:
    """The ids, if there is a rule of each.

    Args:
        ids: ids of rules.
        where: what names them, for the message: `pyproject.toml`, `web.yaml:12`.

    Raises:
        UnknownRule: there is no such rule; the error names the nearest.
    """
    for each in ids:
        if each not in BY_ID:
            near = difflib.get_close_matches(each, BY_ID, n=1)
            raise errors.UnknownRule(
                f"{where}: there is no rule {each!r}.",
                f"Did you mean {near[0]!r}?" if near else "`podshare check --rules` lists them.",
            )
    return frozenset(ids)
