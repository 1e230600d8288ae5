"""The items of manifests: what they have in common, and the one that needs no cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from pytest_podshare import errors
from pytest_podshare.check.formats.text import format_location
from pytest_podshare.check.rules import Finding

if TYPE_CHECKING:
    from pytest_podshare.plugin.promise_check import PromiseCheck

Findings = tuple[Finding, ...]


class ManifestItem(pytest.Function):
    """An item of a manifest; `line` counts from 0, and is None if the text was rendered."""

    promise_check: PromiseCheck | None = None

    def __init__(self, *, line: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._line = line

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return the file, the line and the name of the item."""
        return self.path, self._line, self.name

    def repr_failure(  # type: ignore[override] # as pytest.Function does
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """Return the message of a failure without its traceback, unless it is a bug of podshare."""
        if isinstance(excinfo.value, (errors.PodshareError, errors.PromiseBroken)):
            return excinfo.getrepr(style="value")
        return super().repr_failure(excinfo)


def check_wiring(request: pytest.FixtureRequest) -> None:
    """Check the wiring of a Pod template without a cluster."""
    item = request.node
    assert isinstance(item, WiringItem), "no other item has this function"
    texts = {True: "", False: ""}
    for finding in item.find():
        texts[finding.severity == "info"] += f"{_describe(finding)}\n"
    item.add_report_section("call", "wiring", texts[True])
    if texts[False]:
        pytest.fail(texts[False].rstrip(), pytrace=False)


class WiringItem(ManifestItem):
    """The check of a Pod template by all rules: one item, so that its id is always the same.

    `find` returns the findings, or raises the error of a manifest that cannot be read.
    """

    def __init__(self, *, find: Callable[[], Findings], **kwargs: Any) -> None:
        super().__init__(name="wiring", callobj=check_wiring, **kwargs)
        self.find = find
        self.add_marker("podshare_static")


def _describe(finding: Finding) -> str:
    where = f"{format_location(finding)}: {finding.severity}"
    return f"{where}: {finding.message} [{finding.rule}]\n  {finding.fix}"
