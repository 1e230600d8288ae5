"""What the API server and the containers of a live Pod report about files in its volumes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from pytest_podshare import deadline as bounded
from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import mountinfo, path_walk
from pytest_podshare.containers.fileops.confined import Root
from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.containers.volume_root import find_root
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import container_log, container_status, pod_status
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.exec.protocol import Completed
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import VolumeMount

# seconds for all requests: the verdict is known already, and a failed test should not drag on
TIMEOUT = 4.0
# seconds before the deadline at which a command is abandoned, to keep the earlier answers
_MARGIN = 0.5
# how many of a container's last log lines a text may show
_LAST_LINES = 2


@dataclasses.dataclass(frozen=True)
class FileLocation:
    """A path in a container, and the mount that it should be in; None for no mount."""

    container: Container
    path: str
    mount: VolumeMount | None

    def __str__(self) -> str:
        return f"{self.container}:{self.path}"

    @property
    def volume(self) -> str:
        """Return the name of the volume that the path should be in; "" for none."""
        return self.mount.volume if self.mount else ""

    @property
    def root(self) -> Root:
        """Return what no link may lead out of: the mount, if there is one."""
        return find_root(self.container, self.mount) if self.mount else "/"

    @property
    def blame(self) -> tuple[Container, VolumeMount] | None:
        """Return the container and mount, for a cause that blames them."""
        return (self.container, self.mount) if self.mount else None


@dataclasses.dataclass(frozen=True)
class ContainerView:
    """What one container reports about a location, as far as it could be inspected.

    Args:
        location: the location.
        state: `running`, `waiting` or `terminated`, as in the container's status; "" before that.
        description: the state in words: `waiting (CrashLoopBackOff, last exit code 1)`, …
        restarted: whether the container has restarted since the Pod became ready.
        exit_code: the exit code before that restart; None if it is unknown.
        last_lines: the end of its log, if it is not running or has restarted.
        mount_table: its live mounts; empty if they could not be read.
        user: the user that it runs commands as.
        path_entries: each folder, link and file on the path, as far as it exists.
        siblings: other names in the folder of the path; None if they could not be listed.
    """

    location: FileLocation
    state: str = "running"
    description: str = "running"
    restarted: bool = False
    exit_code: int | None = None
    last_lines: tuple[str, ...] = ()
    mount_table: tuple[MountEntry, ...] = ()
    user: path_walk.User | None = None
    path_entries: tuple[path_walk.PathEntry, ...] = ()
    siblings: tuple[str, ...] | None = None

    @property
    def is_running(self) -> bool:
        """Return whether the container is running."""
        return self.state == "running"

    @property
    def live_mount(self) -> MountEntry | None:
        """Return the live mount that the path is in."""
        return mountinfo.find_covering(self.mount_table, self.location.path)

    @property
    def file(self) -> path_walk.PathEntry | None:
        """Return what exists at the path itself; None if nothing does, or if it is unknown."""
        is_found = self.path_entries and self.path_entries[-1].path == self.location.path
        return self.path_entries[-1] if is_found else None


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything that the live Pod reports.

    Args:
        pod_problem: the kind of cause if the Pod itself cannot be inspected: `evicted`,
            `replaced`, `deleted` or `API server unreachable`; "" otherwise.
        message: the details of that problem.
        views: the locations, in the order of the request.
    """

    pod_problem: str
    message: str
    views: tuple[ContainerView, ...]


def gather(pod: Pod, *locations: FileLocation, timeout: float = TIMEOUT) -> Facts:
    """Ask the API server and all containers in parallel; never raise an error.

    `--podshare-timeout-factor` multiplies the timeout.
    """
    deadline = Deadline(timeout * pod.live.timeouts.factor)
    unknown = tuple(ContainerView(location) for location in locations)
    # usually one; each Pod is asked for by its UID
    pods = {live.uid: live for live in (pod.live, *(place.container.pod for place in locations))}
    questions = {uid: functools.partial(_get_pod, live) for uid, live in pods.items()}
    found: dict[str, dict[str, Any]] = {}
    for uid, answer in bounded.gather(questions, deadline).items():
        if isinstance(answer, bounded.JobFailure):
            return Facts("API server unreachable", answer.text, unknown)
        found[uid], problem, message = answer
        if problem:
            return Facts(problem, message, unknown)
    jobs = {
        str(index): functools.partial(
            _inspect, location.container.pod, found[location.container.pod.uid], location, deadline
        )
        for index, location in enumerate(locations)
    }
    answers = bounded.gather(jobs, deadline).values()
    views = (
        view if isinstance(answer, bounded.JobFailure) else answer
        for view, answer in zip(unknown, answers, strict=True)
    )
    return Facts("", "", tuple(views))


