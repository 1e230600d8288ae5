"""Each rule has a manifest on which it fires, and a twin on which no rule does."""

from pathlib import Path

import pytest

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

BAD, GOOD = Path("manifests/rules/bad"), Path("manifests/rules/good")
# what is found in the bad ones, in full: a block for each, with an empty line between
GOLDEN = (Path(__file__).parent / "found.txt").read_text()


def found(path):
    """What the rules find in a manifest."""
    return [each for template in find_templates(read(path)) for each in rules.check(template)]


def shown(finding):
    """A finding in full."""
    return (
        f"{finding.file}:{finding.line}:{finding.column} [{finding.subject}]\n"
        f"{finding.severity} {finding.rule}: {finding.message}\n"
        f"{finding.fix}\n"
    )


@pytest.mark.parametrize("rule", rules.BY_ID)
def test_a_rule_fires_on_its_bad_manifest(rule):
    """It alone, once, with the message that is written down."""
    (finding,) = found(BAD / f"{rule}.yaml")

    assert finding.rule == rule
    assert shown(finding) in GOLDEN


@pytest.mark.parametrize("rule", rules.BY_ID)
def test_no_rule_fires_on_the_good_twin(rule):
    """The same manifest, mended."""
    assert found(GOOD / f"{rule}.yaml") == []


def test_nothing_is_written_down_that_is_not_found():
    """The whole text, in the order of the rules."""
    all_found = [each for rule in rules.BY_ID for each in found(BAD / f"{rule}.yaml")]

    assert "\n".join(shown(each) for each in all_found) == GOLDEN


@pytest.mark.parametrize("folder", [BAD, GOOD], ids=lambda folder: folder.name)
def test_every_manifest_is_a_rules(folder):
    """None is left over of a rule that is gone."""
    assert {path.stem for path in folder.glob("*.yaml")} == set(rules.BY_ID)


@pytest.mark.parametrize("rule", rules.BY_ID)
def test_a_finding_is_about_a_line_of_its_manifest(rule):
    """The line holds the container, the volume or the mount that it names."""
    (finding,) = found(BAD / f"{rule}.yaml")

    line = (BAD / f"{rule}.yaml").read_text().splitlines()[finding.line - 1]
    assert finding.volume in line or finding.container in line or "TOKEN" in line
