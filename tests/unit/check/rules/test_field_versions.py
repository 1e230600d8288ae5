"""Fields are compared with those of one version of Kubernetes, if it is chosen."""

import dataclasses

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

# 1.34 has added it
NEW = {"restartPolicyRules": [{"action": "Restart"}]}
# 1.35 has added it, and 1.36 has removed it
REMOVED = {"workloadRef": {"name": "group", "podGroup": "workers"}}


def find(version, container=None, **spec):
    """Return the findings about fields in a Pod for a version of Kubernetes."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "app", "image": "nginx", **(container or {})}], **spec},
    }
    (template,) = find_templates(read(yaml.safe_dump(pod, sort_keys=False)))
    template = dataclasses.replace(template, kubernetes=version)
    return [finding for finding in rules.check(template) if finding.rule == "unknown-field"]


@pytest.mark.parametrize("version", ["1.33", "v1.33.5", "1.31.0", "1.2"])
def test_a_field_of_a_newer_version_is_found(version):
    """The finding names the version that has added it."""
    (finding,) = find(version, NEW)

    assert finding.severity == "warning"
    assert "container 'app' has field 'restartPolicyRules'" in finding.message
    assert finding.message.endswith("it exists since Kubernetes 1.34")
    assert finding.line == 9


@pytest.mark.parametrize("version", ["", "1.34", "1.34.0-gke.100", "1.37", "1.99"])
def test_a_field_that_the_version_has_is_not_found(version):
    """Without a version, that is the newest that has it."""
    assert find(version, NEW) == []


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("1.34", "it exists since Kubernetes 1.35"),
        ("1.35", ""),
        ("1.36", "it was removed in Kubernetes 1.36"),
        ("", ""),
    ],
)
def test_a_removed_field_is_found_before_and_after_its_versions(version, reason):
    """Without a version, it is not found: one has it."""
    found = find(version, **REMOVED)

    assert [finding.message.rpartition(": ")[2] for finding in found] == (
        [reason] if reason else []
    )


@pytest.mark.parametrize(
    ("version", "severity"), [("", "info"), ("1.36", "warning"), ("1.99", "info")]
)
def test_a_name_that_no_version_has_is_an_info_if_it_may_be_new(version, severity):
    """It is certain only for a version whose fields are known."""
    assert [finding.severity for finding in find(version, wondrous=1)] == [severity]


def test_a_name_that_other_types_have_is_a_warning():
    """A newer Kubernetes hardly explains it."""
    assert [finding.severity for finding in find("", {"user": 101})] == ["warning"]


def test_a_null_value_loses_nothing():
    """Neither of another version nor of none; control: with values."""
    assert find("1.30", {"restartPolicyRules": None, "wondrous": None}) == []
    assert len(find("1.30", {**NEW, "wondrous": 1})) == 2
