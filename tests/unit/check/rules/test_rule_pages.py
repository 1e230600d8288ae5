"""Each rule is well-formed and documented."""

import re
from pathlib import Path

import pytest

from pytest_podshare.check import rules

INDEX = Path("docs/rules/README.md")
ISSUES = re.compile(r"\b[\w.-]+/[\w.-]+#\d+")


def section(rule):
    """Return the section about a rule on its page."""
    page, _, anchor = rule.page.partition("#")
    sections = re.split(r"^## ", Path(page).read_text(), flags=re.M)
    return next(text for text in sections if text.splitlines()[0] == f"`{anchor}`")


def test_rules_are_in_the_order_of_their_ids():
    """The list is readable."""
    assert [rule.id for rule in rules.ALL] == sorted(rules.BY_ID)
    assert len(rules.ALL) > 50


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.id)
def test_a_rule_is_well_formed(rule):
    """It has an id in kebab case, a known severity, and a sentence as summary."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id)
    assert rule.severity in rules.SEVERITIES
    assert rule.summary.endswith(".")


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.id)
def test_a_rule_has_a_section_on_its_page(rule):
    """It has its severity and summary, whether it is off, and a wrong and a right manifest."""
    text = section(rule)

    assert f"**{rule.severity}** · {rule.summary}" in text
    assert len(re.findall(r"^```yaml$", text, re.M)) == 2
    assert ("Off by default" in text) is not rule.by_default


def test_the_index_lists_every_rule():
    """Each row has a link, the severity and the summary."""
    rows = INDEX.read_text().splitlines()

    missing = [
        rule.id
        for rule in rules.ALL
        if f"| [`{rule.id}`]({rule.page.removeprefix('docs/rules/')}) | {rule.severity} "
        f"| {rule.summary} |" not in rows
    ]

    assert missing == []


def test_every_warning_has_evidence():
    """It names issues in which it caused problems, or a measurement."""
    without = [
        rule.id
        for rule in rules.ALL
        if rule.severity == "warning"
        and not ISSUES.search(section(rule))
        and "Measured" not in section(rule)
    ]

    assert without == []
