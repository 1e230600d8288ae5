"""Every Pod template in a manifest, and what is said of one that is no template."""

import pytest

from pytest_podshare import errors
from pytest_podshare.manifests.position import position
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import PATHS, templates

SPEC = "{containers: [{name: c, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v}]}"
POD = """\
kind: Pod
metadata: {name: p}
spec:
  containers:
    - name: c
"""


def one(text, **paths):
    """The only template of a YAML text."""
    (found,) = templates(read(text), paths)
    return found


def workload(kind, apiVersion="v1"):  # noqa: N803
    """An object of that kind, its template where the kind has it."""
    inner = f"spec: {SPEC}"
    for step in reversed(PATHS[kind].split(".") if PATHS[kind] else ()):
        inner = f"{step}: {{{inner}}}"
    return f"{{apiVersion: {apiVersion}, kind: {kind}, metadata: {{name: w}}, {inner}}}\n"


def refused(text, error=errors.ManifestInvalid, **paths):
    """The whole text of the error that its templates give."""
    with pytest.raises(error) as caught:
        templates(read(text), paths)
    return str(caught.value)


@pytest.mark.parametrize("kind", PATHS)
def test_each_kind_has_its_template(kind):
    """Wherever a kind keeps it, the wiring is the same."""
    found = one(workload(kind))

    assert str(found) == f"{kind}/w"
    assert found.path == PATHS[kind]
    assert [str(mount) for _, mount in found.wiring.mounts()] == ["v at /v"]


@pytest.mark.parametrize("version", ["v1", "apps/v1", "batch/v1", "extensions/v1beta1"])
def test_kubernetes_own_groups_are_known(version):
    """An apiVersion that is wrong for the kind is for the API server to refuse."""
    assert one(workload("Deployment", version)).kind == "Deployment"


def test_lists_and_documents_are_looked_through():
    """A template counts wherever in a manifest it is, in its order."""
    text = (
        f"{workload('Pod')}---\nkind: List\nitems: [{workload('Job')}, {{kind: Service}}]\n"
        f"---\nkind: DeploymentList\nitems: [{{metadata: {{name: d}}, spec: {{template: "
        f"{{spec: {SPEC}}}}}}}]\n"
    )

    assert [str(each) for each in templates(read(text))] == ["Pod/w", "Job/w", "Deployment/d"]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nspec: {tasks: 5}\n",
        "kind: Future\nspec: {template: 5}\n",
        "kind: [Pod]\n",
        "kind: 5\n",
        "a: b\n",
        "- kind: Pod\n",
        "words\n",
        "",
    ],
)
def test_what_is_not_known_is_passed_over(text):
    """A manifest may hold anything; only what is known to make Pods is judged."""
    assert templates(read(text), {"Rollout": "spec.template"}) == ()


def test_fields_of_the_future_are_passed_over():
    """Kubernetes grows: an unknown field is no error, whatever its type."""
    found = one(
        "kind: Pod\nfuture: 1\nmetadata: {name: p, future: []}\nspec:\n  future: x\n  containers:\n"
        "  - {name: c, future: 5, volumeMounts: [{name: v, mountPath: /v, future: {}}]}\n"
        "  volumes: [{name: v, futureSource: {of: it}}]\n"
    )

    assert found.wiring.volumes[0].kind == "futureSource"


def test_nothing_is_as_good_as_absent():
    """Charts render keys without a value; the API server takes them as not given."""
    found = one(
        "kind: Pod\nmetadata: {name: p, annotations: }\nspec:\n  initContainers:\n  volumes:\n"
        "  securityContext:\n  containers:\n  - name: c\n    volumeMounts:\n    args:\n"
        "    resources: {limits: }\n    securityContext:\n"
    )

    assert [each.name for each in found.wiring.containers] == ["c"]
    assert found.annotations == {}


