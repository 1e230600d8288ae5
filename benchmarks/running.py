"""Running pytest, measured from outside."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

SUITES = Path(__file__).with_name("suites")
_TOP = SUITES.parents[1]


@dataclasses.dataclass(frozen=True)
class Ran:
    """A process that has ended.

    Args:
        begun: when it was started, by the clock.
        seconds: from its start to its end.
        cpu: seconds of the processor, its own and those of all that it waited for.
    """

    begun: float
    seconds: float
    cpu: float


def pytest(suite: str, *options: str, environ: Mapping[str, str] | None = None) -> Ran:
    """Run a suite with no plugins but those that are named among the options.

    Raises:
        AssertionError: it did not pass; with what it said.
    """
    command = [sys.executable, "-m", "pytest", str(SUITES / f"{suite}.py"), "-q"]
    alone = ["-o", "addopts=", "-p", "no:cacheprovider", *options]
    own = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **(environ or {})}
    return process([*command, *alone], own)


def process(command: list[str], environ: Mapping[str, str]) -> Ran:
    """Run a command to its end.

    Raises:
        AssertionError: its exit code is not 0; with what it said.
    """
    begun, mark = time.time(), time.perf_counter()
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(environ), cwd=_TOP
    )
    assert running.stdout is not None
    said = running.stdout.read().decode(errors="replace")
    _, status, used = os.wait4(running.pid, 0)
    seconds = time.perf_counter() - mark
    running.returncode = os.waitstatus_to_exitcode(status)
    running.stdout.close()
    assert running.returncode == 0, said
    return Ran(begun, seconds, used.ru_utime + used.ru_stime)
