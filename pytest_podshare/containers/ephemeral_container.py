"""An ephemeral container for one that has no shell: its user, its processes, and nothing to do.

It is there for one instance of its container and ends with it. Kubernetes removes it with the Pod.
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
from pytest_podshare.wiring.pod_spec import container_of

_PREFIX = "podshare-"
# hex digits of the id of a container's instance
_DIGITS = 12
# what of a container's rights another process needs too, to be let at its files
_CONFINEMENT = ("seLinuxOptions", "appArmorProfile", "seccompProfile")
_ROOT = ("capabilities", "allowPrivilegeEscalation")
# nobody is about to wait for longer than 30 years
_IDLE = ["sleep", "1000000000"]


class _NotStarted(EphemeralContainerUnavailable):
    """The runtime failed to start it, perhaps because the machine is busy."""


def user_of(raw: Mapping[str, Any], container: str) -> User | None:
    """Return the user of a container, by its status or else its spec; None if neither says."""
    told = (pod_status.find_container_status(raw, container).get("user") or {}).get("linux")
    if told:
        groups = (told["gid"], *(told.get("supplementalGroups") or ()))
        return User(told["uid"], tuple(dict.fromkeys(groups)))
    security = _security(raw, container)
    if "runAsUser" in security and "runAsGroup" in security:
        return User(security["runAsUser"], (security["runAsGroup"],))
    return None


def security_context(raw: Mapping[str, Any], container: str, user: User) -> dict[str, Any]:
    """Return the rights of an ephemeral container that is to be let at a container's files.

    Those of a user who is not root are what Pod Security calls restricted. Who is root by the
    container's own capabilities is let at them by the same ones only (ptrace(2)); nobody is made
    privileged for that.
    """
    theirs = _security(raw, container)
    context: dict[str, Any] = {
        "runAsUser": user.uid,
        "runAsGroup": user.gids[0],
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    context |= {key: theirs[key] for key in _CONFINEMENT if key in theirs}
    if user.uid == 0:
        return context | {key: theirs[key] for key in _ROOT if key in theirs}
    return context | {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def ensure_running(pod: LivePod, raw: Mapping[str, Any], container: str, deadline: Deadline) -> str:
    """Have an ephemeral container run for the instance of a container that runs now.

    Args:
        pod: the Pod.
        raw: the Pod as it is now, with the container running.
        container: the container.
        deadline: until when it must run.

    Returns:
        Its name.

    Raises:
        EphemeralContainerUnavailable: there can be none; says why.
    """
    user = user_of(raw, container)
    if user is None:
        raise EphemeralContainerUnavailable(
            "nobody tells the container's user: neither its status nor its spec"
        )
    context = security_context(raw, container, user)
    try:
        return _run(pod, raw, container, context, deadline)
    except _NotStarted:
        # the kubelet tries no second time, so that another one does
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
                f"the API server refuses it: {error.details}",
                is_transient=is_transient(error, known=False),
            ) from None
    _wait_until_it_runs(pod, dict(raw), name, deadline)
    return name


def _name(raw: Mapping[str, Any], container: str) -> str:
    """Return the name of the one that runs, or is to run, for this instance of a container."""
    instance = pod_status.find_runtime_id(raw, container)
    for number in itertools.count(1):
        name = f"{_PREFIX}{instance[:_DIGITS]}" + (f"-{number}" if number > 1 else "")
        status = _status(raw, name)
        # one that has ended, or did not even start, is never started again
        if "terminated" not in status.get("state", {}) and not container_status.has_failed_to_start(
            status
        ):
            return name
    raise AssertionError("it counts on")


def _wait_until_it_runs(pod: LivePod, raw: Object, name: str, deadline: Deadline) -> None:
    def decided(seen: Object | None) -> bool:
        if seen is None or seen["metadata"]["uid"] != pod.uid:
            raise errors.PodGone(f"Pod {pod} was deleted meanwhile.", "See who deletes it.")
        status = _status(seen, name)
        if problem := container_status.ephemeral_failure(status):
            is_no_start = container_status.has_failed_to_start(status)
            raise (_NotStarted if is_no_start else EphemeralContainerUnavailable)(problem)
        return "running" in status.get("state", {})

    if decided(raw):
        return
    seen = pod.watch.wait_for(pod.name, decided, deadline, known=raw)
    if not decided(seen):
        where = container_status.describe(_status(seen or {}, name))
        raise EphemeralContainerUnavailable(
            f"it did not run within {deadline.seconds:.3g} s: {where}", is_transient=True
        )


def _status(raw: Mapping[str, Any], name: str) -> container_status.ContainerStatus:
    """Return what the kubelet says of an ephemeral container; empty where there is none."""
    statuses = pod_status.container_statuses(raw, ephemeral=True)
    return next((status for status in statuses if status["name"] == name), {})


def _security(raw: Mapping[str, Any], container: str) -> dict[str, Any]:
    """Return the security context of a container; what it leaves open its Pod says."""
    spec = raw["spec"]
    own = container_of(spec, container).get("securityContext") or {}
    return {**(spec.get("securityContext") or {}), **own}
