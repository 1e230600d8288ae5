"""How the cost grows: with more checks on one Pod, more Pods, larger files.

- checks: 1 to 200 in a new Pod, whose first check opens the sessions, compared with the baseline.
- Pods: 1 to 60 deployed by one call, compared with as many created by plain requests; then one
  check in each of them, which opens its sessions.
- files: 1 B to 1 GiB, written by one container and checked by another (so that both read it), with
  the peak memory of this process; compared with `kubectl exec` once to write and once to read,
  which verifies nothing.
"""

from __future__ import annotations

import gc
import io
import itertools
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import units
from benchmarks.benchmark_cluster import SHAREVOL, BenchmarkCluster
from benchmarks.exec_baseline import ExecBaseline
from benchmarks.measurement import timed
from benchmarks.pod_baseline import PodBaseline, sharevol
from benchmarks.scale import Scale
from benchmarks.tables import DataTable, Table, Timing
from pytest_podshare import assert_file_visible
from pytest_podshare.pods.pod import Pod

_CHECKS = (1, 10, 50, 200)
_PODS = (1, 5, 20, 60)
_SIZES = (1, 2**10, 2**16, 2**20, 2**24, 2**28, 2**30)
_NAME = "large"
# Files up to this size are measured several times.
_SMALL_FILE, _SMALL_FILE_RUNS = 2**20, 5
_CHUNK = bytes(range(256)) * 256


def measure(scale: Scale) -> Iterator[Table]:
    """Yield a table for each of the three."""
    with BenchmarkCluster() as cluster:
        yield _checks(cluster, scale.sizes(_CHECKS))
        yield _pods(cluster, scale.sizes(_PODS))
        yield _files(cluster, scale.sizes(_SIZES))


def _checks(cluster: BenchmarkCluster, counts: tuple[int, ...]) -> DataTable:
    columns = {
        "checks": units.count,
        "ours": units.time,
        "per check": units.time,
        "baseline": units.time,
        "ours : baseline": units.ratio,
    }
    rows: list[dict[str, Any]] = []
    for count in counts:
        with cluster.podshare() as podshare:
            pod = podshare.deploy(SHAREVOL)
            ours = timed(partial(_check, pod, count))
            baseline = timed(partial(_baseline_checks, cluster, pod, count))
        row = {"checks": count, "ours": ours, "per check": ours / count}
        rows.append({**row, "baseline": baseline, "ours : baseline": ours / baseline})
    return DataTable("Checks on one Pod, including opening the sessions", columns, rows)


def _check(pod: Pod, count: int) -> None:
    for _ in range(count):
        assert_file_visible(pod, from_c="c1", to_c="c2")


def _check_all(pods: Iterable[Pod]) -> None:
    for pod in pods:
        _check(pod, 1)


def _baseline_checks(cluster: BenchmarkCluster, pod: Pod, count: int) -> None:
    writer, reader = ("c1", "/tmp/xchange/line"), ("c2", "/tmp/data/line")
    with ExecBaseline(cluster.api, pod.namespace, pod.name, writer, reader) as baseline:
        for _ in range(count):
            baseline.check()


def _pods(cluster: BenchmarkCluster, counts: tuple[int, ...]) -> DataTable:
    columns = {
        "Pods": units.count,
        "ours, ready": units.time,
        "per Pod": units.time,
        "baseline, ready": units.time,
        "ours : baseline": units.ratio,
        "first checks": units.time,
        "per first check": units.time,
    }
    rows: list[dict[str, Any]] = []
    for count in counts:
        manifests = [sharevol(number) for number in range(count)]
        with cluster.namespace() as namespace, PodBaseline(cluster.api, namespace) as pods:
            baseline = pods.start(manifests)
            pods.delete()
        with cluster.podshare() as podshare:
            ours = timed(partial(podshare.deploy_all, manifests))
            checks = timed(partial(_check_all, podshare.pods))
        row = {"Pods": count, "ours, ready": ours, "per Pod": ours / count}
        row |= {"baseline, ready": baseline, "ours : baseline": ours / baseline}
        rows.append({**row, "first checks": checks, "per first check": checks / count})
    return DataTable("Pods deployed by one call", columns, rows)


def _files(cluster: BenchmarkCluster, sizes: tuple[int, ...]) -> DataTable:
    columns = {
        "size": units.size,
        "runs": units.count,
        "write": units.time,
        "check": units.time,
        "write rate": units.rate,
        "check rate": units.rate,
        "extra memory": units.size,
        "kubectl, write": units.time,
        "kubectl, read": units.time,
        "ours : kubectl": units.ratio,
    }
    rows: list[dict[str, Any]] = []
    with cluster.podshare() as podshare:
        pod = podshare.deploy(SHAREVOL)
        kubectl = _KubectlFiles(cluster, pod)
        _check(pod, 1)
        for size in sizes:
            runs = _SMALL_FILE_RUNS if size <= _SMALL_FILE else 1
            before = peak_memory()
            write = _median(partial(_write, pod, size), runs)
            check = _median(partial(_check_file, pod), runs)
            memory = peak_memory(reset=False) - before
            theirs = _median(partial(kubectl.write, size), runs), _median(kubectl.read, runs)
            row = {"size": size, "write": write, "check": check, "extra memory": memory}
            row |= {"write rate": size / write, "check rate": size / check}
            row |= {"kubectl, write": theirs[0], "kubectl, read": theirs[1]}
            rows.append({**row, "runs": runs, "ours : kubectl": (write + check) / sum(theirs)})
    return DataTable("A file of each size, written by c1 and checked by c2", columns, rows)


def _median(call: Callable[[], object], runs: int) -> float:
    return Timing("", tuple(timed(call) for _ in range(runs))).p50


def _write(pod: Pod, size: int) -> None:
    with io.BufferedReader(GeneratedFile(size)) as content:
        small = content.read() if size <= len(_CHUNK) else None
        pod["c1"].volume("xchange").write(_NAME, content if small is None else small)


def _check_file(pod: Pod) -> None:
    """Read the file in both containers and compare it."""
    assert_file_visible(pod, from_c="c1", to_c="c2", path=f"/tmp/xchange/{_NAME}")


class GeneratedFile(io.RawIOBase):
    """A file whose content is generated while it is read, so that it takes no space.

    Args:
        size: its size in bytes.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Change the position and return it."""
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        self._position = starts[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into the buffer and return their number."""
        count = max(0, min(len(buffer), self._size - self._position, len(_CHUNK)))
        buffer[:count] = _CHUNK[:count]
        self._position += count
        return count


class _KubectlFiles:
    def __init__(self, cluster: BenchmarkCluster, pod: Pod) -> None:
        target = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", pod.namespace]
        self._command = ["kubectl", *target, "exec", "--stdin", pod.name, "--container"]

    def write(self, size: int) -> None:
        command = [*self._command, "c1", "--", "sh", "-c", "cat > /tmp/xchange/theirs"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            with io.BufferedReader(GeneratedFile(size)) as content:
                for chunk in itertools.takewhile(bool, iter(lambda: content.read(2**16), None)):
                    process.stdin.write(chunk)
            process.stdin.close()
        assert process.returncode == 0

    def read(self) -> None:
        command = [*self._command, "c2", "--", "cat", "/tmp/data/theirs"]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


def peak_memory(*, reset: bool = True) -> int:
    """Return the peak resident memory of this process since the last reset, in bytes."""
    if reset:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("this system does not report the peak memory of a process")
