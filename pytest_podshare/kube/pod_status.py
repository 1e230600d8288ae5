"""The status of a Pod: which containers it has, whether it is ready, whether it ever will be."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube import container_status, evictions, permanent_states
from pytest_podshare.kube.conditions import find_condition
from pytest_podshare.wiring.pod_spec import iter_containers

_PodObject = Mapping[str, Any]

# what other Pods use up: the plugins noderesources and nodeports of the scheduler
_NO_ROOM = re.compile("Insufficient |Too many pods|free ports")


@dataclasses.dataclass(frozen=True)
class Identity:
    """Which Pod it is, and which instance of each container: a restart changes the container's ID.

    Args:
        uid: the Pod's metadata.uid.
        containers: container name and container ID; the ID is "" until the container has run.
    """

    uid: str
    containers: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        runtime_id = container_status.runtime_id
        ids = (f"{name} {runtime_id(container)[:12]}" for name, container in self.containers)
        return f"Pod {self.uid} ({', '.join(ids)})"


def read_identity(pod: _PodObject) -> Identity:
    """Return the identity that a Pod has at this moment."""
    statuses = container_statuses(pod)
    containers = tuple((status["name"], status.get("containerID", "")) for status in statuses)
    return Identity(pod["metadata"]["uid"], containers)


def container_statuses(pod: _PodObject, *, ephemeral: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the status of each container: init containers first, then, if asked, ephemeral ones."""
    for kind in ("initContainer", "container", *(["ephemeralContainer"] if ephemeral else ())):
        yield from (pod.get("status") or {}).get(f"{kind}Statuses") or ()


def find_container_status(pod: _PodObject, name: str) -> dict[str, Any]:
    """Return the status of a container; one with empty fields if it has none yet."""
    found = (status for status in container_statuses(pod) if status["name"] == name)
    return next(found, {"name": name, "containerID": "", "state": {}, "restartCount": 0})


def find_runtime_id(pod: _PodObject, name: str) -> str:
    """Return the container runtime's own ID of a container; "" until it has run."""
    return container_status.runtime_id(find_container_status(pod, name)["containerID"])


def next_restart_counts(pod: _PodObject) -> dict[str, int]:
    """Return the restart count that each container will have after its next start."""
    statuses = container_statuses(pod)
    return {status["name"]: status.get("restartCount", 0) + 1 for status in statuses}


def find_final_termination(pod: _PodObject, name: str, policy: str) -> dict[str, Any] | None:
    """Return how a container terminated if its restart policy leaves it so; else None."""
    end = find_container_status(pod, name).get("state", {}).get("terminated")
    is_final = policy == "Never" or (policy == "OnFailure" and end and end.get("exitCode") == 0)
    return dict(end) if end and is_final else None


def find_crashed_container(pod: _PodObject) -> str | None:
    """Return the name of a container whose log may explain why the Pod is not ready."""
    for status in container_statuses(pod):
        end = container_status.find_last_termination(status)
        if end and end.get("exitCode") != 0:
            return str(status["name"])
    return None


def is_ready(pod: _PodObject) -> bool:
    """Return whether every container is ready, or has succeeded and is not started again."""
    has_succeeded = pod.get("status", {}).get("phase") == "Succeeded"
    is_reported = has_succeeded or find_condition(pod, "Ready").get("status") == "True"
    return is_reported or _is_ready_but_for_ended(pod)


