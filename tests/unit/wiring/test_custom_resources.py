"""Tests of the custom resources that are known without an option."""

from pathlib import Path

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.custom_resources import CUSTOM_RESOURCES
from pytest_podshare.wiring.templates import find_templates

REFERENCE = Path("docs/reference.md").read_text()
POD = {
    "containers": [{"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
    "volumes": [{"name": "v"}],
}


def resource(group, kind, paths, pod=POD):
    """Return an object with a Pod at each path; `*` is a key, `[]` a list with one entry."""
    subject = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "r"}}
    for path in paths:
        holder, steps = subject, [step.replace("*", "Worker") for step in path.split(".")]
        for step in steps[:-1]:
            key = step.removesuffix("[]")
            holder = holder.setdefault(key, [{}] if key != step else {})
            holder = holder[0] if isinstance(holder, list) else holder
        holder[steps[-1]] = {"spec": pod}
    return subject


def templates_of(subject, paths=None):
    """Return the templates of an object that is read from a text."""
    return find_templates(read(yaml.safe_dump(subject)), paths)


@pytest.mark.parametrize(("group", "kind"), CUSTOM_RESOURCES)
def test_a_known_custom_resource_has_its_templates(group, kind):
    """One for each path, with the wiring of the Pod."""
    paths = CUSTOM_RESOURCES[group, kind].paths
    templates = templates_of(resource(group, kind, paths))

    assert [str(template) for template in templates] == [f"{kind}/r"] * len(paths)
    assert [template.path for template in templates] == [
        path.replace("*", "Worker").replace("[]", "[0]") for path in paths
    ]
    for template in templates:
        assert [str(mount) for _, mount in template.wiring.mounts()] == ["v at /v"]


@pytest.mark.parametrize("group", ["example.com", "", "v1.argoproj.io"])
def test_a_kind_of_another_group_is_not_known(group):
    """`Rollout` and `Service` mean other things elsewhere."""
    subject = resource("argoproj.io", "Rollout", ["spec.template"])

    assert len(templates_of(subject)) == 1
    assert templates_of(subject | {"apiVersion": f"{group}/v1".lstrip("/")}) == ()


def test_an_option_replaces_what_is_known():
    """Also for a kind whose Pod template moved in a later version."""
    subject = resource("argoproj.io", "Rollout", ["spec.template", "spec.next.template"])

    (template,) = templates_of(subject, {"Rollout": "spec.next.template"})
    assert template.path == "spec.next.template"


def test_every_value_of_a_mapping_has_a_template():
    """The roles of a training job have the names that its operator gives them."""
    paths = [f"spec.pytorchReplicaSpecs.{role}.template" for role in ("Master", "Worker")]
    subject = resource("kubeflow.org", "PyTorchJob", paths)
    subject["spec"]["pytorchReplicaSpecs"] |= {"Empty": None}
    subject["spec"]["pytorchReplicaSpecs"]["Worker"]["replicas"] = 4

    templates = templates_of(subject)
    assert [(template.path, template.replicas) for template in templates] == [
        (paths[0], 1),
        (paths[1], 4),
    ]


@pytest.mark.parametrize(
    ("count", "names"), [(1, ["user-container"]), (2, ["user-container-0", "named"])]
)
def test_knative_names_containers(count, names):
    """Most of its Services have one container, without a name."""
    pod = {"containers": [{"image": "a"}, {"image": "b", "name": "named"}][:count]}
    (template,) = templates_of(resource("serving.knative.dev", "Service", ["spec.template"], pod))

    assert [container.name for container in template.wiring.containers] == names


def test_a_container_needs_a_name_elsewhere():
    """The positive control: other operators add none."""
    from pytest_podshare import errors

    pod = {"containers": [{"image": "a"}]}
    with pytest.raises(errors.ManifestInvalid, match="has no name"):
        templates_of(resource("argoproj.io", "Rollout", ["spec.template"], pod))


@pytest.mark.parametrize("claims", [True, False])
def test_the_claims_of_a_clone_set_are_volumes(claims):
    """Without them, the same mount has no volume."""
    pod = {"containers": POD["containers"]}
    subject = resource("apps.kruise.io", "CloneSet", ["spec.template"], pod)
    if claims:
        subject["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "v"}}]

    (template,) = templates_of(subject)
    found = [finding.rule for finding in rules.check(template)]
    assert ("mount-without-volume" in found) is not claims


def test_fields_that_only_an_operator_knows_are_left_alone():
    """A built-in kind with the same field, or of the same name, has a finding."""
    pod = POD | {"volumeMounts": []}
    custom = resource("batch.volcano.sh", "Job", ["spec.tasks[].template"], pod)
    built_in = resource("batch", "Job", ["spec.template"], pod)

    found = [
        [finding.rule for finding in rules.check(templates_of(subject)[0])]
        for subject in (custom, built_in)
    ]
    assert ["misplaced-field" in ids for ids in found] == [False, True]


def test_the_reference_lists_what_is_known():
    """Each row has the group, the kind, the paths and their source."""
    rows = [
        f"| `{group}` | `{kind}` | {', '.join(f'`{path}`' for path in known.paths)}"
        f" | {known.source.replace(': ', ': `')}` |"
        for (group, kind), known in sorted(CUSTOM_RESOURCES.items())
    ]
    lines = REFERENCE.splitlines()
    start = lines.index("| group | kind | Pod templates | source |") + 2

    assert lines[start : start + len(rows) + 1] == [*rows, ""]
