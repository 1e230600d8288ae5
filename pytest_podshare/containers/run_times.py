"""When the containers of a Pod ran, as exactly as can be found out.

The API has whole seconds. The start of a container's first process has ten milliseconds, and
containerd on a kind node has nanoseconds. All of them are the clock of the node, which also sets
the change times of files on its own file systems.
"""

from __future__ import annotations

import calendar
import dataclasses
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.wiring.model import ContainerSpec

# from when until when something may have run, in seconds since the epoch
Interval = tuple[float, float]

# seconds for which a process may run, on a busy node, until the runtime has noted that it started
_START_DELAY = 2.0


@dataclasses.dataclass(frozen=True)
class RunTime:
    """When a container may have run, in seconds since the epoch: it did not run outside of it.

    Args:
        container: its name.
        start: its current or last instance did not run earlier.
        end: nor later; infinity while it runs.
        earlier: when its earlier instances may have run, if it was restarted; the oldest first.
        is_exact: whether a sharp clock says when its first instance started.
    """

    container: str
    start: float
    end: float
    earlier: tuple[Interval, ...] = ()
    is_exact: bool = True

    @property
    def first_start(self) -> float:
        """Return the time before which no instance ran."""
        return min(start for start, _ in self._intervals)

    def overlaps(self, earliest: float, latest: float) -> bool:
        """Return whether it may have run at some time between two."""
        return any(start <= latest and earliest <= end for start, end in self._intervals)

    def __str__(self) -> str:
        spans = (f"from {_describe(start)} to {_describe(end)}" for start, end in self._intervals)
        return f"{self.container} ran {' and '.join(spans)}"

    @property
    def _intervals(self) -> tuple[Interval, ...]:
        return (*self.earlier, (self.start, self.end))


@dataclasses.dataclass(frozen=True)
class RunTimes:
    """When the containers of a Pod may have run, and who says so.

    Args:
        source: who says so: `CONTAINERD`, `PROCESSES` or `API` of `run_clocks`.
        containers: the times by container.
        pod_start: when the Pod had started at the latest.
    """

    source: str
    containers: Mapping[str, RunTime]
    pod_start: float


@dataclasses.dataclass(frozen=True)
class Instance:
    """An instance of a container, as its status reports it.

    Args:
        id: the container runtime's own ID.
        details: its `running` or `terminated` state.
    """

    id: str
    details: Mapping[str, Any]

    @property
    def has_ended(self) -> bool:
        """Return whether it has ended."""
        return bool(self.details.get("finishedAt"))

    @property
    def interval(self) -> Interval:
        """Return when it may have run; the API cuts off fractions of a second."""
        started, finished = self.details.get("startedAt"), self.details.get("finishedAt")
        start = _parse(started) - _START_DELAY if started else -math.inf
        return start, _parse(finished) + 1 if finished else math.inf


def format_time(seconds: float) -> str:
    """Return a time of day in UTC, to the millisecond."""
    milliseconds = math.floor(seconds * 1000)
    clock = time.strftime("%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{clock}.{milliseconds % 1000:03d}"


def list_instances(status: Mapping[str, Any]) -> list[Instance]:
    """Return the instances that a container's status has: the current or last one comes first."""
    current = container_status.runtime_id(status.get("containerID") or "")
    found = []
    for field in ("state", "lastState"):
        for details in (status.get(field) or {}).values():
            own = container_status.runtime_id((details or {}).get("containerID") or "")
            if details and "startedAt" in details:
                found.append(Instance(own or current, details))
    return found


def combine(
    source: str,
    raw: Mapping[str, Any],
    containers: Iterable[ContainerSpec],
    sharp: Mapping[str, Interval],
) -> RunTimes:
    """Return the times by what the API server says, narrowed by what a sharper clock says.

    Args:
        source: who says the sharper times.
        raw: the Pod.
        containers: its containers, in the order in which they start.
        sharp: by ID of an instance: its earliest start and its latest end.
    """
    times: dict[str, RunTime] = {}
    started = (raw.get("status") or {}).get("startTime")
    # a container starts after the last instances of the init containers before it, but an earlier
    # instance only after those that ran once: a new sandbox runs all of them again
    pod_start = _parse(started) if started else -math.inf
    last_end, only_end = -math.inf, pod_start
    for container in containers:
        status = pod_status.find_container_status(raw, container.name)
        instances = list_instances(status)
        intervals = [_narrow(instance, sharp) for instance in instances] or [(-math.inf, math.inf)]
        start, end = intervals[0]
        start = max(start, last_end, only_end)
        restarts = status.get("restartCount", 0)
        earlier = _earlier(intervals[1:], restarts, only_end, start)
        is_exact = len(instances) > restarts and instances[-1].id in sharp
        times[container.name] = RunTime(container.name, start, end, earlier, is_exact=is_exact)
        if container.role == "init" and instances and instances[0].has_ended:
            # the next container starts when the kubelet has seen this one end
            last_end = max(last_end, _earliest_end(instances[0], sharp))
            if restarts == 0:
                only_end = max(only_end, last_end)
    return RunTimes(source, times, pod_start + 1)


def _earlier(
    known: list[Interval], restarts: int, lower: float, upper: float
) -> tuple[Interval, ...]:
    """Return when the instances before the last one may have run.

    Args:
        known: when the one before the last may have run, if the status says so.
        restarts: how many there are.
        lower: none of them ran earlier.
        upper: nor later.
    """
    found = [(max(start, lower), min(end, upper)) for start, end in known] if restarts else []
    if restarts > len(found):
        # the status says nothing about the others
        found.insert(0, (lower, found[0][0] if found else upper))
    return tuple(found)


def _narrow(instance: Instance, sharp: Mapping[str, Interval]) -> Interval:
    start, end = instance.interval
    sharp_start, sharp_end = sharp.get(instance.id, (start, end))
    return sharp_start, min(end, sharp_end)


def _earliest_end(instance: Instance, sharp: Mapping[str, Interval]) -> float:
    end = sharp.get(instance.id, (-math.inf, math.inf))[1]
    return end if math.isfinite(end) else _parse(instance.details["finishedAt"])


def _describe(seconds: float) -> str:
    if math.isfinite(seconds):
        return format_time(seconds)
    return "now" if seconds > 0 else "an unknown time"


def _parse(timestamp: str) -> float:
    return float(calendar.timegm(time.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ")))
