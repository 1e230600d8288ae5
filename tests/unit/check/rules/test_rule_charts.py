"""The findings in published charts, each with a verdict on whether it is right."""

from pathlib import Path

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

# rendered charts of several publishers, which are not part of this project
CHARTS = Path("../shared/charts")
VERDICTS = yaml.safe_load((Path(__file__).parent / "chart_verdicts.yaml").read_text())
# worth fixing for the maintainer of the chart, or only good to know
WORTH_IT, GOOD_TO_KNOW = "worth it", "good to know"

pytestmark = pytest.mark.skipif(
    not CHARTS.exists(), reason=f"the rendered charts do not exist ({CHARTS})"
)


def all_templates():
    """Return all Pod templates in the charts."""
    paths = sorted(CHARTS.glob("*.yaml"))
    return [template for path in paths for template in find_templates(read(path))]


def describe(finding):
    """Return what identifies a finding even if its line changes."""
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
    """Return the findings in all charts."""
    return [finding for template in all_templates() for finding in rules.check(template)]


def test_every_finding_has_a_verdict(findings):
    """No verdict is left over either."""
    expected = [
        {key: verdict[key] for key in verdict if key not in ("verdict", "why")}
        for verdict in VERDICTS
    ]

    assert [describe(finding) for finding in findings] == expected


def test_no_finding_is_an_error(findings):
    """The charts are in use, so an error would be a mistake of a rule."""
    assert [finding for finding in findings if finding.severity == "error"] == []


def test_a_warning_is_worth_the_maintainers_time(findings):
    """An info may be only good to know."""
    for finding, verdict in zip(findings, VERDICTS, strict=True):
        expected = (WORTH_IT,) if finding.severity == "warning" else (WORTH_IT, GOOD_TO_KNOW)

        assert verdict["verdict"] in expected
        assert verdict["why"].endswith(".")


def test_a_removed_volume_is_found():
    """The positive control: without its volume, each mount in the charts is an error."""
    count = 0
    for template in all_templates():
        if not template.pod["spec"].get("volumes"):
            continue
        name = template.pod["spec"]["volumes"].pop()["name"]
        mounts = [mount for _, mount in template.wiring.mounts() if mount.volume == name]
        findings = [
            finding for finding in rules.check(template) if finding.rule == "mount-without-volume"
        ]

        assert {finding.path for finding in findings} == {mount.path for mount in mounts}
        assert len(findings) == len(mounts)
        count += len(mounts)
    assert count > 100
