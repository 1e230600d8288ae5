"""Tests that any Pod and any value can be written and read back."""

import pytest
from hypothesis import assume, given

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates
from tests.support.generated_manifests import (
    FEW_EXAMPLES,
    FORMATS,
    MANY_EXAMPLES,
    NAMES,
    PARSERS,
    VALUES,
    pod_of,
    read_with,
    wirings,
)

pytestmark = pytest.mark.slow


def template_of(text):
    """Return the only template of a manifest."""
    (template,) = find_templates(read(text))
    return template


@given(wiring=wirings())
@FEW_EXAMPLES
def test_any_pod_is_read_as_it_was_written(wiring):
    """It has the same containers, volumes and mounts in each format of YAML and JSON."""
    found = [template_of(write(pod_of(wiring))).wiring for write in FORMATS.values()]

    expected = (wiring.containers, wiring.volumes, wiring.fs_group)
    assert [(w.containers, w.volumes, w.fs_group) for w in found] == [expected] * len(FORMATS)


@given(wiring=wirings())
@FEW_EXAMPLES
def test_no_volume_is_missing_in_a_valid_pod(wiring):
    """Every mount finds its volume, and the check reports none that is missing."""
    template = template_of(FORMATS["block"](pod_of(wiring)))
    found = [finding.rule for finding in rules.check(template)]

    assert all(template.wiring.volume(mount.volume) for _, mount in template.wiring.mounts())
    assert "mount-without-volume" not in found


@given(wiring=wirings(), missing=NAMES)
@FEW_EXAMPLES
def test_a_missing_volume_is_found(wiring, missing):
    """The counterexample: one mount of a volume that the Pod does not declare."""
    assume(wiring.volume(missing) is None)
    pod = pod_of(wiring)
    pod["spec"]["containers"][0]["volumeMounts"].append({"name": missing, "mountPath": "/missing"})

    findings = rules.check(template_of(FORMATS["block"](pod)))

    assert "mount-without-volume" in [finding.rule for finding in findings]


@given(value=VALUES)
@MANY_EXAMPLES
def test_any_value_is_read_as_it_was_written(value):
    """YAML can express every value of JSON, and each parser reads it."""
    found = [read_with(parser, write([value])) for parser in PARSERS for write in FORMATS.values()]

    assert [source.documents for source in found] == [([value],)] * len(found)