def _get_pod(pod: LivePod) -> tuple[dict[str, Any], str, str]:
    """Return the live Pod, with its problem and the details."""
    try:
        raw = pod.api.get(pod_path(pod.namespace, pod.name))
    except errors.ApiError as error:
        if error.status != 404:
            raise
        if (eviction := pod.find_eviction(None)) is not None:
            return {}, "evicted", eviction.message
        return {}, *_find_replacement(pod)
    uid = raw["metadata"]["uid"]
    if uid != pod.uid:
        if (eviction := pod.find_eviction(None)) is not None:
            return raw, "evicted", eviction.message
        return raw, "replaced", f"another Pod now has the name {pod.name} (UID {uid})"
    has_ended = bool(pod_status.list_ends(raw))
    if has_ended and (eviction := pod.find_eviction(raw)) is not None:
        return raw, "evicted", eviction.message
    if since := raw["metadata"].get("deletionTimestamp"):
        return raw, "deleted", f"Pod {pod.name} has been terminating since {since}"
    return raw, "", ""


def _find_replacement(pod: LivePod) -> tuple[str, str]:
    """Return whether a deleted Pod was replaced by one with the same labels."""
    labels = ",".join(f"{key}={value}" for key, value in pod.labels.items())
    others = pod.api.get(pod_path(pod.namespace), labelSelector=labels)["items"] if labels else []
    names = [raw["metadata"]["name"] for raw in others if raw["metadata"]["uid"] != pod.uid]
    if names:
        return "replaced", f"Pod {pod.name} no longer exists; {', '.join(names)} replaced it"
    return "deleted", f"Pod {pod.name} no longer exists, and no Pod replaced it"


def _inspect(
    pod: LivePod, raw: dict[str, Any], location: FileLocation, deadline: Deadline
) -> ContainerView:
    """Ask one container everything; each question may fail alone, if the image lacks a tool."""
    status = pod_status.find_container_status(raw, location.container.name)
    restarted = _is_restarted(pod, status)
    last = status.get("lastState", {}).get("terminated") or {}
    view = ContainerView(
        location,
        state=next(iter(status.get("state", {})), ""),
        description=container_status.describe(status),
        restarted=restarted,
        exit_code=last.get("exitCode") if restarted else None,
    )
    shell = _DeadlineShell(location.container.name, location.container, deadline)
    questions: dict[str, Callable[[], Any]] = {}
    if not view.is_running or restarted:
        questions["last_lines"] = lambda: container_log.read_lines(
            pod.api, raw, shell.name, _LAST_LINES
        )
    if view.is_running:
        questions |= {
            "mount_table": lambda: tuple(mountinfo.read_mounts(shell)),
            "user": lambda: path_walk.whoami(shell),
            "path_entries": lambda: path_walk.walk(shell, location.path),
            "siblings": lambda: path_walk.list_nearby(shell, location.path),
        }
    for field, ask in questions.items():
        with contextlib.suppress(errors.PodshareError):
            view = dataclasses.replace(view, **{field: ask()})
    return view


@dataclasses.dataclass
class _DeadlineShell:
    """A container's shell that runs no command beyond the deadline."""

    name: str
    container: Container
    deadline: Deadline

    def resolve_path(self, path: str, *, follow: bool = True) -> str:
        return self.container.resolve_path(path, follow=follow)

    def use_ephemeral_shell(self) -> None:
        # a diagnosis is not worth another container
        raise EphemeralContainerUnavailable

    def run(self, script: bytes) -> Completed:
        return self.container.run(script, timeout=max(0.1, self.deadline.left - _MARGIN))


def _is_restarted(pod: LivePod, status: container_status.ContainerStatus) -> bool:
    """Return whether the container is another instance than the one in the Pod's identity."""
    known = dict(pod.identity.containers).get(status["name"], "")
    return bool(known) and status.get("containerID", "") not in ("", known)
