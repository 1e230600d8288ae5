"""The sharevol scenario, once and twenty times, beside the least that its Pods take.

The scenario: a Pod is deployed, ten checks are made between its containers, one container is
restarted and what it wrote is proved to have survived, the Pod is deleted and what was in its
volume is proved to be lost, for which a second Pod has to come. The floors are those of `bare.py`:
start, restart, delete; with the second start that the last proof needs, and without.

- once: part by part, in one process. The kubelet looks at its containers once a second, so each
  restart comes at a moment of its own; the wait for it counts for nobody.
- twenty times: `pytest -n 4` and `-n 10` from start to end, beside twenty Pods that are driven
  all at once by bare requests.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import figures, running
from benchmarks.asked import Asked
from benchmarks.bare import Bare, sharevol
from benchmarks.figures import Listing, Table, Timing
from benchmarks.interleaving import at_any_moment, timed
from benchmarks.stage import SHAREVOL, Stage
from pytest_podshare import assert_file_visible, assert_lost_on_delete, assert_survives_restart
from pytest_podshare.pods.pod import Pod

_ONCE, _TWENTY_TIMES = 8, 3
_PODS = 20
# four, as on a machine of four processors; ten, since most of a scenario is waiting
_WORKERS = (4, 10)
_COLUMNS = {
    "": figures.text,
    "runs": figures.count,
    "ours, p50": figures.time,
    "p95": figures.time,
    "floor, p50": figures.time,
    "ours : floor": figures.ratio,
}


@dataclasses.dataclass(frozen=True)
class Parts:
    """The seconds of each part of a scenario, or of its floor."""

    start: float
    checks: float
    restart: float
    delete: float
    again: float = 0.0

    @property
    def total(self) -> float:
        """Of all of them."""
        return self.start + self.checks + self.restart + self.delete + self.again


def measure(asked: Asked) -> Iterator[Table]:
    """Ours and the floors in turn."""
    with Stage() as stage:
        ours, floors = [], []
        for _ in range(asked.rounds(_ONCE)):
            ours.append(_ours(stage))
            floors.append(_floors(stage, 1))
        yield Listing("Once", _COLUMNS, once(ours, floors))
        pods = 4 if asked.quick else _PODS
        floors = []
        seconds: dict[int, list[float]] = {workers: [] for workers in _WORKERS}
        for _ in range(asked.rounds(_TWENTY_TIMES) if not asked.quick else 1):
            floors.append(_floors(stage, pods))
            for workers, taken in seconds.items():
                taken.append(_by_pytest(pods, workers))
                # it has not waited for its namespaces to be gone, and whoever comes next would
                stage.wait_until_empty()
        yield Listing(f"{pods} times", _COLUMNS, many(seconds, floors, pods))


def once(ours: list[Parts], floors: list[Parts]) -> list[dict[str, Any]]:
    """The rows of the scenario's parts and its total; the deletion's proof takes a second Pod."""
    names = ("start", "checks", "restart", "delete")
    rows = [
        row(
            {"start": "deploy", "checks": "ten checks"}.get(name, f"{name} with proof"),
            [getattr(each, name) for each in ours],
            None if name == "checks" else [getattr(each, name) for each in floors],
        )
        for name in names
    ]
    total = [each.total for each in ours]
    rows.append(row("all of it", total, [each.total - each.again for each in floors]))
    rows.append(row("… with a second start in the floor", total, [each.total for each in floors]))
    return rows


def many(seconds: dict[int, list[float]], floors: list[Parts], pods: int) -> list[dict[str, Any]]:
    """The rows of many scenarios by pytest, and of the parts of their floor."""
    names = ("start", "restart", "delete", "again")
    titles = {"again": "a second start"}
    rows = []
    for name in names:
        title = f"{titles.get(name, name)}, {pods} at once"
        rows.append(row(title, [], [getattr(each, name) for each in floors]))
    for workers, taken in seconds.items():
        floor = [each.total - each.again for each in floors]
        rows.append(row(f"pytest -n {workers}", taken, floor))
        title = f"pytest -n {workers}, with a second start in the floor"
        rows.append(row(title, taken, [each.total for each in floors]))
    return rows


def row(name: str, ours: list[float], floors: list[float] | None) -> dict[str, Any]:
    """One row; whoever has no times has empty cells."""
    cells: dict[str, Any] = {"": name, "runs": len(ours or floors or ())}
    mine = Timing("ours", tuple(ours))
    if ours:
        cells |= {"ours, p50": mine.p50, "p95": mine.p95, "ours, seconds": ours}
    if floors:
        floor = Timing("floor", tuple(floors))
        cells |= {"floor, p50": floor.p50, "floor, seconds": floors}
        if ours:
            cells["ours : floor"] = mine.p50 / floor.p50
    return cells


def _ours(stage: Stage) -> Parts:
    with stage.podshare() as podshare:
        begun = time.perf_counter()
        pod = podshare.deploy(SHAREVOL)
        start = time.perf_counter() - begun
        checks = timed(lambda: _ten_checks(pod))
        at_any_moment()
        restart = timed(lambda: assert_survives_restart(pod, container="c1"))
        delete = timed(lambda: assert_lost_on_delete(pod))
    return Parts(start, checks, restart, delete)


def _ten_checks(pod: Pod) -> None:
    for _ in range(5):
        assert_file_visible(pod, from_c="c1", to_c="c2")
        assert_file_visible(pod, from_c="c2", to_c="c1")


def _floors(stage: Stage, pods: int) -> Parts:
    manifests = [sharevol(number) for number in range(pods)]
    with stage.namespace() as namespace, Bare(stage.api, namespace) as bare:
        start = bare.start(manifests)
        at_any_moment()
        restart, delete = bare.restart("c1"), bare.delete()
        again = bare.start(manifests)
        bare.delete()
    return Parts(start, 0.0, restart, delete, again)


def _by_pytest(pods: int, workers: int) -> float:
    plugins = ["-p", "pytest_podshare.plugin", "-p", "xdist.plugin"]
    chosen = ["-k", " or ".join(f"[{number}]" for number in range(pods))]
    options = ["-n", str(workers), "--podshare-keep-cluster=always"]
    ran = running.pytest("twenty", *plugins, *options, *chosen, environ=dict(os.environ))
    return ran.seconds
