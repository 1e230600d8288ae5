"""The manifests with verdicts: charts, shapes of real manifests, and cases that people reported.

A verdict names a rule, and whether its finding is right, false or missing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

SHAPES = Path("tests/unit/check/shapes")
CHART_VERDICTS = Path("tests/unit/check/rules/chart_verdicts.yaml")
CASE_VERDICTS = Path("tests/unit/check/case_verdicts.yaml")
# not part of this project
CASES = Path("../shared/cases")
CHARTS = 26

_VERDICT = "# finds: "
_NOTHING = "nothing"
# the verdicts on findings in charts that are right; the second is for findings of severity info
_RIGHT, _RIGHT_INFO = "worth it", "good to know"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What is thought of one finding.

    Args:
        manifest: the name of the manifest.
        rule: the rule.
        severity: the severity of the finding.
        judgement: whether it is right, false, or should be there.
    """

    manifest: str
    rule: str
    severity: str
    judgement: Literal["right", "false", "missed"]


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Manifests with verdicts.

    Args:
        name: what they are.
        count: how many there are.
        verdicts: the verdicts.
        is_complete: whether the findings that should be there are known.
    """

    name: str
    count: int
    verdicts: tuple[Verdict, ...]
    is_complete: bool = True

    def select(self, judgement: str, rule: str = "", *, infos: bool = False) -> list[Verdict]:
        """Return the verdicts of one kind: of all rules, or of one; without those on infos."""
        return [
            verdict
            for verdict in self.verdicts
            if verdict.judgement == judgement
            and rule in ("", verdict.rule)
            and (infos or verdict.severity != "info")
        ]

    @property
    def wrong(self) -> list[str]:
        """Return the manifests with a false or a missing finding."""
        names = {verdict.manifest for verdict in self.verdicts if verdict.judgement != "right"}
        return sorted(names)


def read_all() -> list[Corpus]:
    """Return the corpora; the cases only where they are."""
    corpora = [_read_charts(), _read_shapes()]
    return [*corpora, _read_cases()] if CASES.exists() else corpora


def _read_charts() -> Corpus:
    verdicts = tuple(_judge_chart(entry) for entry in yaml.safe_load(CHART_VERDICTS.read_text()))
    return Corpus("charts", CHARTS, verdicts, is_complete=False)


def _judge_chart(entry: dict[str, Any]) -> Verdict:
    verdict, rule = entry["verdict"], entry["rule"]
    severity = "info" if verdict == _RIGHT_INFO else rules.BY_ID[rule].severity
    is_right = verdict in (_RIGHT, _RIGHT_INFO)
    return Verdict(entry["chart"], rule, severity, "right" if is_right else "false")


def _read_shapes() -> Corpus:
    paths = sorted(SHAPES.glob("*.yaml"))
    verdicts: list[Verdict] = []
    for path in paths:
        first_line = path.read_text().splitlines()[0].removeprefix(_VERDICT)
        verdicts += _judge(path, [] if first_line == _NOTHING else first_line.split(", "))
    return Corpus("shapes", len(paths), tuple(verdicts))


def _read_cases() -> Corpus:
    expected = yaml.safe_load(CASE_VERDICTS.read_text())
    verdicts = (
        verdict
        for name, names in expected.items()
        for verdict in _judge(CASES / f"{name}.yaml", names)
    )
    return Corpus("reported cases", len(expected), tuple(verdicts))


def _judge(path: Path, expected: Iterable[str]) -> Iterator[Verdict]:
    """Yield what is thought of the findings in a file.

    Args:
        path: the file.
        expected: the rules that should find something, as in the first line of a shape.
    """
    should = {_read_expected(text) for text in expected}
    templates = find_templates(read(path))
    found: set[tuple[str, str]] = {
        (finding.rule, finding.severity)
        for template in templates
        for finding in rules.check(template)
    }
    for rule, severity in sorted(found):
        is_right = (rule, severity) in should
        yield Verdict(path.stem, rule, severity, "right" if is_right else "false")
    for rule, severity in sorted(should - found):
        yield Verdict(path.stem, rule, severity, "missed")


def _read_expected(text: str) -> tuple[str, str]:
    """Return the rule and the severity of `unused-volume (info)`."""
    rule, _, severity = text.removesuffix(")").partition(" (")
    known = rules.BY_ID.get(rule)
    return rule, severity or (known.severity if known else "warning")
