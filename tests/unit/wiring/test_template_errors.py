"""Tests of the errors for Pod templates with missing fields or wrong types."""

import pytest

from pytest_podshare import errors
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

POD = """\
kind: Pod
metadata: {name: p}
spec:
  containers:
    - name: c
"""


def error_text(text, error=errors.ManifestInvalid, **paths):
    """Return the text of the error in its templates."""
    with pytest.raises(error) as caught:
        find_templates(read(text), paths)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{POD}      volumeMounts: /v\n",
            "<YAML text>:6:7: spec.containers[0].volumeMounts must be a list, but is a string.\n"
            "  6 |       volumeMounts: /v\n"
            "    |       ^\n"
            "Start each entry with a dash.",
        ),
        (
            f"{POD}      volumeMounts:\n        - {{name: v, mountPath: /v}}\n        - name: w\n",
            "<YAML text>:8:11: spec.containers[0].volumeMounts[1] has no mountPath.\n"
            "  8 |         - name: w\n"
            "    |           ^\n"
            "Add mountPath.",
        ),
        (
            f"{POD}      volumeMounts: [v]\n",
            "<YAML text>:6:22: spec.containers[0].volumeMounts[0]"
            " must be a mapping, but is a string.\n"
            "  6 |       volumeMounts: [v]\n"
            "    |                      ^\n"
            "Write `key: value` pairs.",
        ),
        (
            f"{POD}    -\n",
            "<YAML text>:6:6: spec.containers[1] must be a mapping, but is null.\n"
            "  6 |     -\n"
            "    |      ^\n"
            "Write `key: value` pairs.",
        ),
        (
            f"{POD}      securityContext: {{runAsUser: '0'}}\n",
            "<YAML text>:6:25: spec.containers[0].securityContext.runAsUser"
            " must be an integer, but is a string.\n"
            "  6 |       securityContext: {runAsUser: '0'}\n"
            "    |                         ^\n"
            "Write the number without quotes and without a decimal point.",
        ),
        (
            f"{POD}  securityContext: {{fsGroup: true}}\n",
            "<YAML text>:6:21: spec.securityContext.fsGroup"
            " must be an integer, but is a boolean.\n"
            "  6 |   securityContext: {fsGroup: true}\n"
            "    |                     ^\n"
            "Write the number without quotes and without a decimal point.",
        ),
        (
            f"{POD}      resources: {{limits: {{memory: []}}}}\n",
            "<YAML text>:6:28: spec.containers[0].resources.limits.memory"
            " must be a quantity, but is a list.\n"
            "  6 |       resources: {limits: {memory: []}}\n"
            "    |                            ^\n"
            "Write a number with an optional unit, for example 64Mi.",
        ),
        (
            f"{POD}      volumeMounts: [{{name: v, mountPath: /v, readOnly: 'true'}}]\n",
            "<YAML text>:6:47: spec.containers[0].volumeMounts[0].readOnly"
            " must be a boolean, but is a string.\n"
            "  6 |       volumeMounts: [{name: v, mountPath: /v, readOnly: 'true'}]\n"
            "    |                                               ^\n"
            "Write true or false without quotes.",
        ),
        (
            f"{POD}      volumeMounts: [{{name: v, mountPath: /v, mountPropagation: 1}}]\n",
            "<YAML text>:6:47: spec.containers[0].volumeMounts[0].mountPropagation"
            " must be a string, but is a number.\n"
            "  6 |       volumeMounts: [{name: v, mountPath: /v, mountPropagation: 1}]\n"
            "    |                                               ^\n"
            "Put the value in quotes.",
        ),
        (
            f"{POD}  volumes:\n    - name: yes\n",
            "<YAML text>:7:7: spec.volumes[0].name must be a string, but is a boolean.\n"
            "  7 |     - name: yes\n"
            "    |       ^\n"
            "Put the value in quotes: YAML reads y, n, yes, no, on and off as booleans.",
        ),
        (
            f"{POD}  volumes:\n    - name: v\n      emptyDir: {{medium: 1}}\n",
            "<YAML text>:8:18: spec.volumes[0].emptyDir.medium"
            " must be a string, but is a number.\n"
            "  8 |       emptyDir: {medium: 1}\n"
            "    |                  ^\n"
            "Put the value in quotes.",
        ),
        (
            "kind: Pod\nmetadata: {name: p, annotations: {a: 1}}\n",
            "<YAML text>:2:35: metadata.annotations.a must be a string, but is a number.\n"
            "  2 | metadata: {name: p, annotations: {a: 1}}\n"
            "    |                                   ^\n"
            "Put the value in quotes.",
        ),
        (
            "kind: Pod\nmetadata:\n  labels: {}\n",
            "<YAML text>:2:1: the Pod has no name.\n  2 | metadata:\n    | ^\nSet metadata.name.",
        ),
        (
            "kind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate: {spec: {template: []}}\n",
            "<YAML text>:4:24: spec.jobTemplate.spec.template must be a mapping, but is a list.\n"
            "  4 |   jobTemplate: {spec: {template: []}}\n"
            "    |                        ^\n"
            "Write `key: value` pairs.",
        ),
        (
            "kind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate: {}\n",
            "<YAML text>:3:1: the CronJob has no Pod template.\n"
            "  3 | spec:\n"
            "    | ^\n"
            "Add spec.jobTemplate.spec.template.",
        ),
        (
            "kind: Job\nmetadata: {name: j}\n"
            "spec:\n  template:\n    spec: {containers: [{name: c, args: [1]}]}\n",
            "<YAML text>:5:42: spec.template.spec.containers[0].args[0]"
            " must be a string, but is a number.\n"
            "  5 |     spec: {containers: [{name: c, args: [1]}]}\n"
            "    |                                          ^\n"
            "Put the value in quotes.",
        ),
        (
            "kind: StatefulSet\nmetadata: {name: s}\nspec:\n  volumeClaimTemplates: [{}]\n"
            "  template: {spec: {containers: [{name: c}]}}\n",
            "<YAML text>:4:26: spec.volumeClaimTemplates[0] has no metadata.\n"
            "  4 |   volumeClaimTemplates: [{}]\n"
            "    |                          ^\n"
            "Add metadata.",
        ),
        (
            "kind: Deployment\nmetadata: {name: d}\nspec:\n  replicas: '2'\n"
            "  template: {spec: {containers: [{name: c}]}}\n",
            "<YAML text>:4:3: spec.replicas must be an integer, but is a string.\n"
            "  4 |   replicas: '2'\n"
            "    |   ^\n"
            "Write the number without quotes and without a decimal point.",
        ),
        (
            "kind: Rollout\nmetadata: {name: r}\nspec:\n  template: {spec: {containers: c}}\n",
            "<YAML text>:4:21: spec.template.spec.containers must be a list, but is a string.\n"
            "  4 |   template: {spec: {containers: c}}\n"
            "    |                     ^\n"
            "Start each entry with a dash.",
        ),
    ],
)
def test_a_wrong_type_is_an_error_with_the_field_and_the_line(text, expected):
    """The field is named as in `kubectl explain`."""
    assert error_text(text, Rollout="spec.template") == expected


@pytest.mark.parametrize(
    ("spec", "position"), [("", "1:1"), ("spec:\n", "3:1"), ("spec: {containers: []}\n", "3:1")]
)
def test_a_pod_without_containers_is_an_error(spec, position):
    """The API server would reject it as well."""
    text = error_text(f"kind: Pod\nmetadata: {{name: p}}\n{spec}", errors.NoContainers)

    assert text.startswith(f"<YAML text>:{position}: the Pod has no containers.\n")
    assert text.endswith("^\nAdd a container to spec.containers.")


def test_an_error_in_a_dict_has_no_line():
    """It names the field alone."""
    with pytest.raises(errors.ManifestInvalid) as caught:
        find_templates(read({"kind": "Pod", "metadata": {"name": 5}}))

    assert str(caught.value) == (
        "<dict>: metadata.name must be a string, but is a number.\nPut the value in quotes."
    )
