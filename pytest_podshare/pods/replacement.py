"""Deleting a Pod for good: by its UID, until nothing of it is left, on the node as well."""

from __future__ import annotations

import dataclasses
import shlex
import time
from concurrent import futures

from pytest_podshare import errors
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.cluster.leftover import NODES
from pytest_podshare.containers.proof import Proof
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import access_review
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.rbac import Permission
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods import cordon
from pytest_podshare.pods.pod import Pod

# seconds that the containers get to end; zero would be a force delete, which proves nothing:
# the object would be gone before the node has cleaned up
_GRACE = 1
# 429 Too Many Requests: what the API server answers where a disruption budget forbids it
_NOT_NOW = 429


@dataclasses.dataclass(frozen=True)
class Replacement(Proof):
    """The proof that a Pod went and another came.

    Args:
        how: `deleted` or `drained`.
        before: the UID of the Pod that went.
        after: the UID of the one that came.
        node_before: the node that it was on.
        node_after: the node that the new one is on.
        volumes_gone: whether the node was seen without the old one's volumes; None where it cannot
            be looked at.
        seconds: until the new one was ready.
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
        """Which Pod went how, and which came where."""
        where = f"{self.node_before} → {self.node_after}"
        if self.node_before == self.node_after:
            where = f"on {self.node_after}"
        node = ", its volumes gone from the node" if self.volumes_gone else ""
        return f"Pod {self.before[:8]} {self.how}{node}, Pod {self.after[:8]} came {where}"


def delete(pod: Pod, deadline: Deadline) -> Replacement:
    """Delete the Pod and wait for the one that comes in its place; the handle then means that.

    Raises:
        PodError: it does not go, or none becomes ready in its place.
    """
    pod.flush()
    begun, before, node = time.monotonic(), pod.uid, pod.node
    path = pod_path(pod.namespace, pod.name)
    pod.api.delete(path, preconditions={"uid": before}, gracePeriodSeconds=_GRACE)
    _wait_until_gone(pod, deadline)
    # the node is looked at while the new one starts
    with futures.ThreadPoolExecutor(1) as beside:
        gone = beside.submit(_has_left_its_node, pod.cluster, before, node, deadline)
        pod.follow_replacement()
    seconds = time.monotonic() - begun
    return Replacement("deleted", before, pod.uid, node, pod.node, gone.result(), seconds)


def drain(pod: Pod, deadline: Deadline, *, elsewhere: bool) -> Replacement:
    """Evict the Pod from its node, as a drain does, and wait for the one that comes.

    The node is cordoned meanwhile, and as it was afterwards, whatever happens.

    Args:
        pod: the Pod.
        deadline: for it to be gone.
        elsewhere: whether the new one has to come while the node is cordoned, so on another node;
            a volume that is bound to its node needs it back.

    Raises:
        MissingRight: the account may not cordon nodes, or evict.
        NotEnoughNodes: there is no other node to go to.
        PodError: it does not go, or none becomes ready in its place.
    """
    pod.flush()
    begun, before, node = time.monotonic(), pod.uid, pod.node
    if not pod.cluster.own:
        # all of them at once, and before anything is changed
        nodes_rights = [Permission(verb, "nodes") for verb in ("patch", "get", "list", "watch")]
        evicting = Permission("create", "pods/eviction", namespace=pod.namespace)
        access_review.require(
            pod.api, [*nodes_rights, evicting], f"Pod {pod} is drained from its node"
        )
    if elsewhere and not _other_nodes(pod):
        raise errors.NotEnoughNodes(
            f"Pod {pod} has no other node to go to than {node}.",
            "Make a cluster of two nodes: --podshare-kind-nodes=2",
        )
    with futures.ThreadPoolExecutor(1) as beside:
        with cordon.cordoned(pod, node):
            _evict(pod, deadline)
            _wait_until_gone(pod, deadline)
            gone = beside.submit(_has_left_its_node, pod.cluster, before, node, deadline)
            if elsewhere:
                pod.follow_replacement()
        if not elsewhere:
            pod.follow_replacement()
    seconds = time.monotonic() - begun
    return Replacement("drained", before, pod.uid, node, pod.node, gone.result(), seconds)


def _evict(pod: Pod, deadline: Deadline) -> None:
    """Ask for the eviction until a disruption budget allows it, as `kubectl drain` does."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": pod.namespace},
        "deleteOptions": {"preconditions": {"uid": pod.uid}, "gracePeriodSeconds": _GRACE},
    }

    def ask() -> str:
        try:
            pod.api.post(pod_path(pod.namespace, pod.name, "eviction"), eviction)
        except errors.ApiError as error:
            if error.status != _NOT_NOW:
                raise
            return error.details
        return ""

    refused = poll(ask, until=lambda why: not why, deadline=deadline, first=0.5, most=5.0)
    if refused:
        raise errors.EvictionRefused(
            f"Pod {pod} may not be evicted, for {deadline.seconds:g} s: {refused}",
            "Relax its PodDisruptionBudget, or let there be more replicas.",
        )


def _wait_until_gone(pod: Pod, deadline: Deadline) -> None:
    """Wait until no Pod has that UID."""
    uid = pod.uid

    def gone(seen: Object | None) -> bool:
        return seen is None or seen["metadata"]["uid"] != uid

    seen = pod.live.watch.wait_for(pod.name, gone, deadline)
    if not gone(seen):
        held = (seen or {}).get("metadata", {}).get("finalizers")
        raise errors.PodNotReady(
            f"Pod {pod} is still there {deadline.seconds:g} s after its deletion.",
            f"Finalizers hold it: {held}" if held else "See its events and its node.",
        )


def _has_left_its_node(cluster: Cluster, uid: str, node: str, deadline: Deadline) -> bool | None:
    """Wait until the node has no volume of that Pod; None where it cannot be looked at.

    The kubelet removes them before the API server's object goes, unless somebody forces it; the
    empty folder around them stays for up to two seconds more.
    """
    if not cluster.own:
        return None
    volumes = f"/var/lib/kubelet/pods/{shlex.quote(uid)}/volumes/*/*"
    look = f"for each in {volumes}; do test -e $each && echo $each; done; :"
    left = poll(
        lambda: nodes.run(node, "sh", "-c", look).split(),
        until=lambda left: not left,
        deadline=deadline,
        first=0.1,
    )
    return not left


def _other_nodes(pod: Pod) -> list[str]:
    """Those to which it can go, once those who drain them have ended."""
    return [
        node["metadata"]["name"]
        for node in pod.api.get(NODES)["items"]
        if node["metadata"]["name"] != pod.node
        and (not node["spec"].get("unschedulable") or cordon.is_drained(node))
    ]
