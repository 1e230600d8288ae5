"""What the plugin costs if no test uses it: pytest's start and collection, with and without it.

An empty test is collected, and nothing runs. No other plugins are loaded, because one that imports
the same modules would hide their cost. pytest-kind, a dependency that is a plugin itself, is
measured too. The results are elapsed time and CPU seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measurement import Competitor, interleave
from benchmarks.scale import Scale
from benchmarks.tables import Comparison, Table, Timing
from benchmarks.timed_process import run_pytest

_ROUNDS = 40
_COLLECT = "--collect-only"
_OPTIONS = {
    "with podshare": ("-p", "podshare"),
    "without plugins": (),
    "with pytest-kind alone": ("-p", "pytest-kind"),
}


def measure(scale: Scale) -> Iterator[Table]:
    """Yield both tables from the same runs."""
    cpu: dict[str, list[float]] = {name: [] for name in _OPTIONS}

    def competitor(name: str) -> Competitor:
        def run() -> float:
            process = run_pytest("empty", _COLLECT, *_OPTIONS[name])
            cpu[name].append(process.cpu)
            return process.seconds

        return Competitor(name, run)

    rounds = scale.rounds(_ROUNDS)
    competitors = [competitor(name) for name in _OPTIONS]
    yield interleave("pytest --collect-only, elapsed time", competitors, rounds, warm_ups=2)
    timings = (Timing(name, tuple(seconds[-rounds:])) for name, seconds in cpu.items())
    yield Comparison("pytest --collect-only, CPU seconds", tuple(timings))
