"""The findings in published charts, each with a verdict on whether it is right."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.kubelet_sources import find_objects, has_all_files, list_sources
from pytest_podshare.wiring.pod_spec import iter_containers
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


def test_a_missing_key_is_found():
    """The positive control: no ConfigMap or Secret in the charts has a file with another ending."""
    count = 0
    for template in all_templates():
        known = {
            volume.name
            for volume in template.wiring.volumes
            if volume.kind in ("configMap", "secret") and has_all_files(template, volume)
        }
        for container in iter_containers(template.pod["spec"]):
            for mount in container.get("volumeMounts") or ():
                if mount["name"] in known and mount.get("subPath"):
                    mount["subPath"] += ".x"
                    count += 1
                    changed = dataclasses.replace(template)
                    found = [f.path for f in rules.check(changed) if f.rule == "missing-key"]
                    mount["subPath"] = mount["subPath"].removesuffix(".x")
                    assert found.count(mount["mountPath"]) == 1
    assert count > 15


def test_a_misspelt_name_is_found():
    """The positive control: a letter is missing in the name of a ConfigMap or Secret."""
    count, missed = 0, []
    for template in all_templates():
        for volume in template.wiring.volumes:
            if volume.kind not in ("configMap", "secret") or volume.facts.get("optional"):
                continue
            if not all(find_objects(template, source) for source in list_sources(volume)):
                continue
            field = "name" if volume.kind == "configMap" else "secretName"
            name = volume.source
            volume.facts[field] = name[:-2] + name[-1]
            changed = dataclasses.replace(template)
            found = {f.volume for f in rules.check(changed) if f.rule == "missing-object"}
            volume.facts[field] = name
            count += 1
            missed += [] if volume.name in found else [(template.origin, name)]
    assert count > 50
    assert missed == []
