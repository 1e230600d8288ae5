"""Tests of the table of workload kinds."""

import pytest
from kubernetes import client

from pytest_podshare import errors
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring import manifest, templates
from pytest_podshare.wiring.single_pod import extract_manifest
from pytest_podshare.wiring.skeleton import build_skeleton
from pytest_podshare.wiring.workloads import WORKLOADS, is_workload

every_kind = pytest.mark.parametrize("kind", WORKLOADS)


def workload(kind):
    """Return an object of a kind, with its Pod template where the kind has it."""
    pod = {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c"}]}}
    steps = WORKLOADS[kind].template.split(".") if WORKLOADS[kind].template else []
    for step in reversed(steps):
        pod = {step: pod}
    return {"apiVersion": "v1", "kind": kind, **pod, "metadata": {"name": "w"}}


@every_kind
def test_the_template_is_where_the_api_has_it(kind):
    """The path leads to a Pod template in the client's own models."""
    model = getattr(client, f"V1{kind}")
    for step in filter(None, WORKLOADS[kind].template.split(".")):
        names = {field: name for name, field in model.attribute_map.items()}
        model = getattr(client, model.openapi_types[names[step]])

    assert model is (client.V1Pod if kind == "Pod" else client.V1PodTemplateSpec)


def has_template(name):
    """Return whether a model of the client, or its spec, has a Pod template."""
    types = set(getattr(client, name).openapi_types.values())
    specs = {f"{name}Spec", "V1JobTemplateSpec", "V1JobSpec"} & types
    return "V1PodTemplateSpec" in types or any(has_template(spec) for spec in specs)


def test_every_kind_of_the_api_with_a_pod_template_is_in_the_table():
    """The client's models with a kind show them."""
    models = [
        name
        for name in dir(client)
        if name.startswith("V1") and "kind" in getattr(getattr(client, name), "attribute_map", ())
    ]

    kinds = {name.removeprefix("V1") for name in models if has_template(name)}
    assert kinds == set(WORKLOADS) - {"Pod"}


@every_kind
def test_a_manifest_is_deployable_if_it_creates_pods(kind):
    """A PodTemplate and a CronJob create none by themselves."""
    if WORKLOADS[kind].creates_pods:
        assert manifest.load(workload(kind)).subject["kind"] == kind
    else:
        with pytest.raises(errors.NotAPod):
            manifest.load(workload(kind))


@every_kind
def test_a_kind_that_creates_no_pods_is_extracted_as_a_pod(kind):
    """The other kinds stay what they are."""
    (template,) = templates.find_templates(read(workload(kind)))

    expected = kind if WORKLOADS[kind].creates_pods else "Pod"
    assert extract_manifest(template).subject["kind"] == expected


@every_kind
def test_a_skeleton_keeps_the_kind_or_is_a_pod(kind):
    """Only kinds whose single Pod is replaced stay."""
    (template,) = templates.find_templates(read(workload(kind)))

    expected = kind if kind in ("Deployment", "StatefulSet", "ReplicaSet") else "Pod"
    assert build_skeleton(template, "busybox").subject["kind"] == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v1", True),
        ("batch/v1", True),
        ("batch.volcano.sh/v1alpha1", False),
        (None, True),
        (5, True),
    ],
)
def test_a_workload_is_of_a_built_in_api_group(version, expected):
    """Other API groups have Jobs and Deployments of their own."""
    assert is_workload({"apiVersion": version, "kind": "Job"}) is expected
