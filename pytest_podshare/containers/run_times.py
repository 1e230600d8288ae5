"""When the containers of a Pod ran, as exactly as can be found out.

The API has whole seconds. The start of a container's first process has ten milliseconds, and
containerd on a kind node has nanoseconds. All of them are the clock of the node, which also sets
the change times of files on its own file systems.
"""

from __future__ import annotations

import calendar
import contextlib
import dataclasses
import functools
import json
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops import changes
from pytest_podshare.containers.fileops.posix_shell import quote
from pytest_podshare.kube import pod_status
from pytest_podshare.wiring.model import ContainerSpec

CONTAINERD = "containerd's times, to 1 ms"
PROCESSES = "the start of the containers' first processes, to 10 ms"
API = "the API server's times, to 1 s"

# where containerd keeps the status of each container, also of those that have ended
_STATUS_FILE = "/var/lib/containerd/io.containerd.grpc.v1.cri/containers/%s/status"
_NANOSECONDS = 1e9
# a process may run for a moment before the runtime has noted that it started
_START_DELAY = 1.0
# USER_HZ, the unit of times in /proc, is 100 on every architecture that Kubernetes supports
_TICKS_PER_SECOND = 100.0


@dataclasses.dataclass(frozen=True)
class RunTime:
    """When a container may have run, in seconds since the epoch: it did not run outside of it.

    Args:
        container: its name.
        start: it did not run earlier.
        end: it did not run later; infinity while it runs.
    """

    container: str
    start: float
    end: float

    @property
    def has_ended(self) -> bool:
        """Return whether it has ended."""
        return math.isfinite(self.end)

    def __str__(self) -> str:
        end = format_time(self.end) if self.has_ended else "now"
        return f"{self.container} ran from {format_time(self.start)} to {end}"


@dataclasses.dataclass(frozen=True)
class RunTimes:
    """When the containers of a Pod may have run, and who says so.

    Args:
        source: `CONTAINERD`, `PROCESSES` or `API`.
        containers: the times by container.
    """

    source: str
    containers: Mapping[str, RunTime]


