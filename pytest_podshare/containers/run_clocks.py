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
from pytest_podshare.containers.run_times import Interval, RunTimes
from pytest_podshare.kube import pod_status

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
    sharp: Mapping[str, Interval] = {}
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
) -> Mapping[str, Interval]:
    """Return when each instance was created and ended, as containerd on its node noted it.

    A process may run before its start is noted, but not before its container is created. To start
    it takes longer than a tick of the file system's clock, by which its changes may seem earlier.
    """
    ended, running = list[str](), list[str]()
    for name in names:
        for instance in run_times.list_instances(pod_status.find_container_status(raw, name)):
            (ended if instance.has_ended else running).append(instance.id)
    return _read_status_files(node, tuple(ended), tuple(running))


@functools.lru_cache(maxsize=64)
def _read_status_files(
    node: str, ended: tuple[str, ...], running: tuple[str, ...]
) -> Mapping[str, Interval]:
    """Return when instances were created and ended; read again when another one has ended."""
    script = b"\n".join(
        b"printf '%%s ' %s; cat %s; echo" % (quote(key), quote(_STATUS_FILE % key))
        for key in (*ended, *running)
    )
    times = {}
    for line in nodes.run_script(node, script).stdout.decode().splitlines():
        key, _, text = line.partition(" ")
        with contextlib.suppress(ValueError, KeyError):
            status = json.loads(text)
            end = status["FinishedAt"] / _NANOSECONDS or math.inf
            times[key] = (status["CreatedAt"] / _NANOSECONDS + changes.TICK, end)
    return times


def _read_processes(
    raw: Mapping[str, Any], shells: Iterable[ContainerShell]
) -> dict[str, Interval]:
    """Return when the first process of each running instance was started.

    The difference to the uptime is the same on every clock; what the file system's clock says now
    is the time of a new entry in /proc.
    """
    spec = raw["spec"]
    if spec.get("shareProcessNamespace") or spec.get("hostPID"):
        # process 1 is another container's
        return {}
    # a pause before the uptime is read makes the start seem earlier, which is safe
    script = b"stat -c '%Z %z' /proc/self/ && cat /proc/uptime /proc/1/stat"
    times = {}
    for shell in shells:
        status = pod_status.find_container_status(raw, shell.name)
        if "running" not in (status.get("state") or {}):
            continue
        with contextlib.suppress(errors.PodshareError, ValueError, IndexError):
            shell.open()
            if not shell.access.is_ephemeral:
                start = parse_process(shell.run(script).stdout.decode(errors="replace"))
                times[pod_status.find_runtime_id(raw, shell.name)] = (start, math.inf)
    return times


def parse_process(printed: str) -> float:
    """Return before which time process 1 did not run, by a time, the uptime and its status."""
    now, uptime, stat = printed.split("\n", 2)
    # the name of the program, in parentheses, may contain spaces
    started = float(stat.rpartition(")")[2].split()[19]) / _TICKS_PER_SECOND
    age = float(uptime.split()[0]) - started
    seconds, _, text = now.partition(" ")
    return changes.parse_time(seconds, text)[0] - age - 1 / _TICKS_PER_SECOND