def test_a_custom_resource_has_its_template_where_it_is_said_to_be():
    """A path may lead to a template, to a Pod spec, or to each of a list."""
    text = (
        f"apiVersion: x/v1\nkind: Rollout\nmetadata: {{name: r}}\n"
        f"spec:\n  replicas: 3\n  template: {{metadata: {{annotations: {{a: b}}}}, spec: {SPEC}}}\n"
    )
    whole, bare = one(text, Rollout="spec.template"), one(text, Rollout="spec.template.spec")

    assert whole.wiring == bare.wiring
    assert (whole.replicas, whole.annotations) == (3, {"a": "b"})
    assert (bare.path, bare.annotations) == ("spec.template.spec", {})


def test_a_path_may_lead_through_lists():
    """Each entry has a template of its own, named by its place."""
    text = (
        f"apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {{name: j}}\n"
        f"spec:\n  tasks:\n  - template: {{spec: {SPEC}}}\n  - {{}}\n"
        f"  - template: {{spec: {SPEC}}}\n"
    )
    found = templates(read(text), {"Job": "spec.tasks[].template"})

    assert [each.path for each in found] == ["spec.tasks[0].template", "spec.tasks[2].template"]
    assert one(workload("Job", "batch/v1"), Job="spec.tasks[].template").path == "spec.template"


@pytest.mark.parametrize("spec", ["", "spec: ", "spec: {template: }", "spec: {template: {}}"])
def test_an_operator_may_fill_in_what_a_custom_resource_leaves_out(spec):
    """Its template need not be there, and need not list containers."""
    found = templates(read(f"kind: Rollout\nmetadata: {{name: r}}\n{spec}\n"), PATHS_OF_ROLLOUT)

    assert [each.wiring.containers for each in found] == [()] * spec.count("{}")


PATHS_OF_ROLLOUT = {"Rollout": "spec.template"}


def test_a_claim_takes_the_place_of_a_volume_of_its_name():
    """As the controller of a StatefulSet does it; what was declared is known as well."""
    found = one(
        "kind: StatefulSet\nmetadata: {name: s, namespace: shop}\nspec:\n  replicas: 2\n"
        "  template:\n    spec:\n      containers: [{name: c}]\n"
        "      volumes: [{name: a}, {name: b}]\n"
        "  volumeClaimTemplates:\n  - metadata: {name: b}\n  - metadata: {name: d}\n"
    )
    volumes = [(each.name, each.kind) for each in found.wiring.volumes]

    assert volumes == [
        ("a", "emptyDir"), ("b", "persistentVolumeClaim"), ("d", "persistentVolumeClaim"),
    ]  # fmt: skip
    assert [each.kind for each in found.declared.volumes] == ["emptyDir"] * 2
    assert [each.at for each in found.claims] == [(10, 5), (11, 5)]
    assert (found.replicas, found.namespace) == (2, "shop")


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("Deployment", "replicas: 3", 3),
        ("Deployment", "replicas: 0", 0),
        ("Deployment", "replicas: ", 1),
        ("Job", "parallelism: 4", 4),
        ("Job", "replicas: 4", 1),
        ("DaemonSet", "replicas: 4", 0),
    ],
)
def test_the_number_of_pods_is_what_the_workload_asks_for(kind, facts, expected):
    """One where it does not say; a DaemonSet's depends on the nodes."""
    text = f"kind: {kind}\nmetadata: {{name: w}}\nspec: {{{facts}, template: {{spec: {SPEC}}}}}\n"

    assert one(text).replicas == expected


def test_annotations_of_the_template_win():
    """Both the object and its template may carry them."""
    text = (
        "kind: Job\nmetadata: {name: j, annotations: {a: object, b: object}}\n"
        f"spec: {{template: {{metadata: {{annotations: {{a: template}}}}, spec: {SPEC}}}}}\n"
    )

    assert one(text).annotations == {"a": "template", "b": "object"}


def test_a_generated_name_is_a_name():
    """Kubernetes completes it; a template needs none at all."""
    assert one(POD.replace("name: p", "generateName: p-")).name == "p-"


