"""An idle ephemeral container beside one without a shell, with its user and its processes.

It serves one instance of that container, and ends with it. Kubernetes removes it with the Pod.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.transient import is_transient
from pytest_podshare.kube.watch import Object
from pytest_podshare.wiring.pod_spec import get_container

# fields of a securityContext that another process needs too, to access the container's files
_CONFINEMENT = ("seLinuxOptions", "appArmorProfile", "seccompProfile")
_ROOT = ("capabilities", "allowPrivilegeEscalation")
# 30 years
_IDLE = ["sleep", "1000000000"]


class _NotStarted(EphemeralContainerUnavailable):
    """The container runtime failed to start it, perhaps because the machine is busy."""


def _find_user(raw: Mapping[str, Any], container: str) -> User | None:
    """Return the user of a container from its status, or else from its spec; None if unknown."""
    user = (pod_status.find_container_status(raw, container).get("user") or {}).get("linux")
    if user:
        groups = (user["gid"], *(user.get("supplementalGroups") or ()))
        return User(user["uid"], tuple(dict.fromkeys(groups)))
    security = _security(raw, container)
    if "runAsUser" in security and "runAsGroup" in security:
        return User(security["runAsUser"], (security["runAsGroup"],))
    return None


def _build_security_context(raw: Mapping[str, Any], container: str, user: User) -> dict[str, Any]:
    """Return the securityContext of an ephemeral container that needs a container's files.

    For any user but root it conforms to the Pod Security level `restricted`. For root the kernel
    requires the container's own capabilities (ptrace(2)); it is never privileged.
    """
    own = _security(raw, container)
    context: dict[str, Any] = {
        "runAsUser": user.uid,
        "runAsGroup": user.gids[0],
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    context |= {key: own[key] for key in _CONFINEMENT if key in own}
    if user.uid == 0:
        return context | {key: own[key] for key in _ROOT if key in own}
    return context | {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def ensure_running(pod: LivePod, raw: Mapping[str, Any], container: str, deadline: Deadline) -> str:
    """Make sure that an ephemeral container runs for the current instance of a container.

    Args:
        pod: the Pod.
        raw: the current Pod, in which the container is running.
        container: the container.
        deadline: when it must be running.

    Returns:
        Its name.

    Raises:
        EphemeralContainerUnavailable: it cannot run; says why.
    """
    user = _find_user(raw, container)
    if user is None:
        raise EphemeralContainerUnavailable(
            "the container's user ID is unknown (neither its status nor its securityContext has it)"
        )
    context = _build_security_context(raw, container, user)
    try:
        return _run(pod, raw, container, context, deadline)
    except _NotStarted:
        # the kubelet does not try again, so create another one
        return _run(pod, pod.check_still_there(), container, context, deadline)


def _run(
    pod: LivePod,
    raw: Mapping[str, Any],
    container: str,
    context: Mapping[str, Any],
    deadline: Deadline,
) -> str:
    name = _name(raw, container)
    if not _status(raw, name):
        entry = {
            "name": name,
            "image": pod.probe_image,
            "imagePullPolicy": "IfNotPresent",
            "command": _IDLE,
            "targetContainerName": container,
            "securityContext": context,
        }
        path = pod_path(pod.namespace, pod.name, "ephemeralcontainers")
        try:
            raw = pod.api.patch(path, {"spec": {"ephemeralContainers": [entry]}}, strategic=True)
        except errors.ApiError as error:
            raise EphemeralContainerUnavailable(
                f"the API server rejected it: {error.details}",
                is_transient=is_transient(error, known=False),
            ) from None
    _wait_until_running(pod, dict(raw), name, deadline)
    return name


def _name(raw: Mapping[str, Any], container: str) -> str:
    """Return the name of the one that runs for this instance, or of a new one."""
    first = name = f"podshare-{pod_status.find_runtime_id(raw, container)[:12]}"
    numbers = itertools.count(2)
    # Kubernetes never restarts one that has ended or failed to start
    while _is_over(_status(raw, name)):
        name = f"{first}-{next(numbers)}"
    return name


def _is_over(status: container_status.ContainerStatus) -> bool:
    has_ended = "terminated" in status.get("state", {})
    return has_ended or container_status.has_failed_to_start(status)


def _wait_until_running(pod: LivePod, raw: Object, name: str, deadline: Deadline) -> None:
    def is_running(latest: Object | None) -> bool:
        if latest is None or latest["metadata"]["uid"] != pod.uid:
            raise pod.to_gone(f"Pod {pod} was deleted during the check.")
        status = _status(latest, name)
        if problem := container_status.ephemeral_failure(status):
            is_no_start = container_status.has_failed_to_start(status)
            raise (_NotStarted if is_no_start else EphemeralContainerUnavailable)(problem)
        return "running" in status.get("state", {})

    if is_running(raw):
        return
    latest = pod.watch.wait_for(pod.name, is_running, deadline, known=raw)
    if not is_running(latest):
        state = container_status.describe(_status(latest or {}, name))
        raise EphemeralContainerUnavailable(
            f"it was not running within {deadline.seconds:.3g} s: {state}", is_transient=True
        )


def _status(raw: Mapping[str, Any], name: str) -> container_status.ContainerStatus:
    """Return the status of an ephemeral container; empty if there is none."""
    statuses = pod_status.container_statuses(raw, ephemeral=True)
    return next((status for status in statuses if status["name"] == name), {})


def _security(raw: Mapping[str, Any], container: str) -> dict[str, Any]:
    """Return the securityContext of a container, with defaults from its Pod."""
    spec = raw["spec"]
    own = get_container(spec, container).get("securityContext") or {}
    return {**(spec.get("securityContext") or {}), **own}