def format_time(seconds: float) -> str:
    """Return a time of day in UTC, to the millisecond."""
    milliseconds = math.floor(seconds * 1000)
    clock = time.strftime("%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{clock}.{milliseconds % 1000:03d}"


def read_run_times(raw: Mapping[str, Any], containers: Iterable[ContainerShell]) -> RunTimes:
    """Return when the containers of a Pod may have run.

    Args:
        raw: the Pod, as the API server has it now.
        containers: the handles of all its containers, in the order in which they start.
    """
    shells = list(containers)
    pod = shells[0].pod
    sharp: dict[str, tuple[float, float]] = {}
    source = API
    if pod.cluster.own:
        with contextlib.suppress(errors.PodshareError):
            sharp = _read_containerd(pod.node, raw, [shell.name for shell in shells])
            source = CONTAINERD
    if not sharp:
        sharp = _read_processes(raw, shells)
        source = PROCESSES if sharp else API
    return combine(source, raw, [shell.spec for shell in shells], sharp)


def combine(
    source: str,
    raw: Mapping[str, Any],
    containers: Iterable[ContainerSpec],
    sharp: Mapping[str, tuple[float, float]],
) -> RunTimes:
    """Return the times by what the API server says, narrowed by what a sharper clock says.

    Args:
        source: who says the sharper times.
        raw: the Pod.
        containers: its containers, in the order in which they start.
        sharp: by container, earliest start and latest end of its current or last instance.
    """
    times: dict[str, RunTime] = {}
    # no container of the Pod ran before the kubelet accepted it
    accepted = (raw.get("status") or {}).get("startTime")
    previous_end = _parse(accepted) if accepted else -math.inf
    for container in containers:
        status = pod_status.find_container_status(raw, container.name)
        start, end = _read_status(status)
        if container.name in sharp:
            start, end = max(start, sharp[container.name][0]), min(end, sharp[container.name][1])
        if status.get("restartCount", 0):
            # an earlier instance may have written as well
            start = -math.inf
        times[container.name] = RunTime(container.name, max(start, previous_end), end)
        if container.role == "init" and math.isfinite(end):
            # the next container starts when the kubelet has seen this one end
            previous_end = max(previous_end, _earliest_end(status, end, container.name in sharp))
    return RunTimes(source, times)


def _earliest_end(status: Mapping[str, Any], end: float, is_sharp: bool) -> float:
    finished = _terminated(status).get("finishedAt")
    return end if is_sharp or not finished else _parse(finished)


def _read_status(status: Mapping[str, Any]) -> tuple[float, float]:
    """Return earliest start and latest end of an instance by its status."""
    state = status.get("state") or {}
    details = next(iter(state.values()), None) or {}
    started, finished = details.get("startedAt"), _terminated(status).get("finishedAt")
    start = _parse(started) - _START_DELAY if started else -math.inf
    # the API cuts off fractions of a second
    return start, _parse(finished) + 1 if finished else math.inf


def _terminated(status: Mapping[str, Any]) -> Mapping[str, Any]:
    return (status.get("state") or {}).get("terminated") or {}


def _parse(timestamp: str) -> float:
    return float(calendar.timegm(time.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ")))


def _read_containerd(
    node: str, raw: Mapping[str, Any], names: Iterable[str]
) -> dict[str, tuple[float, float]]:
    """Return when each container was created and ended, as containerd on its node noted it.

    A process may run before its start is noted, but not before its container is created.
    """
    ids = {pod_status.find_runtime_id(raw, name): name for name in names}
    times = _read_status_files(node, tuple(key for key in ids if key))
    return {ids[key]: interval for key, interval in times.items()}


@functools.lru_cache(maxsize=64)
def _read_status_files(node: str, ids: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Return when containers were created and ended; the times of an instance do not change."""
    script = b"\n".join(
        b"printf '%%s ' %s; cat %s; echo" % (quote(key), quote(_STATUS_FILE % key)) for key in ids
    )
    times = {}
    for line in nodes.run_script(node, script).stdout.decode().splitlines():
        key, _, text = line.partition(" ")
        with contextlib.suppress(ValueError, KeyError):
            status = json.loads(text)
            end = status["FinishedAt"] / _NANOSECONDS or math.inf
            times[key] = (status["CreatedAt"] / _NANOSECONDS, end)
    return times


def _read_processes(
    raw: Mapping[str, Any], shells: Iterable[ContainerShell]
) -> dict[str, tuple[float, float]]:
    """Return when the first process of each running container was started.

    The difference to the uptime is the same on every clock; what the file system's clock says now
    is the time of a new entry in /proc.
    """
    spec = raw["spec"]
    if spec.get("shareProcessNamespace") or spec.get("hostPID"):
        # process 1 is another container's
        return {}
    script = b"cat /proc/1/stat /proc/uptime && stat -c 'now %Z %z' /proc/self/"
    times = {}
    for shell in shells:
        status = pod_status.find_container_status(raw, shell.name)
        if "running" not in (status.get("state") or {}):
            continue
        with contextlib.suppress(errors.PodshareError, ValueError, IndexError):
            shell.open()
            if not shell.access.is_ephemeral:
                start = _parse_process(shell.run(script).stdout.decode(errors="replace"))
                times[shell.name] = (start, math.inf)
    return times


def _parse_process(printed: str) -> float:
    stat, uptime, now = printed.splitlines()
    # the name of the program, in parentheses, may contain spaces
    started = float(stat.rpartition(")")[2].split()[19]) / _TICKS_PER_SECOND
    age = float(uptime.split()[0]) - started
    seconds, _, text = now.removeprefix("now ").partition(" ")
    return changes.parse_time(seconds, text)[0] - age - 1 / _TICKS_PER_SECOND
