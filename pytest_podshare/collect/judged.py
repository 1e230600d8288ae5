"""The item of what can be said of a Pod template without a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_podshare.check.formats.text import place
from pytest_podshare.collect.item import ManifestItem
from pytest_podshare.errors import PodshareError
from pytest_podshare.wiring import rules
from pytest_podshare.wiring.rules import Finding
from pytest_podshare.wiring.templates import Template

_NAME = "wiring"
_MARK = "podshare_static"
_GOOD_TO_KNOW = "info"


def judge(request: pytest.FixtureRequest) -> None:
    """Fail on what the rules find in a Pod template, or on what keeps it from being read."""
    item = request.node
    assert isinstance(item, WiringItem), "nothing else has this function"
    text = {True: "", False: ""}
    for finding in item.find():
        text[finding.severity == _GOOD_TO_KNOW] += f"{_described(finding)}\n"
    item.add_report_section("call", "wiring", text[True])
    if text[False]:
        pytest.fail(text[False].rstrip(), pytrace=False)


class WiringItem(ManifestItem):
    """Whether the rules find something in a Pod template; one item, so that its id stays."""

    def __init__(
        self, *, find: Callable[[], tuple[Finding, ...]], line: int | None, **kwargs: Any
    ) -> None:
        super().__init__(line=line, **kwargs)
        self.find = find
        self.add_marker(_MARK)

    @classmethod
    def of(
        cls,
        parent: pytest.Collector,
        find: Callable[[], tuple[Finding, ...]],
        line: int | None = 0,
    ) -> WiringItem:
        """The item.

        Args:
            parent: its collector.
            find: gives what the rules find, or raises why nothing can be found.
            line: where the object begins that has the template, counted from 0.
        """
        made: WiringItem = cls.from_parent(parent, name=_NAME, callobj=judge, find=find, line=line)
        return made


def found(template: Template, ignore: frozenset[str]) -> tuple[Finding, ...]:
    """What the rules find in a template."""
    return rules.check(template, ignore=ignore)


def unreadable(error: PodshareError) -> tuple[Finding, ...]:
    """What is found in a manifest that cannot be read: why not."""
    raise error


def _described(finding: Finding) -> str:
    return (
        f"{place(finding)}: {finding.severity}: {finding.message} [{finding.rule}]\n  {finding.fix}"
    )
