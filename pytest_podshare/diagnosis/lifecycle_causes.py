"""Causes in the lifecycle of the Pod or one of its containers."""

from __future__ import annotations

from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.kube import evictions

_FIND_DELETER = "Find out what deleted the Pod; its ephemeral volumes were deleted with it."
_POD_REMEDIES = {
    "API server unreachable": "Check whether the cluster is still running.",
    "deleted": _FIND_DELETER,
    "replaced": _FIND_DELETER,
}


def find_lifecycle_cause(symptom: Symptom) -> Cause | None:
    """Find what happened to the Pod or its containers that explains a missing answer."""
    return find_pod_problem(symptom) or find_stopped(symptom) or find_restarted(symptom)


def find_pod_problem(symptom: Symptom) -> Cause | None:
    """Find out whether the Pod no longer exists, or cannot be inspected."""
    problem, message = symptom.facts.pod_problem, symptom.facts.message
    if problem == "evicted":
        return Cause(problem, message, evictions.parse_message(message).remedy)
    return Cause(problem, message, _POD_REMEDIES[problem]) if problem else None


def find_stopped(symptom: Symptom) -> Cause | None:
    """Find a container that is not running."""
    for view in symptom.facts.views:
        has_completed = view.location.container.spec.role == "init"
        if not view.is_running and not has_completed:
            verb = "" if view.state == "terminated" else "is "
            return _explain_stopped(view, f"{verb}{view.description}")
    return None


def find_crashing(symptom: Symptom) -> Cause | None:
    """Find a container that keeps crashing, even if it is running at the moment."""
    found = (
        _explain_stopped(view, "keeps crashing") for view in symptom.facts.views if view.restarted
    )
    return find_pod_problem(symptom) or next(found, None) or find_stopped(symptom)


def find_restarted(symptom: Symptom) -> Cause | None:
    """Find containers that have restarted since the Pod became ready."""
    restarts = [_describe_restart(view) for view in symptom.facts.views if view.restarted]
    if not restarts:
        return None
    return Cause(
        "restarted",
        "; ".join(restarts),
        "Find out why the container exits, and what it does to the volume when it starts.",
    )


def _describe_restart(view: ContainerView) -> str:
    code = "" if view.exit_code is None else f" (exit code {view.exit_code})"
    line = f"; its last log line: {view.last_lines[-1]}" if view.last_lines else ""
    return f"{view.location.container} has restarted since the Pod became ready{code}{line}"


def _explain_stopped(view: ContainerView, state: str) -> Cause:
    lines = f"; its last log lines: {' / '.join(view.last_lines)}" if view.last_lines else ""
    return Cause(
        "not running",
        f"{view.location.container} {state}{lines}",
        f"Fix what makes {view.location.container} exit, or keep its command running.",
    )
