"""Checks by manifest and Pod template, and the grid of the overview."""

import dataclasses

import pytest

from pytest_podshare.report import grouping, overview
from tests.support.sample_reports import CROWDED, broken, held, phase, pod_record, unchecked


def group(*phases):
    """Return the groups of the checks of these reports."""
    return grouping.group_by_manifest(record for one in phases for record in one.checks)


def pod(template, manifest="web.yaml", **fields):
    """Return a Pod of a template in a manifest."""
    return pod_record(manifest, template=template, **fields)


def names(manifests):
    """Return the names of manifests, each with those of its templates."""
    return [(one.name, [template.name for template in one.templates]) for one in manifests]


def test_checks_are_grouped_by_manifest_and_template():
    """The order is that of the run, whatever ran in between."""
    found = group(
        phase(held(), pod=pod("Deployment/web")),
        phase(held(), pod=pod("Job/once", "job.yaml")),
        phase(held(), held(), pod=pod("Deployment/api")),
        phase(held("c2→c1"), pod=pod("Deployment/web")),
    )

    assert names(found) == [
        ("web.yaml", ["Deployment/web", "Deployment/api"]),
        ("job.yaml", ["Job/once"]),
    ]
    assert [len(template.records) for template in found[0].templates] == [2, 2]
    assert len(found[0].records) == 4


@pytest.mark.parametrize(("verdict", "first"), [("broken", "b.yaml"), ("held", "a.yaml")])
def test_what_is_most_urgent_comes_first(verdict, first):
    """The manifest, the template in it and the check; without it, the order is that of the run."""
    in_order = group(
        phase(held(), pod=pod("Deployment/one", "a.yaml")),
        phase(held(), pod=pod("Deployment/two", "b.yaml")),
        phase(held(), broken(verdict=verdict), pod=pod("Deployment/three", "b.yaml")),
    )
    found = grouping.put_urgent_first(in_order)

    assert [one.name for one in in_order] == ["a.yaml", "b.yaml"]

    assert found[0].name == first
    assert found[0].verdict == verdict if first == "b.yaml" else found[0].verdict == "held"
    if first == "b.yaml":
        assert found[0].templates[0].name == "Deployment/three"
        assert found[0].templates[0].records[0].verdict == "broken"
        assert found[0].counts == {"held": 2, "broken": 1}


def test_pods_of_one_name_and_different_wiring_have_numbers():
    """A skeleton and other volumes are another Pod; equal Pods are one."""
    found = group(
        phase(held(), pod=pod("Pod/web")),
        phase(held(), pod=pod("Pod/web", name="other/web", node="other")),
        phase(held(), pod=pod("Pod/web", wiring=CROWDED)),
        phase(held(), pod=pod("Pod/web", stand_in="busybox")),
    )

    assert names(found) == [("web.yaml", ["Pod/web (1)", "Pod/web (2)", "Pod/web (3)"])]
    assert [len(template.records) for template in found[0].templates] == [2, 1, 1]


def test_a_promise_that_was_not_checked_is_with_the_checks_of_its_template():
    """It was not deployed, so that its wiring is that of the manifest."""
    there = pod("Job/once")
    absent = dataclasses.replace(there, wiring=CROWDED, name="", cluster=None)

    (manifest,) = group(
        unchecked(absent, "c1→c2", "it has ended"),
        phase(held(), pod=there),
        unchecked(absent, "c2→c1", "it has ended"),
        unchecked(absent, "c2", "no Pod", failed=True),
    )
    (template,) = manifest.templates

    assert template.pod == there
    assert [record.verdict for record in template.records] == ["unknown", *["skipped"] * 2, "held"]
    assert len(template.checked) == 1
    assert [(reason.headline, len(reason.records)) for reason in template.unchecked] == [
        ("no Pod", 1),
        ("it has ended", 2),
    ]


def test_a_template_that_was_never_deployed_is_a_group():
    """Its Pod is what the manifest has."""
    absent = dataclasses.replace(pod("Job/once"), name="", cluster=None)

    (manifest,) = group(unchecked(absent, "c1→c2", "it has ended"))

    assert manifest.templates[0].pod == absent
    assert manifest.templates[0].checked == ()


def test_the_columns_do_not_depend_on_the_order_of_the_run():
    """First what needs no disruption, then restarts, at last what replaces the Pod."""
    kinds = ("survives_delete", "writable", "survives_restart", "lost_on_drain", "file_visible")
    checks = [held(assertion=f"assert_{kind}") for kind in kinds]
    expected = ["file_visible", "writable", "survives_restart", "lost_on_drain", "survives_delete"]

    for order in (checks, checks[::-1]):
        promises = overview.list_promises(group(phase(*order)))
        assert promises == [f"assert_{kind}" for kind in expected]


def test_a_cell_has_the_checks_of_one_promise_of_a_template():
    """The most urgent verdict, how many have it, and the time of all."""
    restart = held("c1", assertion="assert_survives_restart", seconds=2.0)
    bad = broken(seconds=1.0)
    checks = (held(seconds=0.5), bad, held("c2→c1", seconds=0.5), bad, restart)
    (manifest,) = group(phase(*checks, pod=pod("Pod/web")))
    (template,) = manifest.templates

    promises = ("assert_file_visible", "assert_survives_restart", "assert_writable")
    visible, survives, writable = overview.list_cells(template, promises)

    assert (visible.verdict, visible.matching, len(visible.records)) == ("broken", 2, 4)
    assert visible.seconds == 3.0
    assert visible.is_checked
    assert visible.records[0] is template.records[0]
    assert (survives.verdict, survives.seconds) == ("held", 2.0)
    assert writable is None


def test_a_cell_without_a_check_has_no_time():
    """What was skipped took none."""
    (manifest,) = group(unchecked(pod("Job/once"), "c1→c2", "it has ended"))

    (cell,) = overview.list_cells(manifest.templates[0], ["assert_file_visible"])

    assert (cell.verdict, cell.is_checked) == ("skipped", False)
