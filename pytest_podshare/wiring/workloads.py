"""The one table of Pods and workload kinds: where each keeps its Pod template, and what it does."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Workload:
    """A built-in kind that is a Pod or has a Pod template.

    Args:
        template: the path of the Pod template in the object; "" for a Pod.
        creates_pods: whether creating the object results in Pods right away.
        replaces_pods: whether a controller replaces each deleted Pod while the object exists.
        skeleton: whether a skeleton of the kind is the same kind with one replica, not a Pod.
    """

    template: str
    creates_pods: bool = False
    replaces_pods: bool = False
    skeleton: bool = False


_TEMPLATE = "spec.template"
WORKLOADS: Mapping[str, Workload] = {
    "Pod": Workload("", creates_pods=True),
    "PodTemplate": Workload("template"),
    "Deployment": Workload(_TEMPLATE, creates_pods=True, replaces_pods=True, skeleton=True),
    "StatefulSet": Workload(_TEMPLATE, creates_pods=True, replaces_pods=True, skeleton=True),
    "ReplicaSet": Workload(_TEMPLATE, creates_pods=True, replaces_pods=True, skeleton=True),
    "ReplicationController": Workload(_TEMPLATE, creates_pods=True, replaces_pods=True),
    # has a Pod on every node
    "DaemonSet": Workload(_TEMPLATE, creates_pods=True, replaces_pods=True),
    # may count a deleted Pod as a failure
    "Job": Workload(_TEMPLATE, creates_pods=True),
    "CronJob": Workload("spec.jobTemplate.spec.template"),
}
_API_GROUPS = ("", "apps", "batch", "extensions")


def is_workload(document: Mapping[str, Any]) -> bool:
    """Return whether an object is a Pod or has a Pod template, by a built-in kind."""
    kind, version = document.get("kind"), document.get("apiVersion")
    # an API version that does not fit the kind is left to the API server
    group = version.rpartition("/")[0] if isinstance(version, str) else ""
    return isinstance(kind, str) and kind in WORKLOADS and group in _API_GROUPS