def is_over(pod: _PodObject) -> bool:
    """Return whether all containers have ended for good, or the kubelet has ended the Pod."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def list_ends(pod: _PodObject) -> frozenset[str]:
    """Return what has ended, or is being ended: the Pod, as `Pod`, and each container by name."""
    statuses = container_statuses(pod)
    ends = {status["name"] for status in statuses if "terminated" in status.get("state", {})}
    is_ending = is_over(pod) or "deletionTimestamp" in pod["metadata"]
    # no container has an upper-case letter in its name
    return frozenset(ends | {"Pod"} if is_ending else ends)


def _is_ready_but_for_ended(pod: _PodObject) -> bool:
    """Return whether only containers that have succeeded keep a Pod from being ready.

    The kubelet reports such a Pod as not ready for ever: a Job's worker that ends before a sidecar.
    """
    spec, statuses = pod.get("spec", {}), list(container_statuses(pod))
    containers = list(iter_containers(spec))
    if len(statuses) < len(containers) or spec.get("readinessGates"):
        return False
    default = spec.get("restartPolicy", "Always")
    policies = {entry["name"]: entry.get("restartPolicy", default) for entry in containers}
    return any(status.get("ready") for status in statuses) and all(
        status.get("ready") or _has_succeeded(pod, status["name"], policies) for status in statuses
    )


def _has_succeeded(pod: _PodObject, name: str, policies: Mapping[str, str]) -> bool:
    end = find_final_termination(pod, name, policies.get(name, "Always"))
    return end is not None and end.get("exitCode") == 0


@dataclasses.dataclass(frozen=True)
class Failure:
    """The error of a Pod that will not become ready without help.

    Args:
        error: the error.
        lasts: for how many seconds the state must have lasted before the error is certain.
    """

    error: errors.PodError
    lasts: float = 0.0


def find_permanent_error(
    pod: _PodObject, since: Mapping[str, int] | None = None
) -> errors.PodError | None:
    """Return the error of a Pod that will not become ready without help; None for any other.

    Args:
        pod: the Pod at this moment.
        since: for each container, the restart count of the start that the caller waits for; None
            for a Pod that has just been created.
    """
    failure = find_failure(pod, since)
    return failure.error if failure else None


def find_failure(pod: _PodObject, since: Mapping[str, int] | None = None) -> Failure | None:
    """Return the permanent error of a Pod, and how long its state must last to be permanent.

    The arguments are those of `find_permanent_error`.
    """
    status = pod.get("status", {})
    name = pod["metadata"]["name"]
    if pod["metadata"].get("deletionTimestamp"):
        return Failure(errors.PodGone(f"Pod {name} is being deleted.", "Find out what deletes it."))
    if permanent_states.find_permanent_state(permanent_states.POD, status.get("phase", "")):
        return Failure(_failed(name, pod))
    message = find_scheduler_message(pod)
    if (state := permanent_states.find_unschedulable(message)) is not None:
        return Failure(unschedulable(pod, "cannot be scheduled"), state.lasts)
    for container in container_statuses(pod):
        first = (since or {}).get(container["name"], 0)
        error = container_status.find_error(name, container, since=first)
        if error is not None:
            return Failure(error, container_status.find_least_duration(container))
    return None


def is_mounting(pod: _PodObject) -> bool:
    """Return whether a Pod has a node, and none of its containers has started yet."""
    return bool(pod.get("spec", {}).get("nodeName")) and not has_started(pod)


def has_started(pod: _PodObject) -> bool:
    """Return whether a container of a Pod has started, for which all volumes were mounted."""
    return any(status.get("containerID") for status in container_statuses(pod))


def find_scheduler_message(pod: _PodObject) -> str:
    """Return why the scheduler has found no node for a Pod; "" if it has not looked, or has."""
    scheduled = find_condition(pod, "PodScheduled")
    return str(scheduled.get("message", "")) if scheduled.get("reason") == "Unschedulable" else ""


def waits_for_room(pod: _PodObject) -> bool:
    """Return whether the scheduler waits until other Pods leave room on a node."""
    return _NO_ROOM.search(find_scheduler_message(pod)) is not None


def unschedulable(pod: _PodObject, what: str) -> errors.PodUnschedulable:
    """Return the error of a Pod that the scheduler has found no node for."""
    return errors.PodUnschedulable(
        f"Pod {pod['metadata']['name']} {what}: {find_scheduler_message(pod)}",
        "Fix its nodeSelector, affinity, tolerations, claims or resource requests.",
    )


def summarize(pod: _PodObject | None) -> str:
    """Return the state of a Pod and its containers in one line, for the error of a timeout."""
    if pod is None:
        return "the Pod does not exist"
    parts = [f"phase {pod.get('status', {}).get('phase', 'unknown')}"]
    parts += _container_states(pod)
    if message := find_condition(pod, "PodScheduled").get("message"):
        parts.append(message)
    if len(parts) == 1 and (node := pod.get("spec", {}).get("nodeName")):
        # a kubelet that has accepted a Pod reports the states of its containers first
        parts.append(f"and the kubelet of node {node} has not started it")
    return ", ".join(parts)


def _container_states(pod: _PodObject) -> list[str]:
    statuses = container_statuses(pod)
    return [f"{status['name']} {container_status.describe(status)}" for status in statuses]


def _failed(name: str, pod: _PodObject) -> errors.PodError:
    status = pod["status"]
    message = " ".join(str(status.get("message", "")).split())
    if (eviction := evictions.read_status(pod)) is not None:
        return evictions.to_error(name, eviction)
    for container in container_statuses(pod):
        if why := container_status.start_failure(container.get("state", {})):
            return container_status.not_startable(name, container, why)
    why = f"{status.get('reason', '')} {message}".strip() or ", ".join(_container_states(pod))
    return errors.ContainerCrashing(
        f"Pod {name} failed: {why}.",
        "Read its log (kubectl logs). With restartPolicy Never, containers are not restarted.",
    )
