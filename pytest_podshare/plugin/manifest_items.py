"""What the items of a manifest have in common: where they are, and failures that are a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_podshare import errors
from pytest_podshare.check import rules
from pytest_podshare.check.formats.text import format_location
from pytest_podshare.check.rules import Finding
from pytest_podshare.errors import PodshareError
from pytest_podshare.wiring.templates import Template


class ManifestItem(pytest.Function):
    """An item of a manifest; `line` is where in its file it is, counted from 0."""

    def __init__(self, *, line: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._line = line

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where what it is about stands in the manifest."""
        return self.path, self._line, self.name

    def repr_failure(  # type: ignore[override] # as pytest.Function does
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """The text alone, of a failure that is meant to be read; a bug keeps its traceback."""
        if isinstance(excinfo.value, (errors.PodshareError, errors.PromiseBroken)):
            return excinfo.getrepr(style="value")
        return super().repr_failure(excinfo)


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
        f"{format_location(finding)}: {finding.severity}: {finding.message} "
        f"[{finding.rule}]\n  {finding.fix}"
    )
