"""Causes in the node that a Pod runs on."""

from __future__ import annotations

from pytest_podshare import deadline
from pytest_podshare.cluster.kind import engine
from pytest_podshare.deadline import Deadline
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.kube.conditions import find_condition
from pytest_podshare.pods.pod import Pod

# seconds to find out; an API server that does not answer has been reported before
_TIMEOUT = 2.0


def find_node_problem(pod: Pod) -> Cause | None:
    """Find out whether the Pod's node is stopped or not ready; never raise an error.

    The API server notices only after the kubelet has been silent for some forty seconds; the
    container engine of a kind cluster knows immediately.
    """
    timeout = _TIMEOUT * pod.live.timeouts.factor
    jobs = {"engine": lambda: _ask_engine(pod), "api": lambda: _ask_api(pod, timeout)}
    answers = deadline.gather(jobs, Deadline(timeout)).values()
    problem = next((answer for answer in answers if isinstance(answer, str) and answer), "")
    if not problem:
        return None
    remedy = f"Run `kubectl describe node {pod.node}`. Nothing was learned about the volume."
    return Cause("node not ready", problem, remedy)


def _ask_engine(pod: Pod) -> str:
    state = dict(engine.read_states(pod.cluster.name)).get(pod.node) if pod.cluster.own else None
    return f"node {pod.node} {'has' if state == 'exited' else 'is'} {state}" if state else ""


def _ask_api(pod: Pod, timeout: float) -> str:
    node = pod.api.get(f"/api/v1/nodes/{pod.node}", timeout=timeout)
    ready = find_condition(node, "Ready")
    if ready.get("status", "True") == "True":
        return ""
    return f"node {pod.node} is not ready: {ready.get('message') or ready['status']}"
