"""What the plugin costs where no test uses it: pytest's start and collection, with and without.

An empty test is collected, and nothing run. No other plugin is loaded, since one that imports what
we import too would hide it; pytest-kind, which comes along with the package, is measured as well.
By the clock and in seconds of the processor.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import running
from benchmarks.asked import Asked
from benchmarks.figures import Comparison, Table, Timing
from benchmarks.interleaving import Competitor, interleave

_ROUNDS = 40
_COLLECT = "--collect-only"
_OPTIONS = {
    "with podshare": ("-p", "pytest_podshare.plugin"),
    "without": (),
    "with pytest-kind alone": ("-p", "pytest_kind.plugin"),
}


def measure(asked: Asked) -> Iterator[Table]:
    """Both measures of the same runs."""
    cpu: dict[str, list[float]] = {name: [] for name in _OPTIONS}

    def competitor(name: str) -> Competitor:
        def run() -> float:
            ran = running.pytest("empty", _COLLECT, *_OPTIONS[name])
            cpu[name].append(ran.cpu)
            return ran.seconds

        return Competitor(name, run)

    rounds = asked.rounds(_ROUNDS)
    competitors = [competitor(name) for name in _OPTIONS]
    yield interleave("pytest --collect-only, by the clock", competitors, rounds, warm_ups=2)
    timings = (Timing(name, tuple(each[-rounds:])) for name, each in cpu.items())
    yield Comparison("The same, in seconds of the processor", tuple(timings))
