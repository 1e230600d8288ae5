"""Run build steps in two lanes side by side, one step at a time in each.

The network lane waits for package registries, the compile lane keeps the processors busy; neither
would gain from running several steps at once. This module does not know what a step does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Condition, Event, Thread
from typing import Protocol

from sandbox.errors import StepCancelled
from sandbox.plan import LANES, BuildStep, Lane

RunStep = Callable[[BuildStep, Event], None]


class BuildObserver(Protocol):
    """Is notified of the progress of a build."""

    def started(self, step: BuildStep) -> None:
        """Note that a step has started."""

    def finished(self, step: BuildStep, seconds: float) -> None:
        """Note that a step has left its product."""

    def tick(self) -> None:
        """Note that time has passed; called several times a second."""


def steps_to_run(
    plan: Sequence[BuildStep], targets: Iterable[str], exists: Callable[[BuildStep], bool]
) -> list[BuildStep]:
    """Return the steps to run, in plan order.

    What an existing product was built from is not needed, and not checked.
    """
    by_name = {step.name: step for step in plan}
    to_run: dict[str, bool] = {}
    queue = list(targets)
    while queue:
        name = queue.pop()
        if name not in to_run:
            to_run[name] = not exists(by_name[name])
            if to_run[name]:
                queue.extend(by_name[name].needs)
    return [step for step in plan if to_run.get(step.name)]


def urgency(steps: Sequence[BuildStep], seconds: Mapping[str, float]) -> dict[str, float]:
    """Return the duration of the longest chain that starts with each step; long chains go first."""
    longest: dict[str, float] = {}
    for step in reversed(steps):  # in plan order, every step comes before the steps that need it
        dependents = [longest[other.name] for other in steps if step.name in other.needs]
        longest[step.name] = seconds[step.name] + max(dependents, default=0.0)
    return longest


class Scheduler:
    """Runs ``steps``, which are in plan order; what else they need exists already."""

    def __init__(
        self,
        steps: Sequence[BuildStep],
        seconds: Mapping[str, float],
        run_step: RunStep,
        observer: BuildObserver,
    ) -> None:
        self._waiting = list(steps)
        self._urgency = urgency(steps, seconds)
        self._done: set[str] = set()
        self._names = {step.name for step in steps}
        self._run_step = run_step
        self._observer = observer
        self._stop = Event()
        self._changed = Condition()
        self._ended: list[Lane] = []
        self._errors: list[Exception] = []

    def run(self) -> None:
        """Run all steps; the first error stops both lanes and is raised."""
        lanes = [Thread(target=self._run_lane, args=(lane,), name=lane) for lane in LANES]
        try:  # a step may be running before the second lane has started
            for thread in lanes:
                thread.start()
            # Not is_alive(): Python 3.11 takes a thread for dead if a signal ends that call.
            while len(self._ended) < len(lanes):
                self._observer.tick()
                time.sleep(0.1)
        finally:  # also reached by Ctrl-C: end the steps before anything else happens
            self._halt()
            for thread in lanes:
                if thread.is_alive():
                    thread.join()
        if self._errors:
            raise self._errors[0]

    def _run_lane(self, lane: Lane) -> None:
        try:
            self._run_steps(lane)
        finally:
            self._ended.append(lane)

    def _run_steps(self, lane: Lane) -> None:
        while (step := self._next(lane)) is not None:
            start = time.monotonic()
            self._observer.started(step)
            try:
                self._run_step(step, self._stop)
            except StepCancelled:
                return
            except Exception as error:  # noqa: BLE001 - run() raises it in its own thread
                self._errors.append(error)
                self._halt()
                return
            with self._changed:
                self._done.add(step.name)
                self._observer.finished(step, time.monotonic() - start)
                self._changed.notify_all()

    def _next(self, lane: Lane) -> BuildStep | None:
        """Wait for a step of this lane to become ready; return None if none is left."""
        with self._changed:
            while not self._stop.is_set():
                waiting = [step for step in self._waiting if step.lane == lane]
                if not waiting:
                    return None
                ready = [step for step in waiting if self._is_ready(step)]
                if ready:
                    step = max(ready, key=lambda step: self._urgency[step.name])
                    self._waiting.remove(step)
                    return step
                self._changed.wait()
        return None

    def _is_ready(self, step: BuildStep) -> bool:
        return all(need in self._done for need in step.needs if need in self._names)

    def _halt(self) -> None:
        with self._changed:
            self._stop.set()
            self._changed.notify_all()


def forecast(
    steps: Sequence[BuildStep], seconds: Mapping[str, float], spent: Mapping[str, float]
) -> float:
    """Return the seconds until all ``steps`` are done, by simulating the two lanes.

    Args:
        steps: the steps that are not done yet, in plan order.
        seconds: how long each step is expected to take.
        spent: for each step that is running, how long it has been.
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
        starts = {
            step.name: max([free[step.lane], *(ends[need] for need in step.needs if need in names)])
            for step in waiting
            if all(need in ends for need in step.needs if need in names)
        }
        # The step that can start first; among several, the one with the longest chain behind it.
        step = min(
            (step for step in waiting if step.name in starts),
            key=lambda step: (starts[step.name], -rank[step.name]),
        )
        ends[step.name] = free[step.lane] = starts[step.name] + seconds[step.name]
        waiting.remove(step)
    return max(ends.values(), default=0.0)
