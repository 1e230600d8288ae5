"""Tiny real steps to test the orchestrator with: bash scripts in a folder of the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from sandbox.build import Build, missing
from sandbox.keys import keys_of
from sandbox.plan import Lane, Step
from sandbox.running import Runner
from sandbox.store import Store


def toy(
    name: str,
    *,
    needs: tuple[str, ...] = (),
    lane: Lane = "compile",
    seconds: int = 1,
    inputs: tuple[str, ...] = (),
    params: tuple[str, ...] = (),
) -> Step:
    """A step of this name."""
    return Step(name, f"makes {name}", lane, seconds, needs, inputs, params)


@dataclass
class Seen:
    """A watcher that writes down what it is told."""

    events: list[str] = field(default_factory=list)

    def started(self, step: Step) -> None:
        """Write it down."""
        self.events.append(f"start {step.name}")

    def finished(self, step: Step, seconds: float) -> None:
        """Write it down."""
        assert seconds >= 0
        self.events.append(f"done {step.name}")

    def tick(self) -> None:
        """Nothing to write down."""


@dataclass
class Workshop:
    """A folder with toy scripts, and a cache for what they make."""

    folder: Path
    plan: Sequence[Step]
    scripts: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write the scripts."""
        for name, text in self.scripts.items():
            self.write(name, text)

    @property
    def sandbox(self) -> Path:
        """Where the scripts are."""
        return self.folder / "sandbox"

    def write(self, name: str, text: str) -> None:
        """Write the script of a step."""
        script = self.sandbox / "steps" / f"{name}.sh"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(text)

    def store(self) -> Store:
        """The products of the plan as it is now."""
        keys = keys_of(self.plan, self.params, self.sandbox)
        return Store(self.folder / "cache", "no-such-engine", keys, self.params)

    def step(self, name: str) -> Step:
        """The step of this name."""
        return next(step for step in self.plan if step.name == name)

    def runner(self) -> Runner:
        """What runs the scripts, without pauses before a second try."""
        environment = {"PATH": "/usr/bin:/bin", "SCRATCH": str(self.folder)}
        steps = {step.name: step for step in self.plan}
        logs = self.folder / "logs"
        return Runner(self.store(), self.sandbox, logs, environment, steps, first_pause=0.0)

    def build(self, *targets: str, watcher: Seen | None = None) -> list[str]:
        """Build the targets; the names of the steps that were run."""
        store = self.store()
        steps = missing(self.plan, targets, store.has)
        seconds = {step.name: float(step.seconds) for step in steps}
        Build(steps, seconds, self.runner().run, watcher or Seen()).run()
        return [step.name for step in steps]

    def make(self, name: str) -> None:
        """Run one step alone."""
        self.runner().run(self.step(name), Event())

    def leftovers(self) -> list[Path]:
        """Half products in the cache; there must never be one after a build."""
        return list((self.folder / "cache").glob("steps/.half-*"))
