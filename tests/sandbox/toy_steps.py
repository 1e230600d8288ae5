"""Tiny build steps for tests of the scheduler: real bash scripts in a temporary folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from sandbox.content_keys import content_keys
from sandbox.plan import BuildStep, Lane
from sandbox.scheduler import Scheduler, steps_to_run
from sandbox.step_runner import StepRunner
from sandbox.store import ProductStore


def toy_step(
    name: str,
    *,
    needs: tuple[str, ...] = (),
    lane: Lane = "compile",
    seconds: int = 1,
    inputs: tuple[str, ...] = (),
    params: tuple[str, ...] = (),
    image: str = "",
) -> BuildStep:
    """Return a step of this name."""
    return BuildStep(name, f"toy {name}", lane, seconds, needs, inputs, params=params, image=image)


@dataclass
class RecordingObserver:
    """Records the steps that start and finish."""

    events: list[str] = field(default_factory=list)

    def started(self, step: BuildStep) -> None:
        """Record the start."""
        self.events.append(f"start {step.name}")

    def finished(self, step: BuildStep, seconds: float) -> None:
        """Record the end."""
        assert seconds >= 0
        self.events.append(f"done {step.name}")

    def tick(self) -> None:
        """Do nothing."""


@dataclass
class ToyProject:
    """A folder with toy scripts, and a cache folder for their products."""

    folder: Path
    plan: Sequence[BuildStep]
    scripts: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write the scripts."""
        for name, text in self.scripts.items():
            self.write(name, text)

    @property
    def sandbox(self) -> Path:
        """Return the folder of the scripts."""
        return self.folder / "sandbox"

    def write(self, name: str, text: str) -> None:
        """Write the script of a step."""
        script = self.sandbox / "steps" / f"{name}.sh"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(text)

    def store(self) -> ProductStore:
        """Return the store for the current content of the scripts."""
        keys = content_keys(self.plan, self.params, self.sandbox)
        return ProductStore(self.folder / "cache", "no-such-engine", keys, self.params)

    def step(self, name: str) -> BuildStep:
        """Return the step of this name."""
        return next(step for step in self.plan if step.name == name)

    def runner(self) -> StepRunner:
        """Return a runner that retries without a pause."""
        environment = {"PATH": "/usr/bin:/bin", "SCRATCH": str(self.folder)}
        steps = {step.name: step for step in self.plan}
        logs = self.folder / "logs"
        return StepRunner(self.store(), self.sandbox, logs, environment, steps, first_pause=0.0)

    def build(self, *targets: str, observer: RecordingObserver | None = None) -> list[str]:
        """Build the targets and return the names of the steps that ran."""
        store = self.store()
        steps = steps_to_run(self.plan, targets, store.has)
        seconds = {step.name: float(step.seconds) for step in steps}
        Scheduler(steps, seconds, self.runner().run, observer or RecordingObserver()).run()
        return [step.name for step in steps]

    def run(self, name: str) -> None:
        """Run a single step."""
        self.runner().run(self.step(name), Event())

    def partial_products(self) -> list[Path]:
        """Return the partial products in the cache; after a build there must be none."""
        return list((self.folder / "cache").glob("steps/.partial-*"))
