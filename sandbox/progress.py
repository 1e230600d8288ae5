"""What a person sees of a build: a live table on a terminal, plain lines in a log."""

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

from sandbox.build import Watcher, forecast
from sandbox.plan import Step

HEARTBEAT = 30.0


def clock(seconds: float) -> str:
    """Seconds as people read them: ``42 s``, ``6 min 05 s``."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


@dataclass
class Course:
    """How far a build has come."""

    steps: Sequence[Step]
    expected: Mapping[str, float]
    begun: float = field(default_factory=time.monotonic)
    running: dict[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)

    def elapsed(self) -> float:
        """Seconds since the build began."""
        return time.monotonic() - self.begun

    def left(self) -> float:
        """Seconds the build will still take, by what the steps took before."""
        now = time.monotonic()
        spent = {name: now - begun for name, begun in self.running.items()}
        todo = [step for step in self.steps if step.name not in self.took]
        return forecast(todo, self.expected, spent)


class Plain:
    """One line per start and finish, and a sign of life every half minute."""

    def __init__(self, console: Console, course: Course) -> None:
        self._console = console
        self._course = course
        self._said = time.monotonic()

    def started(self, step: Step) -> None:
        """A step begins."""
        self._course.running[step.name] = time.monotonic()
        self._say(f"start  {step.name}: {step.makes} ({self._expected(step)})")

    def finished(self, step: Step, seconds: float) -> None:
        """A step has left its product."""
        self._course.running.pop(step.name)
        self._course.took[step.name] = seconds
        done, all_ = len(self._course.took), len(self._course.steps)
        self._say(f"done   {step.name} in {clock(seconds)} ({done} of {all_})")

    def tick(self) -> None:
        """A sign of life, when the last line is long ago."""
        if time.monotonic() - self._said < HEARTBEAT:
            return
        now = time.monotonic()
        running = ", ".join(
            f"{name} {clock(now - begun)}" for name, begun in list(self._course.running.items())
        )
        self._say(f"...    {running}; about {clock(self._course.left())} left")

    def _expected(self, step: Step) -> str:
        return f"about {clock(self._course.expected[step.name])}"

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        at = clock(self._course.elapsed())
        self._console.print(f"[{at:>12}] {text}", markup=False, highlight=False, soft_wrap=True)


class OnTerminal:
    """A table of all steps that renews itself."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._spinner = Spinner("dots")

    def started(self, step: Step) -> None:
        """A step begins."""
        self._course.running[step.name] = time.monotonic()

    def finished(self, step: Step, seconds: float) -> None:
        """A step has left its product."""
        self._course.running.pop(step.name)
        self._course.took[step.name] = seconds

    def tick(self) -> None:
        """Live draws by itself."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What Live draws: the total first, for a low window cuts off at the bottom."""
        yield self._total()
        yield self._table(console.height - 3)

    def _table(self, room: int) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
        table.add_column("", width=1)
        longest = max(len(step.name) for step in self._course.steps)
        table.add_column("step", no_wrap=True, min_width=longest)
        table.add_column("makes", no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column("elapsed", justify="right", no_wrap=True, min_width=12)
        table.add_column("expected", justify="right", no_wrap=True, min_width=12, style="dim")
        steps = self._course.steps
        if len(steps) > room:  # what is done makes way for what is to come
            steps = [step for step in steps if step.name not in self._course.took][:room]
        for step in steps:
            table.add_row(*self._row(step))
        return table

    def _row(self, step: Step) -> tuple[RenderableType, ...]:
        expected = clock(self._course.expected[step.name])
        if (took := self._course.took.get(step.name)) is not None:
            mark, elapsed = Text("✓", style="green"), clock(took)
        elif (begun := self._course.running.get(step.name)) is not None:
            elapsed = clock(time.monotonic() - begun)
            return self._spinner, Text(step.name, style="bold"), step.makes, elapsed, expected
        else:
            mark, elapsed = Text("·", style="dim"), ""
        return mark, step.name, Text(step.makes, style="dim"), elapsed, expected

    def _total(self) -> RenderableType:
        left, elapsed = self._course.left(), self._course.elapsed()
        grid = Table.grid(padding=(0, 2))
        grid.add_row(
            ProgressBar(total=elapsed + left or 1.0, completed=elapsed, width=40),
            f"{len(self._course.took)} of {len(self._course.steps)} steps",
            f"{clock(elapsed)}, about {clock(left)} left",
        )
        return grid


@contextmanager
def watching(
    console: Console, steps: Sequence[Step], expected: Mapping[str, float]
) -> Iterator[Watcher]:
    """The fitting display for where the output goes, for the time of one build."""
    course = Course(steps, expected)
    if not console.is_terminal:
        yield Plain(console, course)
        return
    display = OnTerminal(course)
    with Live(display, console=console, refresh_per_second=5):
        yield display
