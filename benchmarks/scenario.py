"""The sharevol scenario, once and twenty times, compared with the least time its Pods take.

The scenario: deploy a Pod, check its containers ten times, restart one container and prove that
its file survives, delete the Pod and prove that the volume's content is lost, which takes a second
Pod. The baseline is that of `pod_baseline.py`: start, restart, delete; with and without the second
start that the last proof needs.

- once: part by part, in one process. The kubelet examines its containers once a second, so each
  restart happens at a random moment; waiting for that moment is not measured.
- twenty times: `pytest -n 4` and `-n 10` from start to end, compared with twenty Pods that plain
  requests drive all at once.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import units
from benchmarks.benchmark_cluster import SHAREVOL, BenchmarkCluster
from benchmarks.measurement import sleep_random, timed
from benchmarks.pod_baseline import PodBaseline, sharevol
from benchmarks.scale import Scale
from benchmarks.tables import DataTable, Table, Timing
from benchmarks.timed_process import run_pytest
from pytest_podshare import assert_file_visible, assert_lost_on_delete, assert_survives_restart
from pytest_podshare.pods.pod import Pod

_ONCE_ROUNDS, _TWENTY_TIMES_ROUNDS = 8, 3
_PODS = 20
# Four, as on a machine with four processors; ten, because most of a scenario is waiting.
_WORKERS = (4, 10)
_COLUMNS = {
    "": units.text,
    "runs": units.count,
    "ours, p50": units.time,
    "p95": units.time,
    "baseline, p50": units.time,
    "ours : baseline": units.ratio,
}


@dataclasses.dataclass(frozen=True)
class ScenarioTiming:
    """The seconds of each part of a scenario, or of its baseline."""

    start: float
    checks: float
    restart: float
    delete: float
    second_start: float = 0.0

    @property
    def total(self) -> float:
        """Return the sum of all parts."""
        return self.start + self.checks + self.restart + self.delete + self.second_start

    @property
    def without_second_start(self) -> float:
        """Return the sum of all parts except the second start."""
        return self.total - self.second_start


def measure(scale: Scale) -> Iterator[Table]:
    """Measure the scenario and its baseline in turn."""
    with BenchmarkCluster() as cluster:
        ours, baselines = [], []
        for _ in range(scale.rounds(_ONCE_ROUNDS)):
            ours.append(_scenario(cluster))
            baselines.append(_baseline(cluster, 1))
        yield DataTable("Once", _COLUMNS, rows_once(ours, baselines))
        pods = 4 if scale.quick else _PODS
        baselines = []
        seconds: dict[int, list[float]] = {workers: [] for workers in _WORKERS}
        for _ in range(scale.rounds(_TWENTY_TIMES_ROUNDS) if not scale.quick else 1):
            baselines.append(_baseline(cluster, pods))
            for workers, durations in seconds.items():
                durations.append(_run_in_parallel(pods, workers))
                # The run does not wait for its namespaces to be deleted, so the next one would.
                cluster.wait_until_deleted()
        yield DataTable(f"{pods} times", _COLUMNS, rows_many(seconds, baselines, pods))


def rows_once(ours: list[ScenarioTiming], baselines: list[ScenarioTiming]) -> list[dict[str, Any]]:
    """Return the rows for the parts of the scenario and its total."""
    titles = {
        "start": "deploy",
        "checks": "ten checks",
        "restart": "restart with proof",
        "delete": "delete with proof",
    }
    rows = [
        row(
            title,
            [getattr(timing, name) for timing in ours],
            None if name == "checks" else [getattr(timing, name) for timing in baselines],
        )
        for name, title in titles.items()
    ]
    total = [timing.total for timing in ours]
    without_second = [timing.without_second_start for timing in baselines]
    with_second = [timing.total for timing in baselines]
    rows.append(row("total", total, without_second))
    rows.append(row("total, with a second start in the baseline", total, with_second))
    return rows


def rows_many(
    seconds: dict[int, list[float]], baselines: list[ScenarioTiming], pods: int
) -> list[dict[str, Any]]:
    """Return the rows for many scenarios run by pytest, and for the parts of their baseline."""
    titles = {
        "start": "start",
        "restart": "restart",
        "delete": "delete",
        "second_start": "second start",
    }
    rows = []
    for name, title in titles.items():
        values = [getattr(timing, name) for timing in baselines]
        rows.append(row(f"{title}, {pods} at once", [], values))
    without_second = [timing.without_second_start for timing in baselines]
    with_second = [timing.total for timing in baselines]
    for workers, durations in seconds.items():
        title = f"pytest -n {workers}"
        rows.append(row(title, durations, without_second))
        rows.append(row(f"{title}, with a second start in the baseline", durations, with_second))
    return rows


def row(name: str, ours: list[float], baselines: list[float] | None) -> dict[str, Any]:
    """Return a row; cells without measurements are missing."""
    cells: dict[str, Any] = {"": name, "runs": len(ours or baselines or ())}
    our_timing = Timing("ours", tuple(ours))
    if ours:
        cells |= {"ours, p50": our_timing.p50, "p95": our_timing.p95, "ours, seconds": ours}
    if baselines:
        baseline = Timing("baseline", tuple(baselines))
        cells |= {"baseline, p50": baseline.p50, "baseline, seconds": baselines}
        if ours:
            cells["ours : baseline"] = our_timing.p50 / baseline.p50
    return cells


def _scenario(cluster: BenchmarkCluster) -> ScenarioTiming:
    with cluster.podshare() as podshare:
        clock_start = time.perf_counter()
        pod = podshare.deploy(SHAREVOL)
        start = time.perf_counter() - clock_start
        checks = timed(lambda: _ten_checks(pod))
        sleep_random()
        restart = timed(lambda: assert_survives_restart(pod, container="c1"))
        delete = timed(lambda: assert_lost_on_delete(pod))
    return ScenarioTiming(start, checks, restart, delete)


def _ten_checks(pod: Pod) -> None:
    for _ in range(5):
        assert_file_visible(pod, from_c="c1", to_c="c2")
        assert_file_visible(pod, from_c="c2", to_c="c1")


def _baseline(cluster: BenchmarkCluster, count: int) -> ScenarioTiming:
    manifests = [sharevol(number) for number in range(count)]
    with cluster.namespace() as namespace, PodBaseline(cluster.api, namespace) as pods:
        start = pods.start(manifests)
        sleep_random()
        restart, delete = pods.restart("c1"), pods.delete()
        second_start = pods.start(manifests)
        pods.delete()
    return ScenarioTiming(start, 0.0, restart, delete, second_start)


def _run_in_parallel(pods: int, workers: int) -> float:
    plugins = ["-p", "podshare", "-p", "xdist"]
    selection = ["-k", " or ".join(f"[{number}]" for number in range(pods))]
    options = ["-n", str(workers), "--podshare-keep-cluster=always"]
    arguments = [*plugins, *options, *selection]
    return run_pytest("twenty_scenarios", *arguments, environ=dict(os.environ)).seconds
