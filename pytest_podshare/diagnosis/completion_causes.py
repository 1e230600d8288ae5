"""Causes why a Job, or a Pod that should run to completion, does not complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.kube import container_status, evictions, jobs, pod_status
from pytest_podshare.kube.evictions import Eviction
from pytest_podshare.kube.jobs import Completion
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods.pod import Pod

_DEADLINE = "DeadlineExceeded"


def explain_incomplete(
    pod: Pod, completion: Completion, pods: Iterable[Object], last_lines: Mapping[str, str]
) -> Cause:
    """Explain why a Job has not completed.

    Args:
        pod: the Pod that was deployed.
        completion: the state of its Job, or of the Pod itself.
        pods: each Pod of the Job as it was before it was deleted, if it was.
        last_lines: the last log line of each container that has failed, by container ID.
    """
    states = list(pods)
    running = [live for live in states if not pod_status.is_over(live)]
    reason, _ = completion.failure
    if completion.is_suspended:
        return Cause(
            "suspended",
            f"{completion} is suspended, so it has no Pods",
            f"Set suspend: false in the spec of {completion}, or find out what suspends it.",
        )
    if reason == _DEADLINE:
        return _explain_deadline(completion, running)
    for live in states:
        if (eviction := evictions.read_status(live)) is not None:
            return explain_evicted(live, eviction)
    failed = _explain_failed(completion, states, last_lines)
    if reason and failed:
        return failed
    for live in running:
        if jobs.list_ended(live) or jobs.list_endless(live):
            return _explain_endless(pod, completion, live)
    return failed or _explain_running(completion, running)


def explain_evicted(pod: Object, eviction: Eviction) -> Cause:
    """Explain what the eviction of a Pod means for its Job."""
    name, phase = pod["metadata"]["name"], pod["status"].get("phase")
    text = f"the kubelet evicted Pod {name} because {eviction.why}"
    remedy = eviction.remedy
    if phase == "Succeeded":
        text += "; its containers exited with 0 on SIGTERM, so it counts as succeeded"
        remedy += " Let the containers exit with another code on SIGTERM."
    return Cause("evicted", text, remedy)


def _explain_endless(pod: Pod, completion: Completion, live: Object) -> Cause:
    endless, ended = jobs.list_running(live), jobs.list_ended(live)
    names, others = ", ".join(endless), ", ".join(ended)
    first = pod[endless[0]]
    after = f", although {others} has ended" if ended else ""
    return Cause(
        "never ends",
        f"{names} still runs{after}; {completion} waits for everything that is under containers",
        f"Move {names} to initContainers with restartPolicy: Always: a sidecar, which the kubelet"
        " ends after the others.",
        (first, None),
    )


def _explain_deadline(completion: Completion, running: list[Object]) -> Cause:
    seconds = completion.subject["spec"].get("activeDeadlineSeconds")
    states = "; ".join(_describe(live) for live in running)
    return Cause(
        "deadline exceeded",
        f"{completion} has run for longer than its activeDeadlineSeconds of {seconds}"
        f"{f'; its last state: {states}' if states else ''}",
        "Find out what takes so long or never ends, or raise activeDeadlineSeconds.",
    )


def _explain_failed(
    completion: Completion, pods: list[Object], last_lines: Mapping[str, str]
) -> Cause | None:
    ends = [(live, status, end) for live in pods for status, end in jobs.list_failed(live)]
    if not ends:
        return None
    live, status, end = max(ends, key=lambda found: str(found[2].get("finishedAt") or ""))
    line = last_lines.get(str(end.get("containerID")), "")
    name, code = status["name"], end.get("exitCode")
    reason = f" ({end['reason']})" if end.get("reason") not in (None, "Error") else ""
    text = f"{name} of Pod {live['metadata']['name']} exited with code {code}{reason}"
    text += f"; its last log line: {line}" if line else ""
    remedy = f"Fix what makes {name} exit."
    if completion.is_job:
        limit = completion.subject["spec"].get("backoffLimit", 6)
        text += f"; backoffLimit: {limit}"
        remedy = f"Fix what makes {name} exit; a higher backoffLimit only helps if it may succeed."
    return Cause("not running", text, remedy)


def _explain_running(completion: Completion, running: list[Object]) -> Cause:
    if not running:
        return Cause("unknown", f"{completion} has no running Pod: {_describe_job(completion)}")
    first = running[0]
    names = [
        status["name"]
        for status in pod_status.container_statuses(first)
        if "running" in status.get("state", {})
    ]
    remedy = f"Find out what {', '.join(names)} waits for, or raise the timeout." if names else ""
    return Cause("unknown", "; ".join(map(_describe, running)), remedy)


def _describe_job(completion: Completion) -> str:
    status: dict[str, Any] = completion.subject.get("status", {})
    counts = {name: status.get(name, 0) for name in ("active", "succeeded", "failed")}
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _describe(live: Object) -> str:
    statuses = pod_status.container_statuses(live)
    states = (f"{status['name']} {container_status.describe(status)}" for status in statuses)
    return f"Pod {live['metadata']['name']}: {', '.join(states) or pod_status.summarize(live)}"
