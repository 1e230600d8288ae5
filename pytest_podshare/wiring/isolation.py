"""Whether a manifest can meet others outside its namespace: on a node, or in the whole cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.pod_spec import iter_containers, list_mappings

# kinds in a namespace that have no effect outside it; an operator may do anything with other kinds
_INSIDE = frozenset(
    (
        *("ConfigMap", "Secret", "PersistentVolumeClaim", "Service", "ServiceAccount", "Role"),
        *("RoleBinding", "NetworkPolicy", "PodDisruptionBudget", "LimitRange", "ResourceQuota"),
        *("HorizontalPodAutoscaler", "Endpoints", "EndpointSlice"),
        *("Pod", "Deployment", "StatefulSet", "ReplicaSet", "Job", "CronJob"),
    )
)


def find_shared(manifest: Manifest) -> str:
    """Return the first thing of a manifest that another could have as well; "" if there is none.

    For example a port or a folder of the node, or an object that no namespace contains.
    """
    return next(_list_shared(manifest), "")


def _list_shared(manifest: Manifest) -> Iterator[str]:
    for document in (manifest.subject, *manifest.others):
        kind = str(document.get("kind"))
        spec = document.get("spec") or {}
        if kind not in _INSIDE:
            yield f"the {kind}"
        elif kind == "PersistentVolumeClaim" and spec.get("volumeName"):
            yield f"PersistentVolume {spec['volumeName']}"
        elif any("nodePort" in port for port in list_mappings(spec, "ports")):
            yield "a node port"
    yield from _list_shared_in_pod(manifest.pod["spec"])


def _list_shared_in_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    if spec.get("hostNetwork"):
        yield "the node's network"
    for container in iter_containers(spec):
        for port in list_mappings(container, "ports"):
            if port.get("hostPort"):
                yield f"port {port['hostPort']} of the node"
    for volume in list_mappings(spec, "volumes"):
        if (source := volume.get("hostPath")) is not None:
            yield f"{source['path']} of the node"
