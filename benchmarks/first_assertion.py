"""From the start of `pytest` to the first assertion, on a cluster that an earlier run has kept.

It is compared with an empty test without any plugin: the difference until the fixtures are set up
is the plugin's import and set-up. After that the Pod has to become ready, which is the cluster's
time.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import units
from benchmarks.benchmark_cluster import BenchmarkCluster
from benchmarks.scale import Scale
from benchmarks.tables import DataTable, Table, Timing
from benchmarks.timed_process import run_pytest

_ROUNDS = 10
PLUGIN = ("-p", "podshare", "--podshare-keep-cluster=always")
_COLUMNS = {
    "from the start of pytest until": units.text,
    "runs": units.count,
    "p50": units.time,
    "p95": units.time,
}


def measure(scale: Scale) -> Iterator[Table]:
    """Run the empty suite and the one with an assertion in turn."""
    empty: list[float] = []
    points: dict[str, list[float]] = {}
    with BenchmarkCluster():
        for _ in range(scale.rounds(_ROUNDS)):
            empty.append(seconds_until("empty")["set up"])
            for name, seconds in seconds_until("one_assertion", *PLUGIN).items():
                points.setdefault(name, []).append(seconds)
    set_up, ready = points["set up"], points["ready"]
    rows = {
        "an empty test starts, without any plugin": empty,
        "the fixtures are set up": set_up,
        "… of which import and set-up of the plugin": _differences(set_up, empty),
        "the Pod is ready": ready,
        "… of which deployment": _differences(ready, set_up),
        "the first assertion has passed": points["first assertion"],
    }
    yield DataTable("On a kept cluster", _COLUMNS, [_row(*row) for row in rows.items()])


def _differences(longer: list[float], shorter: list[float]) -> list[float]:
    return [seconds - less for seconds, less in zip(longer, shorter, strict=True)]


def _row(name: str, seconds: list[float]) -> dict[str, object]:
    timing = Timing(name, tuple(seconds))
    return {
        "from the start of pytest until": name,
        "runs": len(seconds),
        "p50": timing.p50,
        "p95": timing.p95,
    }


def seconds_until(
    suite: str, *options: str, environ: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Return the seconds from the start of pytest to each point that the suite records."""
    with tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        file = Path(folder, "timestamps.json")
        variables = {**(environ or {}), "PODSHARE_TIMESTAMPS": str(file)}
        process = run_pytest(suite, *options, environ=variables)
        timestamps: dict[str, float] = json.loads(file.read_text())
    return {name: timestamp - process.start for name, timestamp in timestamps.items()}
