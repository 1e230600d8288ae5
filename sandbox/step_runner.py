"""Run the script of one build step: its environment, process group, log and retries."""

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

from sandbox.content_keys import content_keys
from sandbox.errors import SandboxError, StepCancelled, StepError
from sandbox.plan import BuildStep
from sandbox.store import ProductStore

LAST_LINES = 15
NETWORK_ATTEMPTS = 3
GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class StepRunner:
    """Runs steps, storing their products in ``store`` and their full output in ``logs``."""

    store: ProductStore
    sandbox: Path
    logs: Path
    environment: Mapping[str, str]
    steps: Mapping[str, BuildStep]
    first_pause: float = 2.0

    def log(self, step: BuildStep) -> Path:
        """Return the file that receives everything the step prints."""
        return self.logs / f"{step.name}.log"

    def run(self, step: BuildStep, stop: Event) -> None:
        """Build the step's product.

        Raises:
            StepError: the script failed.
            StepCancelled: ``stop`` was set while it ran.
            SandboxError: the step's files were edited while it ran.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log(step).open("ab") as log:
            # One hiccup of a registry should not cost a build of a quarter of an hour.
            attempts = NETWORK_ATTEMPTS if step.lane == "network" else 1
            retrying = tenacity.Retrying(
                retry=tenacity.retry_if_exception_type(StepError),
                stop=tenacity.stop_after_attempt(attempts),
                wait=tenacity.wait_exponential(multiplier=self.first_pause, max=30),
                sleep=tenacity.sleep_using_event(stop),
                before_sleep=lambda state: _log_retry(log, state, attempts),
                reraise=True,
            )
            retrying(self._attempt, step, stop, log)

    def _attempt(self, step: BuildStep, stop: Event, log: BinaryIO) -> None:
        with self.store.new_product(step) as out:
            log_start = log.tell()
            code = _run_script(self._command(step), self._environment(step, out), log, stop)
            if stop.is_set():
                raise StepCancelled(step.name)
            if code == 0 and step.image and not self.store.has(step):
                log.write(f"the script did not create {self.store.image(step)}\n".encode())
                log.flush()
                code = 1
            self._refuse_changed_inputs(step)
            if code != 0:
                raise StepError(
                    f"step {step.name} failed (exit {code}); last lines:",
                    f"fix the cause (full log: {self.log(step)}) and run the same command again; "
                    "completed steps are kept",
                    lines=last_lines(self.log(step), log_start),
                )

    def _refuse_changed_inputs(self, step: BuildStep) -> None:
        """Discard the product if the step's files no longer match the key it would be stored by."""
        keys = content_keys(self.steps.values(), self.store.params, self.sandbox)
        if keys[step.name] != self.store.keys[step.name]:
            self.store.remove_image(step)
            raise SandboxError(
                f"files of step {step.name} were edited while it ran",
                "run the same command again to build from the current files",
            )

    def _command(self, step: BuildStep) -> list[str]:
        return ["bash", "-euo", "pipefail", str(self.sandbox / step.script)]

    def _environment(self, step: BuildStep, out: Path) -> dict[str, str]:
        variables = {"OUT": str(out), "SANDBOX": str(self.sandbox), "ENGINE": self.store.engine}
        if step.image:
            variables["IMAGE"] = self.store.image(step)
        for need in (self.steps[name] for name in step.needs):
            suffix = need.name.upper().replace("-", "_")
            if need.image:
                variables[f"IMAGE_{suffix}"] = self.store.image(need)
            variables[f"IN_{suffix}"] = str(self.store.folder(need))
        return {**self.environment, **self.store.params, **variables}


def _log_retry(log: BinaryIO, state: tenacity.RetryCallState, attempts: int) -> None:
    pause = state.next_action.sleep if state.next_action else 0
    number = state.attempt_number
    line = f"\n--- attempt {number} of {attempts} failed; retrying in {pause:.0f} s ---\n"
    log.write(line.encode())
    log.flush()


def _run_script(
    command: list[str], environment: Mapping[str, str], log: BinaryIO, stop: Event
) -> int:
    """Run a script and return its exit code; end its whole process group if ``stop`` is set."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that Ctrl-C ends it through this process, in order
    )
    try:
        while process.poll() is None and not stop.wait(0.05):
            pass
    finally:
        terminate_group(process)
    log.seek(0, os.SEEK_END)
    return process.returncode


def terminate_group(process: subprocess.Popen[bytes], grace: float = GRACE_SECONDS) -> None:
    """End the process and everything it started: SIGTERM, then SIGKILL after ``grace`` seconds."""
    _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while _group_is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _group_is_alive(process: subprocess.Popen[bytes]) -> bool:
    process.poll()  # reaps the leader, which would otherwise count as alive
    return _signal_group(process, 0)


def _signal_group(process: subprocess.Popen[bytes], signum: int) -> bool:
    try:
        os.killpg(process.pid, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def last_lines(log: Path, offset: int = 0) -> list[str]:
    """Return the last non-empty lines of a log, starting from byte ``offset``."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(offset, size - 64 * 1024))
        text = file.read().decode(errors="replace")
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return lines[-LAST_LINES:]
