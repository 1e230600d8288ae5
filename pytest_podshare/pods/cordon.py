"""Keeping new Pods off a node while one is drained from it; runs take turns at that.

Of two drains at once the one would send its Pod to the node that the other empties, and the first
to end would open the other's node.
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

# seconds for a cordon to come, or its taint to go; either takes well under one
_UNCORDON = 10.0
# seconds for an API server that is away to come back, so that no node stays cordoned
_AWAY = 30.0
_CONFLICT, _GONE = 409, 404


@contextlib.contextmanager
def cordoned(pod: Pod, node: str) -> Iterator[None]:
    """Cordon a node, and leave it as it was; somebody else's cordon is left alone.

    Another run that drains any node is waited for, as long as a drain may take; if it has not come
    to its end by then, its cordon is taken for somebody's who means it to stay.
    """
    ours, timeouts = None, pod.live.timeouts
    for alone, patience in ((True, timeouts.delete + timeouts.ready), (False, _UNCORDON)):
        if ours is None:
            ours = _cordon_in_time(pod, node, Deadline(patience), alone=alone)
    try:
        yield
    finally:
        if ours:
            _uncordon(pod, node)
            # the scheduler heeds the taint, which goes a moment after the mark
            watch.wait_for(
                pod.api, NODES, node, lambda live: not _is_tainted(live), Deadline(_UNCORDON)
            )


def _cordon_in_time(pod: Pod, node: str, deadline: Deadline, *, alone: bool) -> bool | None:
    # of two that stand back for each other, one comes first
    pause = random.uniform(0.05, 0.5)
    return poll(
        lambda: _cordon(pod, node, alone=alone),
        until=lambda ours: ours is not None,
        deadline=deadline,
        first=pause,
        most=2 * pause,
    )


def is_drained(node: Object) -> bool:
    """Whether another run that lives has cordoned it for a drain of its own."""
    its = Ownership.read(node["metadata"], CORDON_LABEL)
    if its is None or not node["spec"].get("unschedulable"):
        return False
    return not its.is_current_process and not its.disposition(time.time()).removable


def _cordon(pod: Pod, node: str, *, alone: bool = True) -> bool | None:
    """Cordon it; gives whether the cordon is ours, or None if it has to be tried again.

    With `alone`, that is so as long as another run drains any node.
    """
    listed = {each["metadata"]["name"]: each for each in pod.api.get(NODES)["items"]}
    if alone and any(map(is_drained, listed.values())):
        return None
    live = listed[node]
    if live["spec"].get("unschedulable") and not _is_left(live):
        return False
    # whoever has changed the node meanwhile may have cordoned it
    metadata: dict[str, Any] = {"resourceVersion": live["metadata"]["resourceVersion"]}
    # so that it can be told whose cordon it is, should this process be killed
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


def _is_left(node: Object) -> bool:
    """Whether a run of ours has left it cordoned: this one, or one that was killed."""
    its = Ownership.read(node["metadata"], CORDON_LABEL)
    return its is not None and not is_drained(node)


def _uncordon(pod: Pod, node: str) -> None:
    def attempt() -> errors.ClusterError | None:
        try:
            pod.api.patch(f"{NODES}/{node}", UNCORDON_PATCH)
        except errors.ClusterError as error:
            if isinstance(error, errors.ApiError) and error.status == _GONE:
                return None
            return error
        return None

    failed = poll(attempt, until=lambda error: error is None, deadline=Deadline(_AWAY), first=0.1)
    if failed is not None:
        raise failed


def _is_tainted(node: Object | None) -> bool:
    taints = (node or {}).get("spec", {}).get("taints") or ()
    return any(taint["key"] == "node.kubernetes.io/unschedulable" for taint in taints)
