"""Every rule is one of a kind, and has a place in the documents."""

import re
from pathlib import Path

import pytest

from pytest_podshare.check import rules

INDEX = Path("docs/rules/README.md")
ISSUES = re.compile(r"\b[\w.-]+/[\w.-]+#\d+")


def section(rule):
    """What its page says of a rule."""
    page, _, anchor = rule.page.partition("#")
    parts = re.split(r"^## ", Path(page).read_text(), flags=re.M)
    return next(part for part in parts if part.splitlines()[0] == f"`{anchor}`")


def test_rules_are_in_the_order_of_their_ids():
    """So that a list of them can be read."""
    assert [each.id for each in rules.ALL] == sorted(rules.BY_ID)
    assert len(rules.ALL) > 50


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.id)
def test_a_rule_is_well_formed(rule):
    """An id in kebab case, a known severity, a sentence."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id)
    assert rule.severity in rules.SEVERITIES
    assert rule.summary.endswith(".")


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.id)
def test_a_rule_has_a_section_on_its_page(rule):
    """With its severity and summary, and with a wrong and a right manifest."""
    text = section(rule)

    assert f"**{rule.severity}** · {rule.summary}" in text
    assert len(re.findall(r"^```yaml$", text, re.M)) == 2


def test_the_index_lists_every_rule():
    """With its severity and summary, and a link."""
    rows = INDEX.read_text().splitlines()

    missing = [
        each.id
        for each in rules.ALL
        if f"| [`{each.id}`]({each.page.removeprefix('docs/rules/')}) | {each.severity} "
        f"| {each.summary} |" not in rows
    ]

    assert missing == []


def test_a_warning_comes_from_somewhere():
    """From threads in which it bit somebody, or from a measurement of ours."""
    without = [
        each.id
        for each in rules.ALL
        if each.severity == "warning"
        and not ISSUES.search(section(each))
        and "Measured" not in section(each)
    ]

    assert without == []
