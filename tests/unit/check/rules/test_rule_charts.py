"""Charts that nobody here wrote: what the rules find in them, judged one by one."""

from pathlib import Path

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

# rendered charts of several publishers, which are no part of this project
CHARTS = Path("../shared/charts")
VERDICTS = yaml.safe_load((Path(__file__).parent / "chart_verdicts.yaml").read_text())
# what its maintainer should mend, and what is only good to know
WORTH_IT, GOOD_TO_KNOW = "worth it", "good to know"

pytestmark = pytest.mark.skipif(
    not CHARTS.exists(), reason=f"the rendered charts are not there ({CHARTS})"
)


def every_template():
    """Every Pod template in the charts."""
    paths = sorted(CHARTS.glob("*.yaml"))
    return [template for path in paths for template in find_templates(read(path))]


def about(finding):
    """What a finding is about, however the lines move."""
    return {
        "chart": Path(finding.file).stem,
        "subject": finding.subject,
        "rule": finding.rule,
        "container": finding.container,
        "volume": finding.volume,
        "path": finding.path,
    }


@pytest.fixture(scope="module")
def findings():
    """What the rules find in all of them."""
    return [finding for template in every_template() for finding in rules.check(template)]


def test_every_finding_has_its_verdict(findings):
    """No finding without a verdict, and no verdict without a finding."""
    judged = [
        {key: each[key] for key in each if key not in ("verdict", "why")} for each in VERDICTS
    ]

    assert [about(each) for each in findings] == judged


def test_nothing_is_called_an_error(findings):
    """The charts are in use: whatever is called an error in them is one of ours."""
    assert [each for each in findings if each.severity == "error"] == []


def test_a_warning_is_worth_its_maintainers_time(findings):
    """An info may be only good to know."""
    for finding, each in zip(findings, VERDICTS, strict=True):
        expected = (WORTH_IT,) if finding.severity == "warning" else (WORTH_IT, GOOD_TO_KNOW)

        assert each["verdict"] in expected
        assert each["why"].endswith(".")


def test_a_volume_that_is_taken_away_is_missed():
    """The positive control: without its volume every mount of the charts is an error."""
    checked = 0
    for template in every_template():
        if not template.pod["spec"].get("volumes"):
            continue
        gone = template.pod["spec"]["volumes"].pop()["name"]
        mounts = [mount for _, mount in template.wiring.mounts() if mount.volume == gone]
        found = [each for each in rules.check(template) if each.rule == "mount-without-volume"]

        assert {each.path for each in found} == {mount.path for mount in mounts}
        assert len(found) == len(mounts)
        checked += len(mounts)
    assert checked > 100
