"""Deletion or eviction of a Pod, and its replacement."""

from __future__ import annotations

import dataclasses
import shlex
import time
from concurrent import futures

from pytest_podshare import errors
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.cluster.leftover import NODES
from pytest_podshare.containers.evidence_entries import Proof
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import access_review
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.rbac import Permission
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods import cordon
from pytest_podshare.pods.pod import Pod

# seconds for containers to terminate; zero would be a forced deletion, which proves nothing: the
# object would be gone before the kubelet has cleaned up
_GRACE = 1
# the API server's answer to an eviction that a PodDisruptionBudget forbids
_TOO_MANY_REQUESTS = 429


@dataclasses.dataclass(frozen=True)
class Replacement(Proof):
    """The proof that a Pod is gone and another has replaced it.

    Args:
        how: `deleted` or `drained`.
        before: UID of the old Pod.
        after: UID of the new Pod.
        node_before: node of the old Pod.
        node_after: node of the new Pod.
        volumes_gone: whether the old Pod's volumes were seen to be gone from the node; None if the
            node cannot be inspected.
        seconds: until the new Pod was ready.
    """

    how: str
    before: str
    after: str
    node_before: str
    node_after: str
    volumes_gone: bool | None
    seconds: float

    @property
    def summary(self) -> str:
        """Return which Pod was replaced by which, how and where."""
        moved = "" if self.node_before == self.node_after else f" from {self.node_before}"
        cleaned = ", its volumes gone from the node" if self.volumes_gone else ""
        return (
            f"Pod {self.before[:8]} {self.how}{moved}{cleaned},"
            f" replaced by Pod {self.after[:8]} on {self.node_after}"
        )


def delete(pod: Pod, timeout: float | None) -> Replacement:
    """Delete a Pod and wait for its replacement, which the handle then refers to.

    Args:
        pod: the Pod.
        timeout: seconds until it must be gone; None for --podshare-delete-timeout.

    Raises:
        PodError: the Pod is not deleted in time, or its replacement does not become ready.
    """
    deadline = pod.live.deadline("delete", timeout)
    pod.flush()
    start, before, node = time.monotonic(), pod.uid, pod.node
    path = pod_path(pod.namespace, pod.name)
    with pod.own_change(), futures.ThreadPoolExecutor(1) as executor:
        pod.api.delete(path, preconditions={"uid": before}, gracePeriodSeconds=_GRACE)
        _wait_until_gone(pod, deadline)
        # inspect the node while the replacement starts
        volumes_gone = executor.submit(_has_left_its_node, pod.cluster, before, node, deadline)
        pod.follow_replacement()
    seconds = time.monotonic() - start
    return Replacement("deleted", before, pod.uid, node, pod.node, volumes_gone.result(), seconds)


def drain(pod: Pod, timeout: float | None, *, elsewhere: bool) -> Replacement:
    """Evict a Pod from its node as a drain does, and wait for its replacement.

    The node is cordoned meanwhile, and restored afterwards, whatever happens.

    Args:
        pod: the Pod.
        timeout: seconds until it must be gone; None for --podshare-delete-timeout.
        elsewhere: whether the replacement must come up while the node is cordoned, and so on
            another node; pass False for a volume that is bound to its node.

    Raises:
        MissingRight: the account may not cordon nodes or evict Pods.
        NotEnoughNodes: no other node can take the Pod.
        PodError: the Pod is not gone in time, or its replacement does not become ready.
    """
    deadline = pod.live.deadline("delete", timeout)
    pod.flush()
    start, before, node = time.monotonic(), pod.uid, pod.node
    if not pod.cluster.own:
        # ask for every permission before anything is changed
        permissions = [Permission(verb, "nodes") for verb in ("patch", "get", "list", "watch")]
        permissions.append(Permission("create", "pods/eviction", namespace=pod.namespace))
        access_review.require(pod.api, permissions, f"Cannot drain Pod {pod} from its node")
    if elsewhere and not _other_nodes(pod):
        raise errors.NotEnoughNodes(
            f"No node other than {node} can take Pod {pod}.",
            "Create the cluster with two nodes: --podshare-kind-nodes=2.",
        )
    with pod.own_change(), futures.ThreadPoolExecutor(1) as executor:
        with cordon.cordoned(pod, node):
            _evict(pod, deadline)
            _wait_until_gone(pod, deadline)
            volumes_gone = executor.submit(_has_left_its_node, pod.cluster, before, node, deadline)
            if elsewhere:
                pod.follow_replacement()
        if not elsewhere:
            pod.follow_replacement()
    seconds = time.monotonic() - start
    return Replacement("drained", before, pod.uid, node, pod.node, volumes_gone.result(), seconds)


def _evict(pod: Pod, deadline: Deadline) -> None:
    """Request the eviction until a PodDisruptionBudget allows it, as `kubectl drain` does."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": pod.namespace},
        "deleteOptions": {"preconditions": {"uid": pod.uid}, "gracePeriodSeconds": _GRACE},
    }

    def attempt() -> str:
        try:
            pod.api.post(pod_path(pod.namespace, pod.name, "eviction"), eviction)
        except errors.ApiError as error:
            if error.status != _TOO_MANY_REQUESTS:
                raise
            return error.details
        return ""

    refusal = poll(attempt, until=lambda why: not why, deadline=deadline, first=0.5, most=5.0)
    if refusal:
        raise errors.EvictionRefused(
            f"Pod {pod} could not be evicted within {deadline.seconds:g} s: {refusal}",
            "Relax its PodDisruptionBudget, or run more replicas.",
        )


def _wait_until_gone(pod: Pod, deadline: Deadline) -> None:
    uid = pod.uid

    def is_gone(live: Object | None) -> bool:
        return live is None or live["metadata"]["uid"] != uid

    live = pod.live.watch.wait_for(pod.name, is_gone, deadline)
    if not is_gone(live):
        finalizers = (live or {}).get("metadata", {}).get("finalizers")
        raise errors.PodNotReady(
            f"Pod {pod} still exists {deadline.seconds:g} s after its deletion.",
            f"Find out why its finalizers are not removed: {finalizers}"
            if finalizers
            else "Check its events and its node.",
        )


def _has_left_its_node(cluster: Cluster, uid: str, node: str, deadline: Deadline) -> bool | None:
    """Wait until a node has no volume of a Pod; return None if the node cannot be inspected.

    Unless the deletion is forced, the kubelet removes the volumes before the API server's object
    goes; the empty folder around them stays for up to two more seconds.
    """
    if not cluster.own:
        return None
    volumes = f"/var/lib/kubelet/pods/{shlex.quote(uid)}/volumes/*/*"
    script = f"for volume in {volumes}; do test -e $volume && echo $volume; done; :"
    remaining = poll(
        lambda: nodes.run(node, "sh", "-c", script).split(),
        until=lambda folders: not folders,
        deadline=deadline,
        first=0.1,
    )
    return not remaining


def _other_nodes(pod: Pod) -> list[str]:
    """Return the other nodes that can take a Pod, now or after another run's drain."""
    return [
        node["metadata"]["name"]
        for node in pod.api.get(NODES)["items"]
        if node["metadata"]["name"] != pod.node
        and (not node["spec"].get("unschedulable") or cordon.is_drained(node))
    ]
