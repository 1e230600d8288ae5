"""Tests of finding the Pod templates of a manifest."""

import pytest

from pytest_podshare.manifests.position import find_position
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates
from pytest_podshare.wiring.workloads import WORKLOADS
from tests.support.manifest_texts import one_container

SPEC = "{containers: [{name: c, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v}]}"


def template_of(text, **paths):
    """Return the only template of a YAML text."""
    (template,) = find_templates(read(text), paths)
    return template


def workload(kind, apiVersion="v1"):  # noqa: N803
    """Return an object of a kind, with its template where the kind has it."""
    inner = f"spec: {SPEC}"
    for step in reversed(WORKLOADS[kind].template.split(".") if WORKLOADS[kind].template else ()):
        inner = f"{step}: {{{inner}}}"
    return f"{{apiVersion: {apiVersion}, kind: {kind}, metadata: {{name: w}}, {inner}}}\n"


@pytest.mark.parametrize("kind", WORKLOADS)
def test_each_workload_has_a_template(kind):
    """The wiring is the same wherever the kind keeps it."""
    template = template_of(workload(kind))

    assert str(template) == f"{kind}/w"
    assert template.path == WORKLOADS[kind].template
    assert [str(mount) for _, mount in template.wiring.mounts()] == ["v at /v"]


@pytest.mark.parametrize("version", ["v1", "apps/v1", "batch/v1", "extensions/v1beta1"])
def test_a_workload_can_be_of_any_built_in_api_group(version):
    """An API version that does not fit the kind is left to the API server."""
    assert template_of(workload("Deployment", version)).kind == "Deployment"


def test_templates_are_found_in_lists_and_in_all_documents():
    """They come in their order in the manifest."""
    text = (
        f"{workload('Pod')}---\nkind: List\nitems: [{workload('Job')}, {{kind: Service}}]\n"
        f"---\nkind: DeploymentList\nitems: [{{metadata: {{name: d}}, spec: {{template: "
        f"{{spec: {SPEC}}}}}}}]\n"
    )

    assert [str(template) for template in find_templates(read(text))] == [
        "Pod/w",
        "Job/w",
        "Deployment/d",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: example.com/v1\nkind: Job\nspec: {template: 5}\n",
        "kind: Future\nspec: {template: 5}\n",
        "kind: [Pod]\n",
        "kind: 5\n",
        "a: b\n",
        "- kind: Pod\n",
        "words\n",
        "",
    ],
)
def test_other_objects_are_skipped(text):
    """A manifest may contain anything."""
    assert find_templates(read(text), {"Rollout": "spec.template"}) == ()


def test_unknown_fields_are_ignored():
    """A later version of Kubernetes may know them."""
    template = template_of(
        "kind: Pod\nfuture: 1\nmetadata: {name: p, future: []}\nspec:\n  future: x\n  containers:\n"
        "  - {name: c, future: 5, volumeMounts: [{name: v, mountPath: /v, future: {}}]}\n"
        "  volumes: [{name: v, futureSource: {of: it}}]\n"
    )

    assert template.wiring.volumes[0].kind == "futureSource"


def test_a_null_field_counts_as_absent():
    """Charts render keys without a value, and the API server ignores them."""
    template = template_of(
        "kind: Pod\nmetadata: {name: p, annotations: }\nspec:\n  initContainers:\n  volumes:\n"
        "  securityContext:\n  containers:\n  - name: c\n    volumeMounts:\n    args:\n"
        "    resources: {limits: }\n    securityContext:\n"
    )

    assert [container.name for container in template.wiring.containers] == ["c"]
    assert template.annotations == {}


def test_a_path_leads_to_the_template_or_pod_spec_of_a_custom_resource():
    """Both give the same wiring."""
    text = (
        f"apiVersion: x/v1\nkind: Rollout\nmetadata: {{name: r}}\n"
        f"spec:\n  replicas: 3\n  template: {{metadata: {{annotations: {{a: b}}}}, spec: {SPEC}}}\n"
    )
    whole, bare = (
        template_of(text, Rollout="spec.template"),
        template_of(text, Rollout="spec.template.spec"),
    )

    assert whole.wiring == bare.wiring
    assert (whole.replicas, whole.annotations) == (3, {"a": "b"})
    assert (bare.path, bare.annotations) == ("spec.template.spec", {})


