"""The progress of a build is shown as a table on a terminal and as lines in a log."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace

import pytest
from rich.console import Console

from sandbox.plan import PLAN
from sandbox.progress import BuildProgress, LogDisplay, format_duration, progress_display


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (725, "12 min 05 s")]
)
def test_durations_are_readable(seconds: float, text: str) -> None:
    """In minutes from one minute on."""
    assert format_duration(seconds) == text


def test_a_log_gets_plain_lines_and_heartbeats() -> None:
    """A line for every start and end, and one if there was none for long."""
    console = Console(file=io.StringIO(), width=40)
    steps = PLAN[:2]
    with progress_display(console, steps, {step.name: 5.0 for step in steps}) as display:
        assert isinstance(display, LogDisplay)
        display.started(steps[0])
        display.tick()
        display._last_line -= 31  # as if half a minute had passed
        display.tick()
        display.finished(steps[0], 5.0)
    first, heartbeat, last = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert first.endswith(f"start  {steps[0].name}: {steps[0].product} (about 5 s)")
    assert re.search(rf"\.\.\.    {re.escape(steps[0].name)} \d+ s; about ", heartbeat)
    assert last.endswith(f"done   {steps[0].name} in 5 s (1 of 2)")


def test_a_terminal_shows_every_step() -> None:
    """Each step with its state, the total, and how much is left."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    steps = PLAN[:3]
    with progress_display(console, steps, {step.name: 5.0 for step in steps}) as display:
        display.started(steps[0])
        display.finished(steps[0], 4.0)
        display.started(steps[1])
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for step in steps:
        assert step.name in text
    assert "1 of 3 steps" in text
    assert "left" in text


def test_the_remaining_time_shrinks_as_steps_finish() -> None:
    """It is based on how long the steps took before."""
    steps = [replace(PLAN[0], needs=()), replace(PLAN[1], needs=())]
    progress = BuildProgress(steps, {step.name: 60.0 for step in steps})
    assert progress.remaining() == 120 if steps[0].lane == steps[1].lane else 60
    progress.durations[steps[0].name] = 1.0
    assert progress.remaining() == 60


def test_slower_steps_make_the_rest_slower() -> None:
    """Half as fast so far: the other step is expected to take twice as long."""
    steps = [replace(PLAN[0], needs=()), replace(PLAN[1], needs=())]
    progress = BuildProgress(steps, {step.name: 60.0 for step in steps})
    progress.durations[steps[0].name] = 120.0
    assert progress.remaining() == 120


def test_a_step_that_takes_longer_than_ever_has_no_estimate() -> None:
    """Not "about 0 s left", for as long as it takes; control: a step that is within its time."""
    console = Console(file=io.StringIO(), width=120)
    step = PLAN[0]
    progress = BuildProgress([step], {step.name: 60.0})
    display = LogDisplay(console, progress)
    display.started(step)
    for seconds, text in ((30, "about 30 s left"), (600, "slower than in earlier builds")):
        progress.running[step.name] = time.monotonic() - seconds
        display._last_line -= 31  # as if half a minute had passed
        display.tick()
        assert console.file.getvalue().rstrip().endswith(text)  # type: ignore[attr-defined]
