"""What the kubelet says of a container: its id, what it waits for, and whether for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# the image is not there, or cannot be had
IMAGE = ("ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError")
_START = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
# a machine that is very busy: the kubelet's next try finds what the one before has made, or what
# its own watches of ConfigMaps, Secrets and Services, which it gives a second, have brought by then
_BUSY = (
    "context deadline exceeded",
    "DeadlineExceeded",
    "failed to reserve container name",
    "timed out waiting for the condition",
    "services have not yet been read at least once",
)


def runtime_id(container_id: str) -> str:
    """Return the id by which the runtime itself knows a container: `ab12…` of `containerd://ab12…`."""
    return container_id.rpartition("//")[2]


def reason(status: Mapping[str, Any]) -> tuple[str, str]:
    """The reason and the message of a container that waits; "" for those that do not."""
    waiting = status.get("state", {}).get("waiting") or {}
    # between two tries the kubelet says when the next is; why they fail is in the last one
    failed = never_started(status.get("lastState", {}))
    if waiting.get("reason") == "CrashLoopBackOff" and failed:
        return "RunContainerError", failed
    return waiting.get("reason", ""), _line(waiting)


def never_started(state: Mapping[str, Any]) -> str:
    """Why a container ended before its command ran, by its `state` or `lastState`; else ""."""
    ended = state.get("terminated") or {}
    return _line(ended) if ended.get("reason") == "StartError" else ""


def is_no_start(status: Mapping[str, Any]) -> bool:
    """Whether the runtime failed to start a container, which may be because the machine is busy."""
    return reason(status)[0] == "RunContainerError" or bool(never_started(status.get("state", {})))


def permanent_reason(
    status: Mapping[str, Any], *, once: bool = False, first: int = 0
) -> tuple[str, str]:
    """The reason and the message of one that waits for what nothing mends by itself; or "".

    A runtime may fail to start a container because the machine is busy. The kubelet tries again a
    second later, so that a first failure counts for nothing.

    Args:
        status: the container's.
        once: whether one that could not be started is never tried again.
        first: its restart count at the first start that is waited for.
    """
    why, message = reason(status)
    is_busy = any(sign in message for sign in _BUSY)
    if why == "RunContainerError":
        is_final = once or (not is_busy and status.get("restartCount", 0) > first)
    elif why == "ImageInspectError" or why in _START:
        is_final = not is_busy
    else:
        is_final = why in IMAGE
    return (why, message) if is_final else ("", "")


def _line(facts: Mapping[str, Any]) -> str:
    return " ".join(str(facts.get("message") or "").split())
