"""From `pytest` to the first assertion, on a cluster that an earlier run has kept.

Beside it the same way to an empty test without any plugin: what it takes longer until the fixtures
are there is our import and set-up. Then the Pod has to become ready, which is the cluster's time.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import figures, running
from benchmarks.asked import Asked
from benchmarks.figures import Listing, Table, Timing
from benchmarks.stage import Stage

_ROUNDS = 10
_OURS = ("-p", "pytest_podshare.plugin", "--podshare-keep-cluster=always")
_COLUMNS = {
    "from the start of pytest until": figures.text,
    "runs": figures.count,
    "p50": figures.time,
    "p95": figures.time,
}


def measure(asked: Asked) -> Iterator[Table]:
    """Both in turn."""
    empty: list[float] = []
    moments: dict[str, list[float]] = {}
    with Stage():
        for _ in range(asked.rounds(_ROUNDS)):
            empty.append(_moments("empty")["set up"])
            for name, seconds in _moments("first", *_OURS).items():
                moments.setdefault(name, []).append(seconds)
    pairs = zip(moments["set up"], empty, strict=True)
    own = [with_us - without for with_us, without in pairs]
    ready = [
        ready - begun for ready, begun in zip(moments["ready"], moments["set up"], strict=True)
    ]
    named = {
        "an empty test begins, without any plugin": empty,
        "our fixtures are there": moments["set up"],
        "… which is our import and set-up": own,
        "the Pod is ready": moments["ready"],
        "… which took": ready,
        "the first assertion has passed": moments["first assertion"],
    }
    yield Listing(
        "A kept cluster is found again", _COLUMNS, [_row(*each) for each in named.items()]
    )


def _row(name: str, seconds: list[float]) -> dict[str, object]:
    timing = Timing(name, tuple(seconds))
    return {
        "from the start of pytest until": name,
        "runs": len(seconds),
        "p50": timing.p50,
        "p95": timing.p95,
    }


def _moments(suite: str, *options: str) -> dict[str, float]:
    """Seconds from the start of pytest to each moment that the suite tells of."""
    with tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        file = Path(folder, "moments.json")
        ran = running.pytest(suite, *options, environ={"PODSHARE_MOMENTS": str(file)})
        told: dict[str, float] = json.loads(file.read_text())
    return {name: moment - ran.begun for name, moment in told.items()}
