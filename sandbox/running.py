"""Runs one step's script: its environment, its process group, its log, its second try."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import BinaryIO

import tenacity

from sandbox.errors import SandboxError, StepError, StoppedError
from sandbox.keys import keys_of
from sandbox.plan import Step
from sandbox.store import Store

LAST_LINES = 15
NETWORK_TRIES = 3
GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class Runner:
    """Runs steps into ``store``, writing full logs to ``logs``."""

    store: Store
    sandbox: Path
    logs: Path
    environment: Mapping[str, str]
    steps: Mapping[str, Step]
    first_pause: float = 2.0

    def log(self, step: Step) -> Path:
        """The file that gets everything the step prints."""
        return self.logs / f"{step.name}.log"

    def run(self, step: Step, stop: Event) -> None:
        """Make the step's product, or raise StepError or StoppedError and leave nothing."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log(step).open("ab") as log:
            # A registry that stumbles once is no reason to lose a quarter of an hour.
            tries = NETWORK_TRIES if step.lane == "network" else 1
            retrying = tenacity.Retrying(
                retry=tenacity.retry_if_exception_type(StepError),
                stop=tenacity.stop_after_attempt(tries),
                wait=tenacity.wait_exponential(multiplier=self.first_pause, max=30),
                sleep=tenacity.sleep_using_event(stop),
                before_sleep=lambda state: _note_retry(log, state, tries),
                reraise=True,
            )
            retrying(self._try, step, stop, log)

    def _try(self, step: Step, stop: Event, log: BinaryIO) -> None:
        with self.store.making(step) as out:
            begun = log.tell()
            code = _run_script(self._command(step), self._environment(step, out), log, stop)
            if stop.is_set():
                raise StoppedError(step.name)
            if code == 0 and step.image and not self.store.has(step):
                log.write(f"the script left no image {self.store.image(step)}\n".encode())
                log.flush()
                code = 1
            self._refuse_changed_inputs(step)
            if code != 0:
                raise StepError(
                    f"step {step.name} failed (exit {code}); its last lines:",
                    f"see {self.log(step)}, then the same command again: finished steps are kept",
                    shown=last_lines(self.log(step), begun),
                )

    def _refuse_changed_inputs(self, step: Step) -> None:
        """What was made of files edited meanwhile must not be found under the key of before."""
        now = keys_of(self.steps.values(), self.store.params, self.sandbox)
        if now[step.name] != self.store.keys[step.name]:
            self.store.untag(step)
            raise SandboxError(
                f"what step {step.name} is made of was edited while it ran",
                "run the same command again: it takes the files as they are then",
            )

    def _command(self, step: Step) -> list[str]:
        return ["bash", "-euo", "pipefail", str(self.sandbox / step.script)]

    def _environment(self, step: Step, out: Path) -> dict[str, str]:
        own = {"OUT": str(out), "SANDBOX": str(self.sandbox), "ENGINE": self.store.engine}
        if step.image:
            own["IMAGE"] = self.store.image(step)
        for need in (self.steps[name] for name in step.needs):
            variable = need.name.upper().replace("-", "_")
            if need.image:
                own[f"IMAGE_{variable}"] = self.store.image(need)
            own[f"IN_{variable}"] = str(self.store.folder(need))
        return {**self.environment, **self.store.params, **own}


def _note_retry(log: BinaryIO, state: tenacity.RetryCallState, tries: int) -> None:
    pause = state.next_action.sleep if state.next_action else 0
    again = f"\n--- try {state.attempt_number} of {tries} failed; again in {pause:.0f} s ---\n"
    log.write(again.encode())
    log.flush()


def _run_script(
    command: list[str], environment: Mapping[str, str], log: BinaryIO, stop: Event
) -> int:
    """The script's exit code; ends its whole process group when ``stop`` is set."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group of its own, so Ctrl-C reaches it through us, in order
    )
    try:
        while process.poll() is None and not stop.wait(0.05):
            pass
    finally:
        end_group(process)
    log.seek(0, os.SEEK_END)
    return process.returncode


def end_group(process: subprocess.Popen[bytes], grace: float = GRACE_SECONDS) -> None:
    """End the process and everything it started: asked first, then made to."""
    _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while _group_lives(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _group_lives(process: subprocess.Popen[bytes]) -> bool:
    process.poll()  # reaps the leader, which else would count as alive
    return _signal_group(process, 0)


def _signal_group(process: subprocess.Popen[bytes], signum: int) -> bool:
    try:
        os.killpg(process.pid, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def last_lines(log: Path, begun: int = 0) -> list[str]:
    """The last lines of a log, from byte ``begun`` on, without the empty ones."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(begun, size - 64 * 1024))
        text = file.read().decode(errors="replace")
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return lines[-LAST_LINES:]
