"""Questions to an API server that make nothing: dry runs, reviews of rights, lists of what it has.

Each gives why something is not to be had; "" where nothing is in the way. A refusal is raised.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import nodes, stamp
from pytest_podshare.cluster.record import Cluster
from pytest_podshare.kube import access_review
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.conditions import is_node_ready
from pytest_podshare.kube.rights import Right
from pytest_podshare.wiring import needs

_KEEPS_PODS_AWAY = ("NoSchedule", "NoExecute")


@dataclasses.dataclass(frozen=True)
class Place:
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


def pod(place: Place, spec: Mapping[str, Any], **container: Any) -> dict[str, Any]:
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
    stamp.Stamp.of(place.run_id).put(metadata)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole}


def keeps(place: Place, manifest: Mapping[str, Any]) -> str:
    """Whether the API server keeps what is new in a Pod, which it may drop without a word."""
    wanted = needs.of_pod(manifest["spec"])
    live = _dry_run(place, manifest)
    dropped = [wanted[each] for each in wanted if each not in needs.of_pod(live["spec"])]
    return f"the API server drops the field {', '.join(dropped)}" if dropped else ""


def serves(place: Place, subresource: str) -> str:
    """Whether the API server has that subresource of Pods, and lets it be patched."""
    api = place.cluster.api
    known = {each["name"] for each in api.get("/api/v1")["resources"]}
    if f"pods/{subresource}" not in known:
        return f"the API server has no pods/{subresource}"
    wanted = [Right("patch", f"pods/{subresource}", namespace=place.namespace)]
    missing = access_review.missing(api, wanted)
    return f"no right to {missing[0]}" if missing else ""


def keeps_resize_policy(place: Place) -> str:
    """Whether a container's resizePolicy stays; where it is off, the field goes."""
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    live = _dry_run(place, pod(place, {}, resizePolicy=policy))
    given = live["spec"]["containers"][0].get("resizePolicy") or ()
    kept = any(each["restartPolicy"] == "RestartContainer" for each in given)
    return "" if kept else "the API server drops the field resizePolicy"


def reaches_nodes(place: Place) -> str:
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


def has_two_nodes(place: Place) -> str:
    """Whether a Pod that leaves its node has another one to go to."""
    listed = place.cluster.api.get("/api/v1/nodes")["items"]
    free = [each["metadata"]["name"] for each in listed if _takes_pods(each)]
    return "" if len(free) > 1 else f"{len(free)} of {len(listed)} nodes takes Pods"


def _takes_pods(node: Mapping[str, Any]) -> bool:
    """Whether a node is ready, and nobody has cordoned it but a drain of ours, which ends."""
    ours = stamp.CORDON_LABEL in (node["metadata"].get("labels") or {})
    taints = [
        each["key"]
        for each in node["spec"].get("taints") or ()
        if each["effect"] in _KEEPS_PODS_AWAY
    ]
    if ours:
        taints = [each for each in taints if each != "node.kubernetes.io/unschedulable"]
    return is_node_ready(node) and not taints and (ours or not node["spec"].get("unschedulable"))


def _dry_run(place: Place, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The Pod as the API server would have it."""
    return place.cluster.api.post(pod_path(place.namespace), manifest, dryRun="All")
