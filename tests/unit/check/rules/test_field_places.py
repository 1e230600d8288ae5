"""A field that does not exist where it stands is found with the place where it belongs."""

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

RULES = ("misplaced-field", "misspelt-field", "unknown-field")
PROBE = {"httpGet": {"port": 80}}


def pod(container=None, **spec):
    """Return a Pod of one container, with further fields of it and of the Pod."""
    app = {"name": "app", "image": "nginx", **(container or {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [app], **spec},
    }


def workload(kind, group="apps", pod_spec=None, template=None, spec=None, **fields):
    """Return a workload with further fields of its levels, from the Pod up to the object."""
    pod_template = {"spec": {**pod()["spec"], **(pod_spec or {})}, **(template or {})}
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": "w"},
        "spec": {"template": pod_template, **(spec or {})},
        **fields,
    }


def find(manifest):
    """Return the rule and what to do, for each wrong field."""
    return [
        (finding.rule, finding.fix)
        for template in find_templates(read(yaml.safe_dump(manifest, sort_keys=False)))
        for finding in rules.check(template)
        if finding.rule in RULES
    ]


# a manifest with one field in the wrong place, and what to do with it
MISPLACED = {
    "a Pod's field in a container": (
        pod({"nodeSelector": {"a": "b"}}),
        "Move it to the Pod's spec.",
    ),
    "a container's field in the Pod": (
        pod(command=["sh"]),
        "Move it to a container.",
    ),
    "requests in a container": (
        pod({"requests": {"cpu": 1}}),
        "Move it to the resources of container 'app'.",
    ),
    "limits beside resources": (
        pod({"resources": None, "limits": {"cpu": 1}}),
        "Indent it below resources.",
    ),
    "a user in a container": (
        pod({"runAsUser": 1}),
        "Move it to the securityContext of container 'app'.",
    ),
    "an action beside its probe": (
        pod({"readinessProbe": {"periodSeconds": 1}, **PROBE}),
        "Indent it below readinessProbe.",
    ),
    "an action without a probe": (
        pod({"tcpSocket": {"port": 1}}),
        "Move it to the livenessProbe, the readinessProbe or the startupProbe of container 'app'.",
    ),
    "a setting of a probe in its action": (
        pod({"livenessProbe": {"httpGet": {"port": 80, "periodSeconds": 3}}}),
        "Move it to the livenessProbe of container 'app'.",
    ),
    "a hook in a container": (
        pod({"preStop": {"exec": {"command": ["true"]}}}),
        "Move it to the lifecycle of container 'app'.",
    ),
    "a port in a container": (
        pod({"hostPort": 80}),
        "Move it to an entry of the ports of container 'app'.",
    ),
    "a reference of a variable": (
        pod({"env": [{"name": "A", "secretKeyRef": {"name": "s", "key": "k"}}]}),
        "Move it to the env[A].valueFrom of container 'app'.",
    ),
    "a key of a variable": (
        pod({"env": [{"name": "A", "valueFrom": {"secretKeyRef": None, "key": "k"}}]}),
        "Indent it below secretKeyRef.",
    ),
    "a key of a secret": (
        pod(volumes=[{"name": "v", "secret": {"secretName": "s", "path": "p"}}]),
        "Move it to an entry of the secret.items of volume 'v'.",
    ),
    "a claim without its source": (
        pod(volumes=[{"name": "v", "claimName": "c"}]),
        "Move it to the persistentVolumeClaim of volume 'v'.",
    ),
    "a claim in a mount": (
        pod({"volumeMounts": [{"name": "v", "mountPath": "/v", "configMap": {"name": "c"}}]}),
        "Move it to a volume.",
    ),
    "affinity one level too high": (
        pod(nodeAffinity={"requiredDuringSchedulingIgnoredDuringExecution": {}}),
        "Move it to the Pod's affinity.",
    ),
    "a key of a toleration": (
        pod(tolerationSeconds=1),
        "Move it to an entry of the Pod's tolerations.",
    ),
    "a field that is misspelt as well": (
        pod(securityContext={"readonlyRootFileSystem": True}),
        "Move it to the securityContext of each container, and write readOnlyRootFilesystem.",
    ),
    "a misspelt field that is not indented": (
        pod({"securityContext": None, "runasuser": 1}),
        "Indent it below securityContext, and write runAsUser.",
    ),
    "labels of a Pod": (
        {**pod(), "labels": {"a": "b"}},
        "Indent it below metadata.",
    ),
    "labels of a template": (
        workload("Deployment", template={"labels": {"a": "b"}}),
        "Move it to the Deployment's spec.template.metadata.",
    ),
    "replicas of the object": (
        workload("StatefulSet", replicas=3),
        "Indent it below spec.",
    ),
    "replicas of a template": (
        workload("ReplicaSet", template={"replicas": 3}),
        "Move it to the ReplicaSet's spec.",
    ),
    "a Pod's field in a Deployment": (
        workload("Deployment", spec={"serviceAccountName": "a"}),
        "Move it to the Deployment's spec.template.spec.",
    ),
    "a Pod's field in a DaemonSet's template": (
        workload("DaemonSet", template={"tolerations": [{"operator": "Exists"}]}),
        "Indent it below spec.",
    ),
    "a limit of a Job in its Pod": (
        workload("Job", "batch", pod_spec={"backoffLimit": 1}),
        "Move it to the Job's spec.",
    ),
    "a selector's labels in a Deployment": (
        workload("Deployment", spec={"matchLabels": {"a": "b"}}),
        "Move it to the Deployment's spec.selector.",
    ),
}
MISSPELT = {
    "a plural": (pod(volume=[]), "Write volumes."),
    "a capital": (pod({"Image": "nginx"}), "Write image."),
    "the beginning of a name": (pod(hostNet=True), "Write hostNetwork."),
    "a letter in a probe": (
        pod({"livenessProbe": {**PROBE, "periodSecond": 1}}),
        "Write periodSeconds.",
    ),
    "a letter in resources, though claims have such a field": (
        pod({"resources": {"request": {"cpu": 1}}}),
        "Write requests.",
    ),
    "a letter in a template": (
        workload("Deployment", template={"metadatas": {"labels": {"a": "b"}}}),
        "Write metadata.",
    ),
    "a letter in a Job": (
        workload("Job", "batch", spec={"backofLimit": 1}),
        "Write backoffLimit.",
    ),
}


