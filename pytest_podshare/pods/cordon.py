"""Cordoning a node for a drain; runs take turns.

Two drains at the same time would spoil each other: one could send its Pod to the node that the
other empties, and the first to finish would open the other's node.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.leftover import NODES, UNCORDON_PATCH
from pytest_podshare.cluster.ownership import CORDON_LABEL, RUN_LABEL, Ownership
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import watch
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods.pod import Pod

# seconds for a node to be cordoned, or for its taint to go; either takes well under one
_CORDON = 10.0
# seconds to wait for an API server that does not answer, rather than leave the node cordoned
_UNCORDON = 30.0
_CONFLICT, _GONE = 409, 404


@contextlib.contextmanager
def cordoned(pod: Pod, node: str) -> Iterator[None]:
    """Cordon a node, and uncordon it afterwards unless it was cordoned before.

    If another run is draining a node, wait for as long as a drain may take. A cordon that is still
    there then is taken for one that is meant to stay.
    """
    is_ours, timeouts = None, pod.live.timeouts
    for alone, seconds in ((True, timeouts.delete + timeouts.ready), (False, _CORDON)):
        if is_ours is None:
            is_ours = _cordon_in_time(pod, node, Deadline(seconds), alone=alone)
    try:
        yield
    finally:
        if is_ours:
            _uncordon(pod, node)
            # the scheduler heeds the taint, which goes a moment after `unschedulable`
            watch.wait_for(
                pod.api, NODES, node, lambda live: not _is_tainted(live), Deadline(_CORDON)
            )


def _cordon_in_time(pod: Pod, node: str, deadline: Deadline, *, alone: bool) -> bool | None:
    # of two runs that give way to each other, one must come first
    pause = random.uniform(0.05, 0.5)
    return poll(
        lambda: _cordon(pod, node, alone=alone),
        until=lambda is_ours: is_ours is not None,
        deadline=deadline,
        first=pause,
        most=2 * pause,
    )


def is_drained(node: Object) -> bool:
    """Return whether another run, which is still alive, has cordoned a node for a drain."""
    owner = Ownership.read(node["metadata"], CORDON_LABEL)
    if owner is None or not node["spec"].get("unschedulable"):
        return False
    return not owner.is_current_process and not owner.disposition(time.time()).removable


def _cordon(pod: Pod, node: str, *, alone: bool) -> bool | None:
    """Cordon a node; return whether the cordon is ours, or None to try again.

    With `alone`, try again for as long as another run drains any node.
    """
    nodes = {live["metadata"]["name"]: live for live in pod.api.get(NODES)["items"]}
    if alone and any(map(is_drained, nodes.values())):
        return None
    live = nodes[node]
    if live["spec"].get("unschedulable") and not _is_leftover(live):
        return False
    # another run may have cordoned the node meanwhile
    metadata: dict[str, Any] = {"resourceVersion": live["metadata"]["resourceVersion"]}
    # should this process be killed, the label says whose cordon it is
    Ownership.for_run(pod.live.labels.get(RUN_LABEL, "")).write(metadata, CORDON_LABEL)
    try:
        pod.api.patch(f"{NODES}/{node}", {"metadata": metadata, "spec": {"unschedulable": True}})
    except errors.ApiError as error:
        if error.status != _CONFLICT:
            raise
        return None
    try:
        if not alone or not any(map(is_drained, pod.api.get(NODES)["items"])):
            return True
    except BaseException:
        _uncordon(pod, node)
        raise
    _uncordon(pod, node)
    return None


def _is_leftover(node: Object) -> bool:
    """Return whether a cordon is of this process, or of a run that was killed."""
    owner = Ownership.read(node["metadata"], CORDON_LABEL)
    return owner is not None and not is_drained(node)


def _uncordon(pod: Pod, node: str) -> None:
    def attempt() -> errors.ClusterError | None:
        try:
            pod.api.patch(f"{NODES}/{node}", UNCORDON_PATCH)
        except errors.ClusterError as error:
            is_gone = isinstance(error, errors.ApiError) and error.status == _GONE
            return None if is_gone else error
        return None

    deadline = Deadline(_UNCORDON)
    failed = poll(attempt, until=lambda error: error is None, deadline=deadline, first=0.1)
    if failed is not None:
        raise failed


def _is_tainted(node: Object | None) -> bool:
    taints = (node or {}).get("spec", {}).get("taints") or ()
    return any(taint["key"] == "node.kubernetes.io/unschedulable" for taint in taints)
