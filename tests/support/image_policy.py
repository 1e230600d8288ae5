"""An admission policy by which Pods use the images that nodes have, whatever manifests say.

On an existing cluster the plugin leaves pull policies alone, and no registry answers here.
"""

import contextlib

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path

LABEL = "podshare.test/images"
_ROOT = "/apis/admissionregistration.k8s.io/v1"
_CONTAINERS = """{field}: has(object.spec.{field}) ? object.spec.{field}.map(each,
  Object.spec.{field}{{name: each.name, imagePullPolicy: "IfNotPresent"}}) : []"""


@contextlib.contextmanager
def use_images_of_nodes(cluster, name):
    """Apply the policy to namespaces whose label has this value.

    Raises:
        ApiError: the API server does not support such policies.
    """
    wanted = {
        name: ("pods", "CREATE", ("containers", "initContainers")),
        f"{name}-beside": ("pods/ephemeralcontainers", "UPDATE", ("ephemeralContainers",)),
    }
    made = []
    try:
        for own, (resource, operation, fields) in wanted.items():
            selector = {"namespaceSelector": {"matchLabels": {LABEL: name}}}
            for kind, document in _documents(own, selector, resource, operation, fields):
                path = f"{_ROOT}/mutatingadmission{kind}"
                cluster.api.post(path, document)
                made.append(f"{path}/{own}")
        yield
    finally:
        for path in made:
            with contextlib.suppress(errors.ApiError):
                cluster.api.delete(path)


def _documents(name, selector, resource, operation, fields):
    """Yield a policy and its binding, each with the end of its path."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": [operation]}
    changed = ", ".join(_CONTAINERS.format(field=field) for field in fields)
    expression = f"Object{{spec: Object.spec{{{changed}}}}}"
    mutation = {
        "patchType": "ApplyConfiguration",
        "applyConfiguration": {"expression": expression},
    }
    yield (
        "policies",
        {
            "kind": "MutatingAdmissionPolicy",
            "apiVersion": "admissionregistration.k8s.io/v1",
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "reinvocationPolicy": "Never",
                "matchConstraints": {
                    **selector,
                    "resourceRules": [{**rule, "resources": [resource]}],
                },
                "mutations": [mutation],
            },
        },
    )
    yield (
        "policybindings",
        {
            "kind": "MutatingAdmissionPolicyBinding",
            "apiVersion": "admissionregistration.k8s.io/v1",
            "metadata": {"name": name},
            "spec": {"policyName": name, "matchResources": selector},
        },
    )


def wait_until_effective(cluster, namespace):
    """Wait until the API server applies the policy in a namespace."""
    container = {"name": "c", "image": "busybox", "imagePullPolicy": "Always"}
    pod = {"kind": "Pod", "metadata": {"name": "asks"}, "spec": {"containers": [container]}}

    def policy():
        live = cluster.api.post(pod_path(namespace), pod, dryRun="All")
        return live["spec"]["containers"][0]["imagePullPolicy"]

    assert poll(
        policy, until=lambda value: value == "IfNotPresent", deadline=Deadline(60), first=0.2
    )
