"""The table of custom resources that are known without an option: where each has Pod templates."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class CustomResource:
    """A kind of an operator that creates Pods.

    Args:
        paths: the paths of its Pod templates, as in `find_templates`.
        source: the file of the operator's repository that defines the fields.
        container_name: the name that the operator gives a container without a name; "" if each
            container must have one.
    """

    paths: tuple[str, ...]
    source: str
    container_name: str = ""


def _ray(path: str) -> tuple[str, ...]:
    return f"{path}.headGroupSpec.template", f"{path}.workerGroupSpecs[].template"


_TEMPLATE = ("spec.template",)
_KNATIVE = "knative/serving: pkg/apis/serving/v1/"
_TRAINING = "kubeflow/training-operator: pkg/apis/kubeflow.org/v1/"
_RAY = "ray-project/kuberay: ray-operator/apis/ray/v1/"
_KRUISE = "openkruise/kruise: apis/apps/"
# by API group and kind: the kinds alone are not unique
CUSTOM_RESOURCES: Mapping[tuple[str, str], CustomResource] = {
    ("apps.kruise.io", "BroadcastJob"): CustomResource(
        _TEMPLATE, f"{_KRUISE}v1beta1/broadcastjob_types.go"
    ),
    ("apps.kruise.io", "CloneSet"): CustomResource(
        _TEMPLATE, f"{_KRUISE}v1alpha1/cloneset_types.go"
    ),
    ("apps.kruise.io", "DaemonSet"): CustomResource(
        _TEMPLATE, f"{_KRUISE}v1alpha1/daemonset_types.go"
    ),
    ("apps.kruise.io", "StatefulSet"): CustomResource(
        _TEMPLATE, f"{_KRUISE}v1beta1/statefulset_types.go"
    ),
    ("argoproj.io", "Rollout"): CustomResource(
        _TEMPLATE, "argoproj/argo-rollouts: pkg/apis/rollouts/v1alpha1/types.go"
    ),
    ("batch.volcano.sh", "Job"): CustomResource(
        ("spec.tasks[].template",), "volcano-sh/apis: pkg/apis/batch/v1alpha1/job.go"
    ),
    ("jobset.x-k8s.io", "JobSet"): CustomResource(
        ("spec.replicatedJobs[].template.spec.template",),
        "kubernetes-sigs/jobset: api/jobset/v1alpha2/jobset_types.go",
    ),
    ("kubeflow.org", "JAXJob"): CustomResource(
        ("spec.jaxReplicaSpecs.*.template",), f"{_TRAINING}jax_types.go"
    ),
    ("kubeflow.org", "MPIJob"): CustomResource(
        ("spec.mpiReplicaSpecs.*.template",), f"{_TRAINING}mpi_types.go"
    ),
    ("kubeflow.org", "Notebook"): CustomResource(
        _TEMPLATE, "kubeflow/kubeflow: components/notebook-controller/api/v1/notebook_types.go"
    ),
    ("kubeflow.org", "PaddleJob"): CustomResource(
        ("spec.paddleReplicaSpecs.*.template",), f"{_TRAINING}paddlepaddle_types.go"
    ),
    ("kubeflow.org", "PyTorchJob"): CustomResource(
        ("spec.pytorchReplicaSpecs.*.template",), f"{_TRAINING}pytorch_types.go"
    ),
    ("kubeflow.org", "TFJob"): CustomResource(
        ("spec.tfReplicaSpecs.*.template",), f"{_TRAINING}tensorflow_types.go"
    ),
    ("kubeflow.org", "XGBoostJob"): CustomResource(
        ("spec.xgbReplicaSpecs.*.template",), f"{_TRAINING}xgboost_types.go"
    ),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): CustomResource(
        ("spec.leaderWorkerTemplate.leaderTemplate", "spec.leaderWorkerTemplate.workerTemplate"),
        "kubernetes-sigs/lws: api/leaderworkerset/v1/leaderworkerset_types.go",
    ),
    ("ray.io", "RayCluster"): CustomResource(_ray("spec"), f"{_RAY}raycluster_types.go"),
    ("ray.io", "RayJob"): CustomResource(
        (*_ray("spec.rayClusterSpec"), "spec.submitterPodTemplate"), f"{_RAY}rayjob_types.go"
    ),
    ("ray.io", "RayService"): CustomResource(
        _ray("spec.rayClusterConfig"), f"{_RAY}rayservice_types.go"
    ),
    ("serving.knative.dev", "Configuration"): CustomResource(
        _TEMPLATE, f"{_KNATIVE}configuration_types.go", "user-container"
    ),
    ("serving.knative.dev", "Service"): CustomResource(
        _TEMPLATE, f"{_KNATIVE}service_types.go", "user-container"
    ),
}


def find_custom_resource(document: Mapping[str, Any]) -> CustomResource | None:
    """Return what is known of an object's kind in its API group; None if nothing is."""
    version, kind = document.get("apiVersion"), document.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        return None
    return CUSTOM_RESOURCES.get((version.rpartition("/")[0], kind))


def name_containers(spec: Any, name: str) -> None:
    """Give each container without a name the one that its operator gives it.

    Args:
        spec: the Pod spec, which is changed.
        name: the name of a single container; several get numbers.
    """
    containers = spec.get("containers") if isinstance(spec, dict) else None
    entries = containers if isinstance(containers, list) else []
    nameless = [entry for entry in entries if isinstance(entry, dict) and not entry.get("name")]
    for index, entry in enumerate(nameless):
        entry["name"] = name if len(entries) == 1 else f"{name}-{index}"
