"""The benchmarks. Each is a module of that name, whose docstring says what it compares.

The modules are imported only on use, so that listing them is quick.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Sequence

from benchmarks.scale import Scale
from benchmarks.tables import Table


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """A benchmark.

    Args:
        name: the name of its module.
        needs_cluster: whether it uses a cluster.
    """

    name: str
    needs_cluster: bool = True

    @property
    def description(self) -> str:
        """Return what the benchmark compares."""
        return (importlib.import_module(f"benchmarks.{self.name}").__doc__ or "").strip()

    @property
    def measure(self) -> Callable[[Scale], Iterator[Table]]:
        """Return the function that measures and yields each table as soon as it is complete."""
        function: Callable[[Scale], Iterator[Table]] = importlib.import_module(
            f"benchmarks.{self.name}"
        ).measure
        return function


# In this order, because the first ones are the most sensitive to disturbances.
BENCHMARKS = (
    Benchmark("start_up", needs_cluster=False),
    Benchmark("check", needs_cluster=False),
    Benchmark("precision", needs_cluster=False),
    Benchmark("report_page", needs_cluster=False),
    Benchmark("visible"),
    Benchmark("leaks"),
    Benchmark("restart"),
    Benchmark("first_assertion"),
    Benchmark("new_cluster"),
    Benchmark("scenario"),
    Benchmark("growth"),
)
NAMES = tuple(benchmark.name for benchmark in BENCHMARKS)


def select(names: Sequence[str]) -> tuple[Benchmark, ...]:
    """Return the benchmarks of these names, or all of them, in the order of this list.

    Raises:
        LookupError: a benchmark does not exist.
    """
    for name in names:
        if name not in NAMES:
            raise LookupError(name)
    return tuple(benchmark for benchmark in BENCHMARKS if benchmark.name in names or not names)
