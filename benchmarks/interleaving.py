"""Measuring competitors in turn, so that what disturbs one of them disturbs all."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable, Sequence

from benchmarks.figures import Comparison, Timing


@dataclasses.dataclass(frozen=True)
class Competitor:
    """One that is measured.

    Args:
        name: who or what.
        run: does it once, and gives the seconds that it took.
        every: it takes part in one round of so many; the first one included.
    """

    name: str
    run: Callable[[], float]
    every: int = 1


def timed(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """The seconds that a call takes."""
    begun = clock()
    call()
    return clock() - begun


def at_any_moment() -> None:
    """Wait up to a second, so that what comes has no fixed place in what others do each second."""
    time.sleep(random.random())


def interleave(
    title: str, competitors: Sequence[Competitor], rounds: int, *, warm_ups: int = 0
) -> Comparison:
    """Measure all of them, a round at a time, each round begun by the next one.

    Args:
        title: what they all do.
        competitors: the first one is ours.
        rounds: how many are measured.
        warm_ups: how many go before, in which all take part and nothing is kept.
    """
    seconds: dict[str, list[float]] = {each.name: [] for each in competitors}
    for number in range(-warm_ups, rounds):
        first = number % len(competitors)
        for each in (*competitors[first:], *competitors[:first]):
            if number < 0:
                each.run()
            elif number % each.every == 0:
                seconds[each.name].append(each.run())
    return Comparison(title, tuple(Timing(name, tuple(each)) for name, each in seconds.items()))
