"""Progress of a build: a live table on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sandbox.plan import BuildStep
from sandbox.scheduler import BuildObserver, forecast

HEARTBEAT_SECONDS = 30.0


def format_duration(seconds: float) -> str:
    """Return a duration for people: ``42 s``, ``6 min 05 s``."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


@dataclass
class BuildProgress:
    """The state of a build: which steps run, since when, and how long the finished ones took."""

    steps: Sequence[BuildStep]
    expected: Mapping[str, float]
    start: float = field(default_factory=time.monotonic)
    running: dict[str, float] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)

    def elapsed(self) -> float:
        """Return the seconds since the build started."""
        return time.monotonic() - self.start

    def remaining(self) -> float | None:
        """Return the seconds that the build will still take; None if that cannot be told.

        The expected times are those of earlier builds, perhaps on a faster or less busy machine. If
        the finished steps took longer, so will the others. When a step that takes even longer
        ends, nobody knows.
        """
        now = time.monotonic()
        spent = {name: now - start for name, start in list(self.running.items())}
        durations = dict(self.durations)
        pace = self._pace(durations)
        expected = {name: pace * seconds for name, seconds in self.expected.items()}
        if any(seconds > expected[name] for name, seconds in spent.items()):
            return None
        unfinished = [step for step in self.steps if step.name not in durations]
        return forecast(unfinished, expected, spent)

    def _pace(self, durations: Mapping[str, float]) -> float:
        """Return how many times as long as expected the finished steps took, but at least 1."""
        expected = sum(self.expected[name] for name in durations)
        return max(sum(durations.values()) / expected, 1.0) if expected else 1.0


class LogDisplay:
    """Prints a line when a step starts or finishes, and a heartbeat every half minute."""

    def __init__(self, console: Console, progress: BuildProgress) -> None:
        self._console = console
        self._progress = progress
        self._last_line = time.monotonic()

    def started(self, step: BuildStep) -> None:
        """Print that a step has started."""
        self._progress.running[step.name] = time.monotonic()
        self._print(f"start  {step.name}: {step.product} ({self._expected(step)})")

    def finished(self, step: BuildStep, seconds: float) -> None:
        """Print that a step has finished."""
        self._progress.running.pop(step.name)
        self._progress.durations[step.name] = seconds
        done, total = len(self._progress.durations), len(self._progress.steps)
        self._print(f"done   {step.name} in {format_duration(seconds)} ({done} of {total})")

    def tick(self) -> None:
        """Print a heartbeat if the last line was long ago."""
        if time.monotonic() - self._last_line < HEARTBEAT_SECONDS:
            return
        now = time.monotonic()
        running = ", ".join(
            f"{name} {format_duration(now - start)}"
            for name, start in list(self._progress.running.items())
        )
        self._print(f"...    {running}; {_format_remaining(self._progress.remaining())}")

    def _expected(self, step: BuildStep) -> str:
        return f"about {format_duration(self._progress.expected[step.name])}"

    def _print(self, text: str) -> None:
        self._last_line = time.monotonic()
        elapsed = format_duration(self._progress.elapsed())
        self._console.print(
            f"[{elapsed:>12}] {text}", markup=False, highlight=False, soft_wrap=True
        )


class LiveDisplay:
    """A table of all steps that updates itself."""

    def __init__(self, progress: BuildProgress) -> None:
        self._progress = progress
        self._spinner = Spinner("dots")

    def started(self, step: BuildStep) -> None:
        """Show that a step has started."""
        self._progress.running[step.name] = time.monotonic()

    def finished(self, step: BuildStep, seconds: float) -> None:
        """Show that a step has finished."""
        self._progress.running.pop(step.name)
        self._progress.durations[step.name] = seconds

    def tick(self) -> None:
        """Do nothing; Live refreshes by itself."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render the total, then the steps: a small window cuts off the bottom."""
        yield self._total()
        yield self._table(console.height - 3)

    def _table(self, rows: int) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
        table.add_column("", width=1)
        longest = max(len(step.name) for step in self._progress.steps)
        table.add_column("step", no_wrap=True, min_width=longest)
        table.add_column("product", no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column("elapsed", justify="right", no_wrap=True, min_width=12)
        table.add_column("expected", justify="right", no_wrap=True, min_width=12, style="dim")
        steps = self._progress.steps
        if len(steps) > rows:  # without room for all, show the unfinished ones
            steps = [step for step in steps if step.name not in self._progress.durations][:rows]
        for step in steps:
            table.add_row(*self._row(step))
        return table

    def _row(self, step: BuildStep) -> tuple[RenderableType, ...]:
        expected = format_duration(self._progress.expected[step.name])
        if (duration := self._progress.durations.get(step.name)) is not None:
            mark, elapsed = Text("✓", style="green"), format_duration(duration)
        elif (start := self._progress.running.get(step.name)) is not None:
            elapsed = format_duration(time.monotonic() - start)
            return self._spinner, Text(step.name, style="bold"), step.product, elapsed, expected
        else:
            mark, elapsed = Text("·", style="dim"), ""
        return mark, step.name, Text(step.product, style="dim"), elapsed, expected

    def _total(self) -> RenderableType:
        remaining, elapsed = self._progress.remaining(), self._progress.elapsed()
        # without a total, the bar only shows that something is going on
        total = None if remaining is None else elapsed + remaining or 1.0
        grid = Table.grid(padding=(0, 2))
        grid.add_row(
            ProgressBar(total=total, completed=elapsed, width=40),
            f"{len(self._progress.durations)} of {len(self._progress.steps)} steps",
            f"{format_duration(elapsed)}, {_format_remaining(remaining)}",
        )
        return grid


def _format_remaining(seconds: float | None) -> str:
    if seconds is None:
        return "slower than in earlier builds"
    return f"about {format_duration(seconds)} left"


@contextmanager
def progress_display(
    console: Console, steps: Sequence[BuildStep], expected: Mapping[str, float]
) -> Iterator[BuildObserver]:
    """Provide the display that suits the console, for the duration of one build."""
    progress = BuildProgress(steps, expected)
    if not console.is_terminal:
        yield LogDisplay(console, progress)
        return
    display = LiveDisplay(progress)
    with Live(display, console=console, refresh_per_second=5):
        yield display
