"""Check capabilities by requests that create nothing: dry runs, access reviews, lists.

Each check returns why the capability is missing; "" if nothing shows that it is. An error of the
API server is raised.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.kind import engine, nodes
from pytest_podshare.kube import access_review
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.conditions import is_node_ready
from pytest_podshare.kube.rbac import Permission
from pytest_podshare.wiring import requirements

_UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable"


@dataclasses.dataclass(frozen=True)
class CheckContext:
    """Where capabilities are checked.

    Args:
        cluster: the cluster.
        namespace: an existing namespace.
        image: an image with a shell, for trial Pods.
        run_id: the run that owns the trial objects.
    """

    cluster: Cluster
    namespace: str
    image: str
    run_id: str


def build_pod(context: CheckContext, spec: Mapping[str, Any], **container: Any) -> dict[str, Any]:
    """Return a small, unprivileged Pod of one container that sleeps."""
    # a quota may require both; a runtime does not start with a memory limit that is too low
    requests, limits = {"cpu": "10m", "memory": "16Mi"}, {"cpu": "500m", "memory": "64Mi"}
    container = {
        "name": "c",
        "image": context.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", "sleep 600"],
        "resources": {"requests": requests, "limits": limits},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        **container,
    }
    pod_spec = {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        **spec,
    }
    metadata = build_metadata(context)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec}


def build_pod_with_volume(context: CheckContext, source: Mapping[str, Any]) -> dict[str, Any]:
    """Return such a Pod that mounts a volume with that source."""
    mount, volume = {"name": "v", "mountPath": "/v"}, {"name": "v", **source}
    return build_pod(context, {"volumes": [volume]}, volumeMounts=[mount])


def build_metadata(context: CheckContext) -> dict[str, Any]:
    """Return the metadata of a trial object."""
    metadata: dict[str, Any] = {"generateName": "podshare-can-"}
    ownership.Ownership.for_run(context.run_id).write(metadata)
    return metadata


def check_fields(context: CheckContext, manifest: Mapping[str, Any]) -> str:
    """Check that the API server keeps the newer fields of a Pod, which it may drop silently."""
    required = requirements.find_requirements(manifest["spec"])
    kept = requirements.find_requirements(_dry_run(context, manifest)["spec"])
    dropped = [field for capability, field in required.items() if capability not in kept]
    return f"the API server drops the field {', '.join(dropped)}" if dropped else ""


def check_subresource(context: CheckContext, subresource: str) -> str:
    """Check that Pods have a subresource, and that the account may patch it."""
    api = context.cluster.api
    served = {resource["name"] for resource in api.get("/api/v1")["resources"]}
    if f"pods/{subresource}" not in served:
        return f"the API server does not serve pods/{subresource}"
    patch = Permission("patch", f"pods/{subresource}", namespace=context.namespace)
    missing = access_review.find_missing(api, [patch])
    return f"the account lacks the permission to {missing[0]}" if missing else ""


def check_resize_policy(context: CheckContext) -> str:
    """Check that the API server keeps the resizePolicy of a container."""
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    live = _dry_run(context, build_pod(context, {}, resizePolicy=policy))
    kept = live["spec"]["containers"][0].get("resizePolicy") or ()
    is_kept = any(resource["restartPolicy"] == "RestartContainer" for resource in kept)
    return "" if is_kept else "the API server drops the field resizePolicy"


def check_node_access(context: CheckContext) -> str:
    """Check that commands can be run on the nodes."""
    if not context.cluster.own:
        return "only the kind provider gives access to nodes"
    running = [name for name, state in engine.read_states(context.cluster.name) if not state]
    if not running:
        return f"no node of cluster {context.cluster.name} runs on this machine's container engine"
    try:
        nodes.run(running[0], "true")
    except errors.NodeAccessMissing as error:
        return error.what
    return ""


def check_two_nodes(context: CheckContext) -> str:
    """Check that a Pod that leaves its node can go to another one."""
    listed = context.cluster.api.get("/api/v1/nodes")["items"]
    count = sum(map(_accepts_pods, listed))
    return "" if count > 1 else f"only {count} of {len(listed)} nodes accept Pods"


def _accepts_pods(node: Mapping[str, Any]) -> bool:
    """Return whether a node is ready, and at most cordoned by a drain of podshare, which ends."""
    is_drained = ownership.CORDON_LABEL in (node["metadata"].get("labels") or {})
    if not is_node_ready(node) or (node["spec"].get("unschedulable") and not is_drained):
        return False
    return not any(
        taint["effect"] in ("NoSchedule", "NoExecute")
        and not (is_drained and taint["key"] == _UNSCHEDULABLE_TAINT)
        for taint in node["spec"].get("taints") or ()
    )


def _dry_run(context: CheckContext, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Pod that the API server would create."""
    return context.cluster.api.post(pod_path(context.namespace), manifest, dryRun="All")
