"""Each rule has a bad manifest with one finding, and a good twin without findings."""

from pathlib import Path

import pytest

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

BAD, GOOD = Path("manifests/rules/bad"), Path("manifests/rules/good")
# the findings in all bad manifests, separated by empty lines
GOLDEN = (Path(__file__).parent / "found.txt").read_text()


def find(path):
    """Return the findings of all rules in a manifest."""
    return [
        finding
        for template in find_templates(read(path, unique_keys=False))
        for finding in rules.check(template, enable=rules.BY_ID)
    ]


def describe(finding):
    """Return all facts of a finding as text."""
    return (
        f"{finding.file}:{finding.line}:{finding.column} [{finding.subject}]\n"
        f"{finding.severity} {finding.rule}: {finding.message}\n"
        f"{finding.fix}\n"
    )


@pytest.mark.parametrize("rule", rules.BY_ID)
def test_a_bad_manifest_has_one_finding(rule):
    """No other rule finds anything, and the message is the golden text."""
    (finding,) = find(BAD / f"{rule}.yaml")

    assert finding.rule == rule
    assert describe(finding) in GOLDEN


@pytest.mark.parametrize("rule", rules.BY_ID)
def test_a_good_manifest_has_no_findings(rule):
    """It is the bad manifest after the fix."""
    assert find(GOOD / f"{rule}.yaml") == []


def test_the_golden_text_contains_nothing_else():
    """It is in the order of the rules."""
    findings = [finding for rule in rules.BY_ID for finding in find(BAD / f"{rule}.yaml")]

    assert "\n".join(describe(finding) for finding in findings) == GOLDEN


@pytest.mark.parametrize("folder", [BAD, GOOD], ids=lambda folder: folder.name)
def test_every_manifest_belongs_to_a_rule(folder):
    """None is left over from a removed rule."""
    assert {path.stem for path in folder.glob("*.yaml")} == set(rules.BY_ID)


@pytest.mark.parametrize("rule", rules.BY_ID)
def test_a_finding_has_the_line_of_what_it_names(rule):
    """The line contains the name of the container, the volume or the variable."""
    (finding,) = find(BAD / f"{rule}.yaml")

    line = (BAD / f"{rule}.yaml").read_text().splitlines()[finding.line - 1]
    assert finding.volume in line or finding.container in line or "TOKEN" in line
