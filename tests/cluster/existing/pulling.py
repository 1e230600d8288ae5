"""Namespaces in which nothing is pulled that the nodes have, whatever manifests say.

On a cluster that is somebody's the plugin leaves pull policies alone, and no registry answers here.
"""

import contextlib

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path

LABEL = "podshare.test/images"
_ROOT = "/apis/admissionregistration.k8s.io/v1"
_CONTAINERS = """{field}: has(object.spec.{field}) ? object.spec.{field}.map(each,
  Object.spec.{field}{{name: each.name, imagePullPolicy: "IfNotPresent"}}) : []"""
_FIELDS = [_CONTAINERS.format(field=field) for field in ("containers", "initContainers")]
_MUTATION = f"Object{{spec: Object.spec{{{', '.join(_FIELDS)}}}}}"


@contextlib.contextmanager
def from_the_nodes(cluster, name):
    """Let Pods use the images that their nodes have, in namespaces with that value of the label.

    Raises:
        ApiError: the API server knows no such policies.
    """
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"]}
    selector = {"namespaceSelector": {"matchLabels": {LABEL: name}}}
    policy = {
        "kind": "MutatingAdmissionPolicy",
        "apiVersion": "admissionregistration.k8s.io/v1",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {**selector, "resourceRules": [{**pods, "resources": ["pods"]}]},
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": _MUTATION},
                }
            ],
        },
    }
    binding = {
        "kind": "MutatingAdmissionPolicyBinding",
        "apiVersion": "admissionregistration.k8s.io/v1",
        "metadata": {"name": name},
        "spec": {"policyName": name, "matchResources": selector},
    }
    made = []
    try:
        for kind, document in (("policies", policy), ("policybindings", binding)):
            path = f"{_ROOT}/mutatingadmission{kind}"
            cluster.api.post(path, document)
            made.append(f"{path}/{name}")
        yield
    finally:
        for path in made:
            with contextlib.suppress(errors.ApiError):
                cluster.api.delete(path)


def wait_for_it(cluster, namespace):
    """Wait until the API server heeds the policy in a namespace."""
    container = {"name": "c", "image": "busybox", "imagePullPolicy": "Always"}
    pod = {"kind": "Pod", "metadata": {"name": "asks"}, "spec": {"containers": [container]}}

    def policy():
        live = cluster.api.post(pod_path(namespace), pod, dryRun="All")
        return live["spec"]["containers"][0]["imagePullPolicy"]

    assert poll(policy, until=lambda it: it == "IfNotPresent", deadline=Deadline(30), first=0.2)
