"""The clocks that tell when containers ran: of containerd, of the kernel, of the API server."""

from __future__ import annotations

import contextlib
import functools
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.containers import run_times
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops import changes
from pytest_podshare.containers.fileops.posix_shell import quote
from pytest_podshare.containers.run_times import RunTimes
from pytest_podshare.kube import container_status, pod_status

CONTAINERD = "containerd's times, to 1 ms"
PROCESSES = "the start of the containers' first processes, to 10 ms"
API = "the API server's times, to 1 s"

# where containerd keeps the status of each container, also of those that have ended
_STATUS_FILE = "/var/lib/containerd/io.containerd.grpc.v1.cri/containers/%s/status"
_NANOSECONDS = 1e9
# USER_HZ, the unit of times in /proc, is 100 on every architecture that Kubernetes supports
_TICKS_PER_SECOND = 100.0


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
            source = CONTAINERD if sharp else API
    if not sharp:
        sharp = _read_processes(raw, shells)
        source = PROCESSES if sharp else API
    return run_times.combine(source, raw, [shell.spec for shell in shells], sharp)


def _read_containerd(
    node: str, raw: Mapping[str, Any], names: Iterable[str]
) -> dict[str, tuple[float, float]]:
    """Return when each instance was created and ended, as containerd on its node noted it.

    A process may run before its start is noted, but not before its container is created.
    """
    ended, running = list[str](), list[str]()
    for name in names:
        status = pod_status.find_container_status(raw, name)
        for instance in run_times.list_instances(status):
            (ended if "finishedAt" in instance.details else running).append(instance.id)
    times = dict(_read_ended(node, tuple(ended)))
    times.update(_read_status_files(node, running))
    return times


@functools.lru_cache(maxsize=64)
def _read_ended(node: str, ids: tuple[str, ...]) -> Mapping[str, tuple[float, float]]:
    """Return the times of instances that have ended, which do not change any more."""
    return _read_status_files(node, ids)


def _read_status_files(node: str, ids: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Return when instances were created and ended: never, if they run."""
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
