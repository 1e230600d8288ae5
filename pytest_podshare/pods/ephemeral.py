"""An ephemeral container beside one that has no shell: its user, its processes, and nothing to do.

It is there for one instance of its container and ends with it. Kubernetes removes it with the Pod.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import waiting
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.outage import may_pass
from pytest_podshare.pods import state
from pytest_podshare.probe.trail import User

if TYPE_CHECKING:
    from pytest_podshare.pods.pod import Pod

_PREFIX = "podshare-"
# hex digits of the id of a container's instance
_DIGITS = 12
# what of a container's rights another process needs too, to be let at its files
_CONFINEMENT = ("seLinuxOptions", "appArmorProfile", "seccompProfile")
_ROOT = ("capabilities", "allowPrivilegeEscalation")
# nobody is about to wait for longer than 30 years
_IDLE = ["sleep", "1000000000"]


class Unable(Exception):
    """No ephemeral container can be had, or it is not let at the container's files; says why.

    Args:
        why: the reason.
        may_pass: whether it may be otherwise at the next time.
    """

    def __init__(self, why: str, *, may_pass: bool = False) -> None:
        super().__init__(why)
        self.may_pass = may_pass


class _NotStarted(Unable):
    """The runtime failed to start it, perhaps because the machine is busy."""


def user_of(live: Mapping[str, Any], container: str) -> User | None:
    """Who a container's first process is, by its status or else its spec; None if neither says."""
    told = (state.container_status(live, container).get("user") or {}).get("linux")
    if told:
        groups = (told["gid"], *(told.get("supplementalGroups") or ()))
        return User(told["uid"], tuple(dict.fromkeys(groups)))
    security = _security(live, container)
    if "runAsUser" in security and "runAsGroup" in security:
        return User(security["runAsUser"], (security["runAsGroup"],))
    return None


def security_context(live: Mapping[str, Any], container: str, user: User) -> dict[str, Any]:
    """The rights of an ephemeral container that is to be let at a container's files.

    Those of a user who is not root are what Pod Security calls restricted. Who is root by the
    container's own capabilities is let at them by the same ones only (ptrace(2)); nobody is made
    privileged for that.
    """
    theirs = _security(live, container)
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


def beside(pod: Pod, live: Mapping[str, Any], container: str, deadline: Deadline) -> str:
    """Have an ephemeral container run beside the instance of a container that runs now.

    Args:
        pod: the Pod.
        live: the Pod as the API server gave it, with the container running.
        container: the container.
        deadline: until when it must run.

    Returns:
        Its name.

    Raises:
        Unable: there can be none; says why.
    """
    user = user_of(live, container)
    if user is None:
        raise Unable("nobody tells the container's user: neither its status nor its spec")
    context = security_context(live, container, user)
    try:
        return _run(pod, live, container, context, deadline)
    except _NotStarted:
        # the kubelet tries no second time, so that another one does
        return _run(pod, pod.check_still_there(), container, context, deadline)


def _run(
    pod: Pod,
    live: Mapping[str, Any],
    container: str,
    context: Mapping[str, Any],
    deadline: Deadline,
) -> str:
    name = _name(live, container)
    if not _status(live, name):
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
            live = pod.api.patch(path, {"spec": {"ephemeralContainers": [entry]}}, strategic=True)
        except errors.ApiError as error:
            why = f"the API server refuses it: {error.details}"
            raise Unable(why, may_pass=may_pass(error, known=False)) from None
    _wait_until_it_runs(pod, live, name, deadline)
    return name


def _name(live: Mapping[str, Any], container: str) -> str:
    """The name of the one that runs or is to run: another one for each instance of a container."""
    instance = state.container_status(live, container)["containerID"].split("//")[-1]
    for number in itertools.count(1):
        name = f"{_PREFIX}{instance[:_DIGITS]}" + (f"-{number}" if number > 1 else "")
        told = _status(live, name)
        # one that has ended, or did not even start, is never started again
        if "terminated" not in told.get("state", {}) and not waiting.is_no_start(told):
            return name
    raise AssertionError("it counts on")


def _wait_until_it_runs(
    pod: Pod, live: dict[str, Any] | Mapping[str, Any], name: str, deadline: Deadline
) -> None:
    def decided(seen: state.Status | None) -> bool:
        if seen is None or seen["metadata"]["uid"] != pod.uid:
            raise errors.PodGone(f"Pod {pod} was deleted meanwhile.", "See who deletes it.")
        status = _status(seen, name)
        if problem := state.stuck(status):
            raise (_NotStarted if waiting.is_no_start(status) else Unable)(problem)
        return "running" in status.get("state", {})

    if decided(dict(live)):
        return
    seen = pod.watch.wait_for(pod.name, decided, deadline, known=dict(live))
    if not decided(seen):
        where = state.describe(_status(seen or {}, name))
        why = f"it did not run within {deadline.seconds:.3g} s: {where}"
        raise Unable(why, may_pass=True)


def _status(live: Mapping[str, Any], name: str) -> state.Status:
    """What the kubelet says of an ephemeral container; empty where there is none."""
    told = live.get("status", {}).get("ephemeralContainerStatuses") or ()
    return next((each for each in told if each["name"] == name), {})


def _security(live: Mapping[str, Any], container: str) -> dict[str, Any]:
    """The security context of a container; what it leaves open its Pod says."""
    spec = live["spec"]
    every = (spec.get("initContainers") or []) + spec["containers"]
    own = next(each for each in every if each["name"] == container).get("securityContext") or {}
    return {**(spec.get("securityContext") or {}), **own}