def test_a_template_knows_where_it_stands():
    """Findings name the file and the line of the object and of each mount."""
    found = one(f"# first\n{workload('Pod')}")

    assert found.origin == "the given YAML"
    assert found.at == position(found.subject) == (2, 1)
    assert [mount.at for _, mount in found.wiring.mounts()] == [(2, 95)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{POD}      volumeMounts: /v\n",
            "the given YAML:6:7: spec.containers[0].volumeMounts is a string, not a list.\n"
            "  6 |       volumeMounts: /v\n"
            "    |       ^\n"
            "Begin each of its entries with a dash.",
        ),
        (
            f"{POD}      volumeMounts:\n        - {{name: v, mountPath: /v}}\n        - name: w\n",
            "the given YAML:8:11: spec.containers[0].volumeMounts[1] has no mountPath.\n"
            "  8 |         - name: w\n"
            "    |           ^\n"
            "Give it a mountPath.",
        ),
        (
            f"{POD}      volumeMounts: [v]\n",
            "the given YAML:6:22: spec.containers[0].volumeMounts[0] is a string, not a mapping.\n"
            "  6 |       volumeMounts: [v]\n"
            "    |                      ^\n"
            "Write it as keys with values, indented below its own key.",
        ),
        (
            f"{POD}    -\n",
            "the given YAML:6:6: spec.containers[1] is nothing, not a mapping.\n"
            "  6 |     -\n"
            "    |      ^\n"
            "Write it as keys with values, indented below its own key.",
        ),
        (
            f"{POD}      securityContext: {{runAsUser: '0'}}\n",
            "the given YAML:6:25: spec.containers[0].securityContext.runAsUser is a string,"
            " not a whole number.\n"
            "  6 |       securityContext: {runAsUser: '0'}\n"
            "    |                         ^\n"
            "Write it without quotes and without a point.",
        ),
        (
            f"{POD}  securityContext: {{fsGroup: true}}\n",
            "the given YAML:6:21: spec.securityContext.fsGroup is a truth value,"
            " not a whole number.\n"
            "  6 |   securityContext: {fsGroup: true}\n"
            "    |                     ^\n"
            "Write it without quotes and without a point.",
        ),
        (
            f"{POD}      resources: {{limits: {{memory: []}}}}\n",
            "the given YAML:6:28: spec.containers[0].resources.limits.memory is a list,"
            " not a quantity.\n"
            "  6 |       resources: {limits: {memory: []}}\n"
            "    |                            ^\n"
            "Write a number, with a unit if need be: 64Mi.",
        ),
        (
            f"{POD}      volumeMounts: [{{name: v, mountPath: /v, readOnly: 'true'}}]\n",
            "the given YAML:6:47: spec.containers[0].volumeMounts[0].readOnly is a string,"
            " not a truth value.\n"
            "  6 |       volumeMounts: [{name: v, mountPath: /v, readOnly: 'true'}]\n"
            "    |                                               ^\n"
            "Write true or false, without quotes.",
        ),
        (
            f"{POD}      volumeMounts: [{{name: v, mountPath: /v, mountPropagation: 1}}]\n",
            "the given YAML:6:47: spec.containers[0].volumeMounts[0].mountPropagation is a number,"
            " not a string.\n"
            "  6 |       volumeMounts: [{name: v, mountPath: /v, mountPropagation: 1}]\n"
            "    |                                               ^\n"
            "Write it in quotes.",
        ),
        (
            f"{POD}  volumes:\n    - name: yes\n",
            "the given YAML:7:7: spec.volumes[0].name is a truth value, not a string.\n"
            "  7 |     - name: yes\n"
            "    |       ^\n"
            "Write it in quotes; YAML takes y, n, yes, no, on and off for true and false.",
        ),
        (
            f"{POD}  volumes:\n    - name: v\n      emptyDir: {{medium: 1}}\n",
            "the given YAML:8:18: spec.volumes[0].emptyDir.medium is a number, not a string.\n"
            "  8 |       emptyDir: {medium: 1}\n"
            "    |                  ^\n"
            "Write it in quotes.",
        ),
        (
            "kind: Pod\nmetadata: {name: p, annotations: {a: 1}}\n",
            "the given YAML:2:35: metadata.annotations.a is a number, not a string.\n"
            "  2 | metadata: {name: p, annotations: {a: 1}}\n"
            "    |                                   ^\n"
            "Write it in quotes.",
        ),
        (
            "kind: Pod\nmetadata:\n  labels: {}\n",
            "the given YAML:2:1: the Pod has no name.\n"
            "  2 | metadata:\n"
            "    | ^\n"
            "Give it one under metadata.name.",
        ),
        (
            "kind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate: {spec: {template: []}}\n",
            "the given YAML:4:24: spec.jobTemplate.spec.template is a list, not a mapping.\n"
            "  4 |   jobTemplate: {spec: {template: []}}\n"
            "    |                        ^\n"
            "Write it as keys with values, indented below its own key.",
        ),
        (
            "kind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate: {}\n",
            "the given YAML:3:1: the CronJob has no template.\n"
            "  3 | spec:\n"
            "    | ^\n"
            "Give it one under spec.jobTemplate.spec.template.",
        ),
        (
            "kind: Job\nmetadata: {name: j}\n"
            "spec:\n  template:\n    spec: {containers: [{name: c, args: [1]}]}\n",
            "the given YAML:5:42: spec.template.spec.containers[0].args[0] is a number,"
            " not a string.\n"
            "  5 |     spec: {containers: [{name: c, args: [1]}]}\n"
            "    |                                          ^\n"
            "Write it in quotes.",
        ),
        (
            "kind: StatefulSet\nmetadata: {name: s}\nspec:\n  volumeClaimTemplates: [{}]\n"
            "  template: {spec: {containers: [{name: c}]}}\n",
            "the given YAML:4:26: spec.volumeClaimTemplates[0] has no metadata.\n"
            "  4 |   volumeClaimTemplates: [{}]\n"
            "    |                          ^\n"
            "Give it a metadata.",
        ),
        (
            "kind: Deployment\nmetadata: {name: d}\nspec:\n  replicas: '2'\n"
            "  template: {spec: {containers: [{name: c}]}}\n",
            "the given YAML:4:3: spec.replicas is a string, not a whole number.\n"
            "  4 |   replicas: '2'\n"
            "    |   ^\n"
            "Write it without quotes and without a point.",
        ),
        (
            "kind: Rollout\nmetadata: {name: r}\nspec:\n  template: {spec: {containers: c}}\n",
            "the given YAML:4:21: spec.template.spec.containers is a string, not a list.\n"
            "  4 |   template: {spec: {containers: c}}\n"
            "    |                     ^\n"
            "Begin each of its entries with a dash.",
        ),
    ],
)
def test_a_wrong_type_is_shown_with_its_field(text, expected):
    """The message names the field as kubectl explain does, and shows the line."""
    assert refused(text, **PATHS_OF_ROLLOUT) == expected


@pytest.mark.parametrize(
    ("spec", "place"), [("", "1:1"), ("spec:\n", "3:1"), ("spec: {containers: []}\n", "3:1")]
)
def test_a_pod_without_containers_is_refused(spec, place):
    """Kubernetes would refuse it as well."""
    text = refused(f"kind: Pod\nmetadata: {{name: p}}\n{spec}", errors.NoContainers)

    assert text.startswith(f"the given YAML:{place}: the Pod has no containers.\n")
    assert text.endswith("^\nList at least one under spec.containers.")


def test_a_dict_is_refused_without_a_line():
    """What came from no text is named by its field alone."""
    with pytest.raises(errors.ManifestInvalid) as caught:
        templates(read({"kind": "Pod", "metadata": {"name": 5}}))

    assert str(caught.value) == (
        "the given dict: metadata.name is a number, not a string.\nWrite it in quotes."
    )
