"""The node that a Pod is on, as a reason why nobody in the Pod answers."""

from __future__ import annotations

from pytest_podshare import deadline
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.kube.conditions import condition
from pytest_podshare.pods.pod import Pod

# seconds to find out; an API server that does not answer has been told of by then
_PATIENCE = 2.0


def trouble(pod: Pod) -> Cause | None:
    """What is the matter with the Pod's node, if anything is known to be; never raises.

    The API server knows it only after its kubelet was silent for some forty seconds, the container
    engine of a cluster of our own at once.
    """
    told = deadline.gather(
        {"engine": lambda: _of_engine(pod), "api": lambda: _of_api(pod)}, Deadline(_PATIENCE)
    )
    said = next((each for each in told.values() if isinstance(each, str) and each), "")
    if not said:
        return None
    remedy = f"See `kubectl describe node {pod.node}`; nothing was learned about the volume."
    return Cause("node not ready", said, remedy)


def _of_engine(pod: Pod) -> str:
    state = dict(nodes.read_states(pod.cluster.name)).get(pod.node) if pod.cluster.own else None
    return f"node {pod.node} is {state}" if state else ""


def _of_api(pod: Pod) -> str:
    node = pod.api.get(f"/api/v1/nodes/{pod.node}", patience=_PATIENCE)
    ready = condition(node, "Ready")
    if ready.get("status", "True") == "True":
        return ""
    return f"node {pod.node} is not ready: {ready.get('message') or ready['status']}"