def test_a_path_can_lead_through_a_list():
    """Each entry has a template, named by its index."""
    text = (
        f"apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {{name: j}}\n"
        f"spec:\n  tasks:\n  - template: {{spec: {SPEC}}}\n  - {{}}\n"
        f"  - template: {{spec: {SPEC}}}\n"
    )
    templates = find_templates(read(text), {"Job": "spec.tasks[].template"})

    assert [template.path for template in templates] == [
        "spec.tasks[0].template",
        "spec.tasks[2].template",
    ]
    assert (
        template_of(workload("Job", "batch/v1"), Job="spec.tasks[].template").path
        == "spec.template"
    )


@pytest.mark.parametrize("spec", ["", "spec: ", "spec: {template: }", "spec: {template: {}}"])
def test_a_custom_resource_can_leave_out_its_template_or_containers(spec):
    """The operator may add them."""
    templates = find_templates(read(f"kind: Rollout\nmetadata: {{name: r}}\n{spec}\n"), ROLLOUT)

    assert [template.wiring.containers for template in templates] == [()] * spec.count("{}")


ROLLOUT = {"Rollout": "spec.template"}


def test_a_claim_replaces_a_volume_of_the_same_name():
    """The controller of a StatefulSet does so; the declared volumes stay known."""
    template = template_of(
        "kind: StatefulSet\nmetadata: {name: s, namespace: shop}\nspec:\n  replicas: 2\n"
        "  template:\n    spec:\n      containers: [{name: c}]\n"
        "      volumes: [{name: a}, {name: b}]\n"
        "  volumeClaimTemplates:\n  - metadata: {name: b}\n  - metadata: {name: d}\n"
    )
    volumes = [(volume.name, volume.kind) for volume in template.wiring.volumes]

    assert volumes == [
        ("a", "emptyDir"), ("b", "persistentVolumeClaim"), ("d", "persistentVolumeClaim"),
    ]  # fmt: skip
    assert [volume.kind for volume in template.declared.volumes] == ["emptyDir"] * 2
    assert [claim.position for claim in template.claims] == [(10, 5), (11, 5)]
    assert (template.replicas, template.namespace) == (2, "shop")


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("Deployment", "replicas: 3", 3),
        ("Deployment", "replicas: 0", 0),
        ("Deployment", "replicas: ", 1),
        ("Job", "parallelism: 4", 4),
        ("Job", "replicas: 4", 1),
        ("DaemonSet", "replicas: 4", 0),
    ],
)
def test_the_number_of_pods_comes_from_the_workload(kind, fields, expected):
    """One by default; 0 for a DaemonSet, whose number depends on the nodes."""
    text = f"kind: {kind}\nmetadata: {{name: w}}\nspec: {{{fields}, template: {{spec: {SPEC}}}}}\n"

    assert template_of(text).replicas == expected


def test_annotations_of_the_template_win():
    """Both the object and its template can have them."""
    text = (
        "kind: Job\nmetadata: {name: j, annotations: {a: object, b: object}}\n"
        f"spec: {{template: {{metadata: {{annotations: {{a: template}}}}, spec: {SPEC}}}}}\n"
    )

    assert template_of(text).annotations == {"a": "template", "b": "object"}


def test_a_generate_name_is_a_name():
    """Kubernetes completes it."""
    assert template_of(one_container().replace("name: p", "generateName: p-")).name == "p-"


def test_a_template_has_the_position_of_its_object():
    """Its mounts have positions too."""
    template = template_of(f"# first\n{workload('Pod')}")

    assert template.origin == "<YAML text>"
    assert template.position == find_position(template.subject) == (2, 1)
    assert [mount.position for _, mount in template.wiring.mounts()] == [(2, 95)]