@pytest.mark.parametrize(("manifest", "fix"), MISPLACED.values(), ids=MISPLACED)
def test_the_place_of_a_misplaced_field_is_named(manifest, fix):
    """It is the nearest that has such a field."""
    assert find(manifest) == [("misplaced-field", fix)]


@pytest.mark.parametrize(("manifest", "fix"), MISSPELT.values(), ids=MISSPELT)
def test_the_name_of_a_misspelt_field_is_corrected(manifest, fix):
    """At every level of the template and of its workload."""
    assert find(manifest) == [("misspelt-field", fix)]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
def test_a_workload_without_a_wrong_field_has_no_finding(kind):
    """Control for all of the above."""
    assert find(workload(kind)) == find(pod({"livenessProbe": PROBE})) == []


def test_a_field_of_another_kind_of_volume_has_no_place():
    """A volume has one source; control: a field of the same source."""
    fields = {"volumeName": "v", "pool": "p", "secretRef": None}
    volume = {"name": "v", "storageos": {**fields, "fstype": "ext4"}}

    found = find(pod(volumes=[volume]))

    assert [rule for rule, _ in found] == ["unknown-field", "misspelt-field"]


def test_fields_of_a_custom_resource_are_not_judged():
    """Its kind may be that of a workload, in another group; control: the same in `batch`."""
    job = workload("Job", "batch", pod_spec={"wondrous": 1}, spec={"tasks": []})
    custom = {**job, "apiVersion": "batch.volcano.sh/v1alpha1"}
    source = read(yaml.safe_dump(custom))

    (template,) = find_templates(source, {"Job": "spec.template"})

    assert rules.check(template) == ()
    assert len(find(job)) == 2


def test_fields_beside_the_same_field_are_one_finding():
    """They were not indented together."""
    manifest = pod({"securityContext": {}, "runAsUser": 1, "runAsGroup": 1})

    assert find(manifest) == [("misplaced-field", "Indent them below securityContext.")]
