"""Questions to an API server that make nothing: dry runs, reviews of rights, lists of what it has.

Each gives why something is not to be had; "" where nothing is in the way. A refusal is raised.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.kube import access_review
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.conditions import is_node_ready
from pytest_podshare.kube.rbac import Permission
from pytest_podshare.wiring import requirements

_KEEPS_PODS_AWAY = ("NoSchedule", "NoExecute")


@dataclasses.dataclass(frozen=True)
class CheckContext:
    """Where a question is asked.

    Args:
        cluster: the cluster.
        namespace: a namespace that is there.
        image: what runs in a Pod that is made to see whether it works; it has a shell.
        run_id: the run, as what it makes says of itself.
    """

    cluster: Cluster
    namespace: str
    image: str
    run_id: str


def pod(place: CheckContext, spec: Mapping[str, Any], **container: Any) -> dict[str, Any]:
    """A Pod of one container that waits, small and without any privilege."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    # a quota may want both; a limit that is too tight keeps the runtime itself from starting
    requests, limits = {"cpu": "10m", "memory": "16Mi"}, {"cpu": "500m", "memory": "64Mi"}
    its = {
        "name": "c",
        "image": place.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", "sleep 600"],
        "resources": {"requests": requests, "limits": limits},
        "securityContext": security,
        **container,
    }
    whole = {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "containers": [its],
        **spec,
    }
    metadata: dict[str, Any] = {"generateName": "podshare-can-"}
    ownership.Ownership.of(place.run_id).put(metadata)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole}


def keeps(place: CheckContext, manifest: Mapping[str, Any]) -> str:
    """Whether the API server keeps what is new in a Pod, which it may drop without a word."""
    wanted = requirements.of_pod(manifest["spec"])
    live = _dry_run(place, manifest)
    dropped = [wanted[each] for each in wanted if each not in requirements.of_pod(live["spec"])]
    return f"the API server drops the field {', '.join(dropped)}" if dropped else ""


def serves(place: CheckContext, subresource: str) -> str:
    """Whether the API server has that subresource of Pods, and lets it be patched."""
    api = place.cluster.api
    known = {each["name"] for each in api.get("/api/v1")["resources"]}
    if f"pods/{subresource}" not in known:
        return f"the API server has no pods/{subresource}"
    wanted = [Permission("patch", f"pods/{subresource}", namespace=place.namespace)]
    missing = access_review.find_missing(api, wanted)
    return f"no right to {missing[0]}" if missing else ""


def keeps_resize_policy(place: CheckContext) -> str:
    """Whether a container's resizePolicy stays; where it is off, the field goes."""
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    live = _dry_run(place, pod(place, {}, resizePolicy=policy))
    given = live["spec"]["containers"][0].get("resizePolicy") or ()
    kept = any(each["restartPolicy"] == "RestartContainer" for each in given)
    return "" if kept else "the API server drops the field resizePolicy"


def reaches_nodes(place: CheckContext) -> str:
    """Whether commands can be run on the cluster's nodes."""
    if not place.cluster.own:
        return "the cluster is not a kind cluster of the plugin's own"
    names = [name for name, state in nodes.states(place.cluster.name) if not state]
    if not names:
        return f"the container engine knows no node of cluster {place.cluster.name}"
    try:
        nodes.run(names[0], "true")
    except errors.NodeAccessMissing as error:
        return error.what
    return ""


def has_two_nodes(place: CheckContext) -> str:
    """Whether a Pod that leaves its node has another one to go to."""
    listed = place.cluster.api.get("/api/v1/nodes")["items"]
    free = [each["metadata"]["name"] for each in listed if _takes_pods(each)]
    return "" if len(free) > 1 else f"{len(free)} of {len(listed)} nodes takes Pods"


def _takes_pods(node: Mapping[str, Any]) -> bool:
    """Whether a node is ready, and nobody has cordoned it but a drain of ours, which ends."""
    ours = ownership.CORDON_LABEL in (node["metadata"].get("labels") or {})
    taints = [
        each["key"]
        for each in node["spec"].get("taints") or ()
        if each["effect"] in _KEEPS_PODS_AWAY
    ]
    if ours:
        taints = [each for each in taints if each != "node.kubernetes.io/unschedulable"]
    return is_node_ready(node) and not taints and (ours or not node["spec"].get("unschedulable"))


def _dry_run(place: CheckContext, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The Pod as the API server would have it."""
    return place.cluster.api.post(pod_path(place.namespace), manifest, dryRun="All")
