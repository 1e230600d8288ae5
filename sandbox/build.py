"""The scheduler: two lanes side by side, one step at a time in each.

The network lane waits for package registries, the compile lane keeps the processors busy; neither
gains from more than one step at a time. Knows nothing of what a step does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Condition, Event, Thread
from typing import Protocol

from sandbox.errors import StoppedError
from sandbox.plan import LANES, Lane, Step

RunStep = Callable[[Step, Event], None]


class Watcher(Protocol):
    """Is told what happens, for a person to see."""

    def started(self, step: Step) -> None:
        """A step begins."""

    def finished(self, step: Step, seconds: float) -> None:
        """A step has left its product."""

    def tick(self) -> None:
        """Time passes; called several times a second."""


def missing(
    plan: Sequence[Step], targets: Iterable[str], present: Callable[[Step], bool]
) -> list[Step]:
    """The steps to run, in plan order: what a present product needed is not looked at."""
    by_name = {step.name: step for step in plan}
    to_run: dict[str, bool] = {}
    queue = list(targets)
    while queue:
        name = queue.pop()
        if name not in to_run:
            to_run[name] = not present(by_name[name])
            if to_run[name]:
                queue.extend(by_name[name].needs)
    return [step for step in plan if to_run.get(step.name)]


def urgency(steps: Sequence[Step], seconds: Mapping[str, float]) -> dict[str, float]:
    """For each step, the seconds of the longest chain it starts: long chains go first."""
    longest: dict[str, float] = {}
    for step in reversed(steps):  # plan order, so all that need a step are known before it
        after = [longest[other.name] for other in steps if step.name in other.needs]
        longest[step.name] = seconds[step.name] + max(after, default=0.0)
    return longest


class Build:
    """Runs ``steps`` (in plan order); their other needs are there already."""

    def __init__(
        self,
        steps: Sequence[Step],
        seconds: Mapping[str, float],
        run_step: RunStep,
        watcher: Watcher,
    ) -> None:
        self._waiting = list(steps)
        self._urgency = urgency(steps, seconds)
        self._done: set[str] = set()
        self._names = {step.name for step in steps}
        self._run_step = run_step
        self._watcher = watcher
        self._stop = Event()
        self._changed = Condition()
        self._errors: list[Exception] = []

    def run(self) -> None:
        """Run all steps; the first error stops both lanes and is raised."""
        lanes = [Thread(target=self._lane, args=(lane,), name=lane) for lane in LANES]
        for thread in lanes:
            thread.start()
        try:
            while any(thread.is_alive() for thread in lanes):
                self._watcher.tick()
                time.sleep(0.1)
        finally:  # reached early by Ctrl-C: the steps are ended before anything else happens
            self._halt()
            for thread in lanes:
                thread.join()
        if self._errors:
            raise self._errors[0]

    def _lane(self, lane: Lane) -> None:
        while (step := self._next(lane)) is not None:
            begun = time.monotonic()
            self._watcher.started(step)
            try:
                self._run_step(step, self._stop)
            except StoppedError:
                return
            except Exception as error:  # noqa: BLE001 - raised again by run(), in its thread
                self._errors.append(error)
                self._halt()
                return
            with self._changed:
                self._done.add(step.name)
                self._watcher.finished(step, time.monotonic() - begun)
                self._changed.notify_all()

    def _next(self, lane: Lane) -> Step | None:
        """Waits for a step of this lane to become ready; None when there is no more to do."""
        with self._changed:
            while not self._stop.is_set():
                mine = [step for step in self._waiting if step.lane == lane]
                if not mine:
                    return None
                ready = [step for step in mine if self._is_ready(step)]
                if ready:
                    chosen = max(ready, key=lambda step: self._urgency[step.name])
                    self._waiting.remove(chosen)
                    return chosen
                self._changed.wait()
        return None

    def _is_ready(self, step: Step) -> bool:
        return all(need in self._done for need in step.needs if need in self._names)

    def _halt(self) -> None:
        with self._changed:
            self._stop.set()
            self._changed.notify_all()


def forecast(
    steps: Sequence[Step], seconds: Mapping[str, float], spent: Mapping[str, float]
) -> float:
    """Seconds until all ``steps`` are done, played through as the lanes would run them.

    ``spent`` holds the steps that run now and for how long they have.
    """
    rank = urgency(steps, seconds)
    names = {step.name for step in steps}
    ends: dict[str, float] = {}
    free = dict.fromkeys(LANES, 0.0)
    for step in steps:
        if step.name in spent:
            ends[step.name] = free[step.lane] = max(seconds[step.name] - spent[step.name], 0.0)
    waiting = [step for step in steps if step.name not in spent]
    while waiting:
        begins = {
            step.name: max([free[step.lane], *(ends[need] for need in step.needs if need in names)])
            for step in waiting
            if all(need in ends for need in step.needs if need in names)
        }
        # The step that can begin first; of several, the one with the longest chain behind it.
        chosen = min(
            (step for step in waiting if step.name in begins),
            key=lambda step: (begins[step.name], -rank[step.name]),
        )
        ends[chosen.name] = free[chosen.lane] = begins[chosen.name] + seconds[chosen.name]
        waiting.remove(chosen)
    return max(ends.values(), default=0.0)
