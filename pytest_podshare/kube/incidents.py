"""What has happened to a Pod between two states of it: restarts, failed probes, its end.

The functions take the Pod as the API server returns it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.escaping import printable
from pytest_podshare.kube import container_status, evictions, pod_status
from pytest_podshare.kube.conditions import find_condition
from pytest_podshare.kube.container_status import ContainerStatus
from pytest_podshare.kube.evictions import Eviction
from pytest_podshare.wiring.model import ContainerSpec
from pytest_podshare.wiring.pod_spec import read_wiring

_PodObject = Mapping[str, Any]

# reasons that say no more than the exit code
_PLAIN_REASONS = ("Error", "Completed")
_OOM_KILLED = "OOMKilled"
_FIND_EXIT = "Find out why it exits, and what it does to the volume when it starts."
_FIND_DELETER = "Find out what deletes the Pod; its ephemeral volumes are deleted with it."


@dataclasses.dataclass(frozen=True)
class Incident:
    """Something that happened to a Pod, or to one of its containers, without podshare's doing.

    Args:
        pod: the Pod's namespace and name.
        container: the container's name; "" for the Pod itself.
        what: what happened, as a predicate: `restarted by itself`.
        details: how, for example `exit code 137`, `OOMKilled`, `2 times`.
        remedy: what to do, in one sentence.
        has_ended: whether an instance of the container ended, so that its log may say why.
        last_line: the last log line of that instance; "" if it is unknown.
    """

    pod: str
    container: str
    what: str
    details: tuple[str, ...]
    remedy: str
    has_ended: bool = False
    last_line: str = ""

    def __str__(self) -> str:
        subject = f"{self.container} of {self.pod}" if self.container else f"Pod {self.pod}"
        details = f": {', '.join(self.details)}" if self.details else ""
        line = f"; last log line: {self.last_line}" if self.last_line else ""
        return printable(f"{subject} {self.what}{details}{line}")


def find_incidents(
    before: _PodObject,
    after: _PodObject | None,
    *,
    with_readiness: bool = True,
    eviction: Eviction | None = None,
) -> tuple[Incident, ...]:
    """Return what has happened to a Pod between two states.

    Args:
        before: the earlier state.
        after: the later state; None if no Pod has the name any more.
        with_readiness: whether a container that is no longer ready counts.
        eviction: the kubelet's eviction of the Pod, which its later state may not show.
    """
    if eviction is not None and _is_alive(before):
        return (_describe_eviction(before, eviction),)
    incident = _find_end(before, after)
    if incident is not None:
        return (incident,)
    if after is None or not _is_alive(before) or not _is_alive(after):
        return ()
    ends = tuple(_find_ends(before, after))
    if ends or not with_readiness:
        return ends
    unready = tuple(_find_unready(before, after))
    return unready or tuple(_find_interruption(before, after))


def _find_end(before: _PodObject, after: _PodObject | None) -> Incident | None:
    """Return how the Pod itself was lost; None if it was not."""
    if not _is_alive(before):
        return None
    name = _full_name(before)
    if after is None:
        return Incident(name, "", "was deleted", (), _FIND_DELETER)
    if after["metadata"]["uid"] != before["metadata"]["uid"]:
        return Incident(name, "", "was replaced by another Pod of that name", (), _FIND_DELETER)
    status = after.get("status", {})
    if (eviction := evictions.read_status(after)) is not None:
        return _describe_eviction(after, eviction)
    if status.get("phase") == "Failed" and status.get("reason"):
        message = " ".join(str(status.get("message") or "").split()).rstrip(".")
        details = tuple(filter(None, (status["reason"], message)))
        remedy = "Find out what ends the Pod: kubectl describe pod."
        return Incident(name, "", "failed", details, remedy)
    if after["metadata"].get("deletionTimestamp"):
        return Incident(name, "", "is being deleted", (), _FIND_DELETER)
    return None


def _describe_eviction(pod: _PodObject, eviction: Eviction) -> Incident:
    details = tuple(filter(None, [eviction.message.rstrip(".")]))
    return Incident(_full_name(pod), "", "was evicted", details, eviction.remedy)


def _find_ends(before: _PodObject, after: _PodObject) -> Iterator[Incident]:
    """Yield the containers that have restarted, or have exited and should not have."""
    name = _full_name(after)
    containers = read_wiring(after["spec"]).containers
    is_over = all(
        pod_status.find_final_termination(after, container.name, container.restart_policy)
        for container in containers
        if container.role == "container"
    )
    for container in containers:
        old, new = (
            pod_status.find_container_status(raw, container.name) for raw in (before, after)
        )
        restarts = new.get("restartCount", 0) - old.get("restartCount", 0)
        if container.role == "init":
            if restarts > 0:
                yield Incident(
                    name,
                    container.name,
                    "ran again",
                    _describe_count(restarts),
                    "Find out what restarts the Pod's sandbox, and what a second run does to the"
                    " volume.",
                )
            continue
        # when the other containers have ended, the kubelet ends the sidecars
        if is_over and container.role == "sidecar":
            continue
        count = _count_ends(container, new) - _count_ends(container, old)
        if count > 0:
            end = container_status.find_last_termination(new)
            is_oom = end.get("reason") == _OOM_KILLED
            yield Incident(
                name,
                container.name,
                "restarted by itself" if restarts > 0 else "exited by itself",
                (*_describe_end(end), *_describe_count(count)),
                "Raise its memory limit, or write less: files in a volume of medium Memory count"
                " towards the limit of the container that writes them."
                if is_oom
                else _FIND_EXIT,
                has_ended=True,
            )


def _find_unready(before: _PodObject, after: _PodObject) -> Iterator[Incident]:
    for new in pod_status.container_statuses(after):
        old = pod_status.find_container_status(before, new["name"])
        is_running = "running" in new.get("state", {})
        if old.get("ready") and is_running and not new.get("ready"):
            yield Incident(
                _full_name(after),
                new["name"],
                "became unready by itself",
                (),
                "Find out why its readinessProbe fails: kubectl describe pod.",
            )


def _find_interruption(before: _PodObject, after: _PodObject) -> Iterator[Incident]:
    """Yield a Pod that is ready again, but has not been ready all the time."""
    old, new = (find_condition(raw, "Ready") for raw in (before, after))
    is_ready = old.get("status") == new.get("status") == "True"
    if is_ready and old.get("lastTransitionTime") != new.get("lastTransitionTime"):
        yield Incident(
            _full_name(after),
            "",
            "was unready for a while",
            (f"ready again since {new.get('lastTransitionTime')}",),
            "Find out which readinessProbe failed, and why: kubectl describe pod.",
        )


def _is_alive(pod: _PodObject) -> bool:
    """Return whether the Pod is neither being deleted nor ended by the kubelet."""
    status = pod.get("status", {})
    is_ended = status.get("phase") == "Failed" and bool(status.get("reason"))
    return not is_ended and not pod["metadata"].get("deletionTimestamp")


def _count_ends(container: ContainerSpec, status: ContainerStatus) -> int:
    """Return how many instances have ended, without one that has done its work."""
    restarts = int(status.get("restartCount", 0))
    state = status.get("state", {})
    if "terminated" in state:
        has_succeeded = state["terminated"].get("exitCode") == 0
        return restarts + (not (has_succeeded and container.restart_policy != "Always"))
    # between two instances the last one is in the last state
    is_between = "waiting" in state and bool(status.get("lastState", {}).get("terminated"))
    return restarts + is_between


def _describe_end(end: Mapping[str, Any]) -> tuple[str, ...]:
    if not end:
        return ()
    reason = str(end.get("reason") or "")
    code = f"exit code {end.get('exitCode')}"
    return (code, reason) if reason and reason not in _PLAIN_REASONS else (code,)


def _describe_count(count: int) -> tuple[str, ...]:
    return (f"{count} times",) if count > 1 else ()


def _full_name(pod: _PodObject) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
