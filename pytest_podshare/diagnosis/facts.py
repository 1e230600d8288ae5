"""What a live Pod says of two places that should be one: asked of every container at once."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import posixpath
from collections.abc import Callable
from typing import Any

from pytest_podshare import deadline as bounded
from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import mountinfo, path_walk
from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.exec.protocol import Completed
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import VolumeMount

# seconds for all questions; the verdict stands already, and nobody likes to wait for a failure
PATIENCE = 4.0
# seconds of these that are left when a shell is given up, as its Pod has told something by then
_LEFT = 0.5
# how many of a container's last lines a text may show
_LAST_LINES = 2
# bytes of a log that are asked for, and characters of a line that are shown
_MOST_BYTES, _LONGEST = 64 * 1024, 300


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
    def root(self) -> str:
        """Return the path that no link may lead out of: the mount, if there is one."""
        return posixpath.normpath(self.mount.path) if self.mount else "/"


@dataclasses.dataclass(frozen=True)
class ContainerView:
    """What one container says of a place, as far as it could be asked.

    Args:
        place: the place.
        state: `running`, `waiting (CrashLoopBackOff, last exit code 1)`, …
        running: whether it runs now.
        restarts: what became of the instance that was known, if there is another now; or "".
        last_words: the last lines of its log, of a container that does not run or was restarted.
        entries: its table of mounts; empty where it could not be asked.
        user: who it runs commands as.
        way: the files and folders on the way to the path.
        nearby: other names in the folder of the path; None where it could not be asked.
    """

    place: FileLocation
    state: str = "running"
    running: bool = True
    restarts: str = ""
    last_words: tuple[str, ...] = ()
    entries: tuple[MountEntry, ...] = ()
    user: path_walk.User | None = None
    way: tuple[path_walk.PathEntry, ...] = ()
    nearby: tuple[str, ...] | None = None

    @property
    def entry(self) -> MountEntry | None:
        """The mount that the path really lies in."""
        return mountinfo.find_covering(self.entries, self.place.path)

    @property
    def file(self) -> path_walk.PathEntry | None:
        """What is at the path itself; None if nothing is, or nobody knows."""
        return self.way[-1] if self.way and self.way[-1].path == self.place.path else None


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything that was asked.

    Args:
        fate: `evicted`, `replaced`, `deleted`, `unreachable`, or "" for a Pod that is there.
        message: what was said of its fate.
        views: the places, in the order in which they were asked for.
    """

    fate: str
    message: str
    views: tuple[ContainerView, ...]


def gather(pod: Pod, *places: FileLocation, patience: float = PATIENCE) -> Facts:
    """Ask the API server and the containers; changes nothing and never raises."""
    deadline = Deadline(patience)
    live = bounded.gather({"pod": lambda: _live(pod)}, deadline)["pod"]
    if isinstance(live, bounded.JobFailure):
        return Facts("unreachable", live.text, tuple(ContainerView(place) for place in places))
    found, fate, message = live
    if fate:
        return Facts(fate, message, tuple(ContainerView(place) for place in places))
    jobs = {
        str(at): functools.partial(_ask, pod, found, place, deadline)
        for at, place in enumerate(places)
    }
    answers = bounded.gather(jobs, deadline)
    views = (
        ContainerView(place) if isinstance(answer, bounded.JobFailure) else answer
        for place, answer in zip(places, answers.values(), strict=True)
    )
    return Facts("", "", tuple(views))


def _live(pod: Pod) -> tuple[dict[str, Any], str, str]:
    """The Pod as it is now, with its fate and what is said of it."""
    try:
        live = pod.api.get(pod_path(pod.namespace, pod.name))
    except errors.ApiError as error:
        if error.status != 404:
            raise
        return {}, *_gone(pod)
    if live["metadata"]["uid"] != pod.uid:
        return live, "replaced", f"Pod {pod.name} is another one now ({live['metadata']['uid']})"
    status = live.get("status", {})
    if status.get("reason") == "Evicted":
        return live, "evicted", " ".join(str(status.get("message", "")).split())
    if when := live["metadata"].get("deletionTimestamp"):
        return live, "deleted", f"Pod {pod.name} is being deleted since {when}"
    return live, "", ""


def _gone(pod: Pod) -> tuple[str, str]:
    """Whether another Pod has come in the place of one that is not there any more."""
    labels = ",".join(f"{key}={value}" for key, value in pod.live.labels.items())
    others = pod.api.get(pod_path(pod.namespace), labelSelector=labels)["items"] if labels else []
    names = [each["metadata"]["name"] for each in others if each["metadata"]["uid"] != pod.uid]
    if names:
        return "replaced", f"Pod {pod.name} is gone, and {', '.join(names)} came in its place"
    return "deleted", f"Pod {pod.name} is gone, and none came in its place"


def _ask(pod: Pod, live: dict[str, Any], place: FileLocation, deadline: Deadline) -> ContainerView:
    """What one container says, each question for itself: an image may lack a tool."""
    status = pod_status.find_container_status(live, place.container.name)
    view = ContainerView(
        place,
        state=container_status.describe(status),
        running="running" in status.get("state", {}),
        restarts=_restarts(pod, status),
    )
    if not view.running or view.restarts:
        with contextlib.suppress(errors.PodshareError):
            view = dataclasses.replace(view, last_words=_last_words(pod, place))
    if not view.running:
        return view
    shell = _Patient(place.container.name, place.container, deadline)
    questions: dict[str, Callable[[], Any]] = {
        "entries": lambda: tuple(mountinfo.read_mounts(shell)),
        "user": lambda: path_walk.whoami(shell),
        "way": lambda: path_walk.walk(shell, place.path),
        "nearby": lambda: path_walk.list_nearby(shell, place.path),
    }
    for name, ask in questions.items():
        with contextlib.suppress(errors.PodshareError):
            view = dataclasses.replace(view, **{name: ask()})
    return view


@dataclasses.dataclass
class _Patient:
    """A container's shell that does not outlast the deadline."""

    name: str
    container: Container
    deadline: Deadline

    def resolve_path(self, path: str, *, follow: bool = True) -> str:
        return self.container.resolve_path(path, follow=follow)

    def use_ephemeral_shell(self) -> None:
        # an explanation is not worth another container
        raise EphemeralContainerUnavailable

    def run(self, script: bytes) -> Completed:
        return self.container.run(script, timeout=max(0.1, self.deadline.left - _LEFT))


def _restarts(pod: Pod, status: container_status.ContainerStatus) -> str:
    """What became of the instance that was known, if another one is there now."""
    known = dict(pod.identity.containers).get(status["name"], "")
    if not known or status.get("containerID", "") in ("", known):
        return ""
    last = status.get("lastState", {}).get("terminated") or {}
    code = f", after it ended with exit code {last['exitCode']}" if last else ""
    return f"{status['name']} was restarted since the Pod was ready{code}"


def _last_words(pod: Pod, place: FileLocation) -> tuple[str, ...]:
    """The last lines of a container that ended; its log is that of its last instance."""
    said = pod.api.get_text(
        pod_path(pod.namespace, pod.name, "log"),
        container=place.container.name,
        tailLines=str(_LAST_LINES),
        limitBytes=str(_MOST_BYTES),
    )
    return tuple(line[:_LONGEST] for line in said.splitlines() if line.strip())
