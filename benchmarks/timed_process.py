"""Run pytest and other processes, and measure them from outside."""

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
# the command of this checkout, whatever is installed
PODSHARE = (
    sys.executable,
    *("-c", "import sys; from pytest_podshare.cli.main import main; sys.exit(main())"),
)


@dataclasses.dataclass(frozen=True)
class ProcessTiming:
    """The timing of a process that has ended.

    Args:
        start: when it was started, in seconds since the epoch.
        seconds: how long it ran.
        cpu: the CPU seconds of the process and all children that it waited for.
    """

    start: float
    seconds: float
    cpu: float


def run_pytest(
    suite: str, *options: str, environ: Mapping[str, str] | None = None
) -> ProcessTiming:
    """Run a suite without any plugins except those named in the options.

    Raises:
        AssertionError: it did not pass; with its output.
    """
    command = [sys.executable, "-m", "pytest", str(SUITES / f"{suite}.py"), "-q"]
    isolation = ["-o", "addopts=", "-p", "no:cacheprovider"]
    variables = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **(environ or {})}
    return run_process([*command, *isolation, *options], variables)


def run_process(command: list[str], environ: Mapping[str, str]) -> ProcessTiming:
    """Run a command.

    Raises:
        AssertionError: its exit code is not 0; with its output.
    """
    start, clock_start = time.time(), time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(environ), cwd=_TOP
    )
    assert process.stdout is not None
    output = process.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - clock_start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert process.returncode == 0, output
    return ProcessTiming(start, seconds, usage.ru_utime + usage.ru_stime)
