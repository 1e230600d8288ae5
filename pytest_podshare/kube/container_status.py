"""The status of one container as the kubelet reports it, and the errors that it means.

The functions take an entry of `containerStatuses`, or of the lists for init and ephemeral ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube import permanent_states
from pytest_podshare.kube.permanent_states import CONTAINER

ContainerStatus = Mapping[str, Any]

# the reasons whose error is about the image
_IMAGE = ("ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError")
_CRASH_LOOP = "CrashLoopBackOff"


def runtime_id(container_id: str) -> str:
    """Return the container runtime's own ID: `ab12…` of `containerd://ab12…`."""
    return container_id.rpartition("//")[2]


def describe(status: ContainerStatus) -> str:
    """Return the state: `running`, `waiting (ErrImagePull)`, `exited with code 1 (Error)`."""
    for state, details in status.get("state", {}).items():
        if state == "terminated":
            return f"exited with code {details.get('exitCode')} ({details.get('reason', '')})"
        if state == "waiting":
            last = status.get("lastState", {}).get("terminated") or {}
            before = f", last exit code {last['exitCode']}" if last else ""
            return f"waiting ({details.get('reason', 'no reason given')}{before})"
        return state if status.get("ready") else f"{state}, not ready"
    return "not started"


def find_termination(status: ContainerStatus, container_id: str) -> dict[str, Any]:
    """Return how that instance terminated; empty if the status does not say so, or no longer."""
    return next((end for end in _ends(status) if end.get("containerID") == container_id), {})


def find_last_termination(status: ContainerStatus) -> dict[str, Any]:
    """Return how the last instance terminated that has; empty if none has."""
    return next(filter(None, _ends(status)), {})


def _ends(status: ContainerStatus) -> Iterator[dict[str, Any]]:
    """Yield the terminations in a status, the current instance's first; empty for one that runs."""
    for field in ("state", "lastState"):
        yield status.get(field, {}).get("terminated") or {}


def start_failure(state: Mapping[str, Any]) -> str:
    """Return why a container ended before its command ran, from `state` or `lastState`; or ""."""
    terminated = state.get("terminated") or {}
    return _one_line(terminated) if terminated.get("reason") == "StartError" else ""


def has_failed_to_start(status: ContainerStatus) -> bool:
    """Return whether the runtime failed to start it, which may be because the node is busy."""
    failed = _waiting_reason(status)[0] == "RunContainerError"
    return failed or bool(start_failure(status.get("state", {})))


def permanent_reason(
    status: ContainerStatus, *, is_retried: bool = True, since: int = 0
) -> tuple[str, str]:
    """Return reason and message of a container that waits in vain; "" for any other.

    A runtime may fail to start a container because the node is busy. The kubelet tries again a
    second later, so the first failure does not count.

    Args:
        status: the container's status.
        is_retried: whether the kubelet tries again to start it.
        since: the restart count of the start that the caller waits for.
    """
    reason, message = _waiting_reason(status)
    if not is_retried and reason in ("RunContainerError", "ImagePullBackOff"):
        return reason, message
    state = permanent_states.find_permanent_state(CONTAINER, reason, message)
    if state is None or reason == _CRASH_LOOP:
        return "", ""
    is_repeated = status.get("restartCount", 0) >= since + state.restarts
    return (reason, message) if is_repeated or not state.restarts else ("", "")


def find_error(pod: str, status: ContainerStatus, *, since: int) -> errors.PodError | None:
    """Return the error of a container that will not run without help; None for any other.

    Args:
        pod: the Pod's name.
        status: the container's status.
        since: as for `permanent_reason`.
    """
    reason, message = permanent_reason(status, since=since)
    if reason in _IMAGE:
        return not_pullable(pod, status)
    if reason:
        return not_startable(pod, status, f"{reason}: {message}")
    state = permanent_states.find_permanent_state(CONTAINER, _waiting_reason(status)[0])
    is_loop = state is not None and state.reason == _CRASH_LOOP
    is_repeated = state is not None and status.get("restartCount", 0) >= state.restarts
    return crashing(pod, status) if is_loop and is_repeated else None


def find_least_duration(status: ContainerStatus) -> float:
    """Return for how many seconds a state must have lasted before it counts as permanent."""
    state = permanent_states.find_permanent_state(CONTAINER, *_waiting_reason(status))
    return 0.0 if state is None else state.lasts


def not_pullable(pod: str, status: ContainerStatus) -> errors.ImagePullFailed:
    """Return the error of a container whose image cannot be pulled."""
    reason, message = _waiting_reason(status)
    return errors.ImagePullFailed(
        f"Container {status['name']} of Pod {pod} cannot get image {status['image']}:"
        f" {reason}: {message}",
        errors.Remedy(
            "Check the name, load a local image with {}, or let the cluster pull it.", "image"
        ),
    )


def is_pull_failing(status: ContainerStatus) -> bool:
    """Return whether the kubelet has failed to pull the image, and tries again."""
    return _waiting_reason(status)[0] in ("ImagePullBackOff", "ErrImagePull")


def ephemeral_failure(status: ContainerStatus) -> str:
    """Return why an ephemeral container does not run and never will; "" for any other."""
    if status.get("state", {}).get("terminated"):
        return f"it {describe(status)}"
    return ": ".join(filter(None, permanent_reason(status, is_retried=False)))


def not_startable(pod: str, status: ContainerStatus, why: str) -> errors.PodError:
    """Return the error of a container that the kubelet cannot start."""
    return errors.ContainerConfigFailed(
        f"Container {status['name']} of Pod {pod} cannot be started: {why}",
        "Fix what the message names: a ConfigMap, a Secret, a subPath, a user or a command.",
    )


def crashing(
    pod: str, status: ContainerStatus, *, since: int | None = None
) -> errors.ContainerCrashing | None:
    """Return the error of a container that has exited and does not run again yet; else None.

    Args:
        pod: the Pod's name.
        status: the container's status.
        since: a restart count: a container that has restarted so often is crashing even if the
            kubelet says that it runs, since that may be over by now; None for no count.
    """
    count = status.get("restartCount", 0)
    is_between = _waiting_reason(status)[0] == _CRASH_LOOP
    state = describe(status)
    if not is_between and "terminated" not in status.get("state", {}):
        end = status.get("lastState", {}).get("terminated")
        if since is None or count < since or not end:
            return None
        state = f"restarted again after exit code {end.get('exitCode')}"
    restarts = f"{count} restart{'' if count == 1 else 's'}"
    return errors.ContainerCrashing(
        f"Container {status['name']} of Pod {pod} keeps crashing: {state}, {restarts}."
        if count
        else f"Container {status['name']} of Pod {pod} has crashed: {state}.",
        "Read its last log lines (kubectl logs --previous), or keep its command in the foreground.",
    )


def _waiting_reason(status: ContainerStatus) -> tuple[str, str]:
    """Return reason and message of a container that waits; "" for one that does not."""
    waiting = status.get("state", {}).get("waiting") or {}
    # between two attempts the message says when the next one is; the last state says why they fail
    failure = start_failure(status.get("lastState", {}))
    if waiting.get("reason") == _CRASH_LOOP and failure:
        return "RunContainerError", failure
    return waiting.get("reason", ""), _one_line(waiting)


def _one_line(details: Mapping[str, Any]) -> str:
    return " ".join(str(details.get("message") or "").split())
