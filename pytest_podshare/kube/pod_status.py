"""What the status of a Pod says, as pure functions: ready, hopeless, or neither yet."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube import container_waiting
from pytest_podshare.kube.conditions import condition

Status = dict[str, Any]

# a sidecar may fail once or twice while it waits for another container
_CRASHES = 3
# a claim that is still being made or provisioned, or that goes with the Pod before this one, holds
# the scheduler up for a moment only; so does a node that somebody has cordoned
_PASSING = (
    "unbound immediate PersistentVolumeClaims",
    "waiting for ephemeral volume controller",
    "was not created for pod",
    "is being deleted",
    "not-ready",
    "uninitialized",
    "were unschedulable",
)


@dataclasses.dataclass(frozen=True)
class Identity:
    """Which Pod, and which instance of each container: a restart changes the container's id.

    Args:
        uid: the Pod's metadata.uid.
        containers: container name → container id, "" while it never ran.
    """

    uid: str
    containers: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        ids = ", ".join(
            f"{name} {container_waiting.runtime_id(each)[:12]}" for name, each in self.containers
        )
        return f"Pod {self.uid} ({ids})"


def identity(pod: Status) -> Identity:
    """The identity of a Pod at this moment."""
    containers = tuple((each["name"], each.get("containerID", "")) for each in statuses(pod))
    return Identity(pod["metadata"]["uid"], containers)


def statuses(pod: Mapping[str, Any], *, ephemeral: bool = False) -> Iterator[Status]:
    """Yield the status of each container: init containers first, ephemeral ones last if at all."""
    for kind in ("initContainer", "container", *(["ephemeralContainer"] if ephemeral else ())):
        yield from (pod.get("status") or {}).get(f"{kind}Statuses") or ()


def container_status(pod: Mapping[str, Any], name: str) -> Status:
    """The status of one of its containers; empty but for its name while it has none."""
    found = (each for each in statuses(pod) if each["name"] == name)
    return next(found, {"name": name, "containerID": "", "state": {}, "restartCount": 0})


def has_ended(pod: Status, container: str, policy: str) -> Status | None:
    """How a container ended that its restart policy does not start again; None for any other."""
    ended = container_status(pod, container).get("state", {}).get("terminated")
    stays = policy == "Never" or (policy == "OnFailure" and ended and ended.get("exitCode") == 0)
    return dict(ended) if ended and stays else None


def end_of(each: Status, instance: str) -> Status:
    """How an instance of a container ended, if its status still says that; else empty."""
    told = (each.get(field, {}).get("terminated") or {} for field in ("state", "lastState"))
    return next((ended for ended in told if ended.get("containerID") == instance), {})


def is_ready(pod: Status) -> bool:
    """Whether every container is ready, or all of them ended well."""
    status = pod.get("status", {})
    return status.get("phase") == "Succeeded" or condition(pod, "Ready").get("status") == "True"


def next_starts(pod: Status) -> dict[str, int]:
    """The restart count that each container will have at its next start."""
    return {each["name"]: each.get("restartCount", 0) + 1 for each in statuses(pod)}


def hopeless(pod: Status, first: Mapping[str, int] | None = None) -> errors.PodError | None:
    """The error of a Pod that will not become ready by itself, or None for one that may.

    Args:
        pod: as it is now.
        first: the restart count of containers at the first start that is waited for; None for that
            of a Pod which has just been made.
    """
    status = pod.get("status", {})
    name = pod["metadata"]["name"]
    if pod["metadata"].get("deletionTimestamp"):
        return errors.PodGone(f"Pod {name} is being deleted.", "See who deletes it.")
    if status.get("phase") == "Failed":
        return _failed(name, pod)
    scheduled = condition(pod, "PodScheduled")
    message = scheduled.get("message", "")
    if scheduled.get("reason") == "Unschedulable" and not any(sign in message for sign in _PASSING):
        return errors.PodUnschedulable(
            f"Pod {name} cannot be scheduled: {message}",
            "Mend its nodeSelector, affinity, tolerations, claims or resource requests.",
        )
    found = (_stuck(name, each, (first or {}).get(each["name"], 0)) for each in statuses(pod))
    return next((error for error in found if error), None)


def summary(pod: Status | None) -> str:
    """One line on where a Pod stands, for the error of a wait that ran out."""
    if pod is None:
        return "the Pod is not there"
    parts = [f"phase {pod.get('status', {}).get('phase', 'unknown')}"]
    parts += [f"{each['name']} {describe(each)}" for each in statuses(pod)]
    if message := condition(pod, "PodScheduled").get("message"):
        parts.append(message)
    if len(parts) == 1 and (node := pod.get("spec", {}).get("nodeName")):
        # the first thing a kubelet says of a Pod is how its containers stand
        parts.append(f"and node {node} has not taken it up")
    return ", ".join(parts)


def crashed(pod: Status) -> str | None:
    """The name of a container whose last words would explain why the Pod is not ready."""
    for each in statuses(pod):
        ended = each.get("state", {}).get("terminated") or each.get("lastState", {}).get(
            "terminated"
        )
        if ended and ended.get("exitCode") != 0:
            return str(each["name"])
    return None


def _stuck(pod: str, each: Status, first: int) -> errors.PodError | None:
    reason, message = container_waiting.permanent_reason(each, first=first)
    container = f"Container {each['name']} of Pod {pod}"
    if reason in container_waiting.IMAGE:
        return errors.ImagePullFailed(
            f"{container} has no image {each['image']}: {reason}: {message}",
            errors.Remedy(
                "Check the name, load a local image with {}, or give the cluster a way to pull it.",
                "image",
            ),
        )
    if reason:
        return _unstartable(container, f"{reason}: {message}")
    return crash_loop(pod, each, restarts=_CRASHES)


def crash_loop(pod: str, each: Status, *, restarts: int = 1) -> errors.PodError | None:
    """The error of a container that waits for its next start, after so many at least."""
    count = each.get("restartCount", 0)
    if container_waiting.reason(each)[0] != "CrashLoopBackOff" or count < restarts:
        return None
    return errors.ContainerCrashing(
        f"Container {each['name']} of Pod {pod} keeps ending: {describe(each)},"
        f" {count} restart{'' if count == 1 else 's'}.",
        "Read its last words (kubectl logs --previous), or keep its command in the foreground.",
    )


def _unstartable(container: str, why: str) -> errors.PodError:
    return errors.ContainerConfigFailed(
        f"{container} cannot be started: {why}",
        "Mend what the message names: a ConfigMap, a Secret, a subPath, a user, a command.",
    )


def stuck(each: Status) -> str:
    """Why an ephemeral container does not run and will not by itself; "" for one that may."""
    if each.get("state", {}).get("terminated"):
        return f"it {describe(each)}"
    return ": ".join(filter(None, container_waiting.permanent_reason(each, once=True)))


def _failed(name: str, pod: Status) -> errors.PodError:
    status = pod["status"]
    reason = " ".join(f"{status.get('reason', '')} {status.get('message', '')}".split())
    if status.get("reason") == "Evicted":
        why = " ".join(str(status.get("message", "")).split())
        return errors.PodGone(
            f"Pod {name} was evicted: {why}", "Raise the limit it exceeded.", eviction=why
        )
    for each in statuses(pod):
        if why := container_waiting.never_started(each.get("state", {})):
            return _unstartable(f"Container {each['name']} of Pod {name}", why)
    states = ", ".join(f"{each['name']} {describe(each)}" for each in statuses(pod))
    return errors.ContainerCrashing(
        f"Pod {name} failed: {reason or states}.",
        "Read its last words (kubectl logs); a Pod with restartPolicy Never is not started again.",
    )


def describe(each: Status) -> str:
    """Where it stands: `running`, `waiting (ErrImagePull)`, `ended with exit code 1 (Error)`."""
    for kind, facts in each.get("state", {}).items():
        if kind == "terminated":
            return f"ended with exit code {facts.get('exitCode')} ({facts.get('reason', '')})"
        if kind == "waiting":
            last = each.get("lastState", {}).get("terminated") or {}
            before = f", last exit code {last['exitCode']}" if last else ""
            return f"waiting ({facts.get('reason', 'no reason given')}{before})"
        return kind if each.get("ready") else f"{kind}, not ready"
    return "not started"
