"""What a container waits for, in the kubelet's words, and whether it waits for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# the image is not there, or cannot be had
IMAGE = ("ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError")
_START = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
# a container runtime that is very busy: the kubelet's next try finds what the one before has made
_BUSY = ("context deadline exceeded", "DeadlineExceeded", "failed to reserve container name")


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


def for_ever(status: Mapping[str, Any], *, once: bool = False) -> tuple[str, str]:
    """The reason and the message of one that waits for what nothing mends by itself; or "".

    A runtime may fail to start a container because the machine is busy. The kubelet tries again a
    second later, so a first failure counts only with `once`, where there is no second try.
    """
    why, message = reason(status)
    is_busy = any(sign in message for sign in _BUSY)
    is_first = why == "RunContainerError" and not status.get("restartCount")
    if why in IMAGE or (why in _START and not is_busy and (once or not is_first)):
        return why, message
    return "", ""


def _line(facts: Mapping[str, Any]) -> str:
    return " ".join(str(facts.get("message") or "").split())
