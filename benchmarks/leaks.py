"""What stays in use after two thousand checks in one process: memory, sockets, files, threads.

Measured twice: with the evidence of every check kept, as reports need it, and with the evidence
discarded along the way, which shows what is lost apart from it.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import units
from benchmarks.benchmark_cluster import SHAREVOL, BenchmarkCluster
from benchmarks.scale import Scale
from benchmarks.tables import DataTable, Table
from pytest_podshare import assert_file_visible
from pytest_podshare.pods.pod import Pod

_CHECKS, _STEP = 2_000, 500
# Enough checks to fill every cache.
_WARM_UP = 300
_COLUMNS = {
    "checks": units.count,
    "resident": units.size,
    "growth": units.size,
    "per check": units.size,
    "sockets": units.count,
    "open files": units.count,
    "threads": units.count,
}


def measure(scale: Scale) -> Iterator[Table]:
    """Use the same Pod both times."""
    with BenchmarkCluster() as cluster, cluster.podshare() as podshare:
        pod = podshare.deploy(SHAREVOL)
        _check(pod, scale.rounds(_WARM_UP), keep=False)
        for title, keep in (
            ("With the evidence kept", True),
            ("With the evidence discarded", False),
        ):
            rows = list(_rows(pod, scale.rounds(_CHECKS), scale.rounds(_STEP), keep=keep))
            yield DataTable(title, _COLUMNS, rows)
            _discard_evidence(pod)


def _rows(pod: Pod, checks: int, step: int, *, keep: bool) -> Iterator[dict[str, Any]]:
    first = resources_in_use()
    yield _row(0, first, first)
    for done in range(step, checks + 1, step):
        _check(pod, step, keep=keep)
        yield _row(done, resources_in_use(), first)


def _row(done: int, now: dict[str, int], first: dict[str, int]) -> dict[str, Any]:
    growth = now["resident"] - first["resident"]
    return {
        "checks": done,
        "growth": growth,
        "per check": growth / done if done else None,
        **now,
    }


def _check(pod: Pod, count: int, *, keep: bool) -> None:
    for number in range(count):
        writer, reader = ("c1", "c2") if number % 2 else ("c2", "c1")
        assert_file_visible(pod, from_c=writer, to_c=reader)
        if not keep:
            _discard_evidence(pod)


def _discard_evidence(pod: Pod) -> None:
    pod.evidence.clear()
    pod.checks.clear()


def resources_in_use() -> dict[str, int]:
    """Return what this process uses after garbage collection."""
    gc.collect()
    files = [_target(file) for file in Path("/proc/self/fd").iterdir()]
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {
        "resident": resident,
        "sockets": sum(target.startswith("socket:") for target in files),
        "open files": len(files),
        "threads": threading.active_count(),
    }


def _target(file: Path) -> str:
    try:
        return os.readlink(file)  # noqa: PTH115
    except FileNotFoundError:
        # The folder itself, which was open while it was listed.
        return ""
