"""Measure competitors in turn, so that a disturbance affects all of them."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable, Sequence

from benchmarks.tables import Comparison, Timing


@dataclasses.dataclass(frozen=True)
class Competitor:
    """One of several ways to do the same.

    Args:
        name: its name in the results.
        run: does it once and returns the seconds that it took.
        every: it takes part in every n-th round, starting with the first.
    """

    name: str
    run: Callable[[], float]
    every: int = 1


def timed(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds that a call takes."""
    start = clock()
    call()
    return clock() - start


def sleep_random() -> None:
    """Sleep for up to a second, so that what follows is independent of periodic events."""
    time.sleep(random.random())


def interleave(
    title: str, competitors: Sequence[Competitor], rounds: int, *, warm_ups: int = 0
) -> Comparison:
    """Measure all competitors in every round, starting each round with the next one.

    Args:
        title: what all of them do.
        competitors: the competitors; the first one is ours.
        rounds: the number of rounds that are measured.
        warm_ups: the number of additional rounds before, whose results are discarded.
    """
    seconds: dict[str, list[float]] = {competitor.name: [] for competitor in competitors}
    for number in range(-warm_ups, rounds):
        first = number % len(competitors)
        for competitor in (*competitors[first:], *competitors[:first]):
            if number < 0:
                competitor.run()
            elif number % competitor.every == 0:
                seconds[competitor.name].append(competitor.run())
    timings = (Timing(name, tuple(durations)) for name, durations in seconds.items())
    return Comparison(title, tuple(timings))
