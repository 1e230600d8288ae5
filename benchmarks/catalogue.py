"""Which benchmarks there are. Each is a module of that name; its docstring says what it compares.

Imports none of them, so that asking costs nothing.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Sequence

from benchmarks.asked import Asked
from benchmarks.figures import Table


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """One of them.

    Args:
        name: its module's.
        needs_cluster: whether it measures on one.
    """

    name: str
    needs_cluster: bool = True

    @property
    def about(self) -> str:
        """What it compares."""
        return (importlib.import_module(f"benchmarks.{self.name}").__doc__ or "").strip()

    @property
    def measure(self) -> Callable[[Asked], Iterator[Table]]:
        """Measures, and gives a table as soon as it is full."""
        found: Callable[[Asked], Iterator[Table]] = importlib.import_module(
            f"benchmarks.{self.name}"
        ).measure
        return found


# in this order: what is disturbed most easily goes first
BENCHMARKS = (
    Benchmark("start_up", needs_cluster=False),
    Benchmark("check", needs_cluster=False),
    Benchmark("visible"),
    Benchmark("leaks"),
    Benchmark("restart"),
    Benchmark("first_assertion"),
    Benchmark("scenario"),
    Benchmark("growth"),
)
NAMES = tuple(each.name for each in BENCHMARKS)


def chosen(names: Sequence[str]) -> tuple[Benchmark, ...]:
    """Those of these names, in their order here; all of them without a name.

    Raises:
        LookupError: there is no benchmark of a name.
    """
    for name in names:
        if name not in NAMES:
            raise LookupError(name)
    return tuple(each for each in BENCHMARKS if each.name in names or not names)
