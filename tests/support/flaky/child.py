"""One test alone, in a process of its own: how the process is started, and what it reports."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# as much of a child's output as is shown where it has not reported
_TAIL = 4000


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result of a test that ran alone.

    Args:
        problem: why it did not pass; "" if it did.
        seconds: how long its process took.
    """

    problem: str
    seconds: float

    @property
    def passed(self):
        """Return whether it ran and passed."""
        return not self.problem


class ChildResult:
    """Writes the reports of the child process's test to a file."""

    def __init__(self, path):
        self._path = path
        self._reports = []

    def pytest_runtest_logreport(self, report):
        """Keep a report."""
        skipped = report.skipped and isinstance(report.longrepr, tuple)
        text = report.longrepr[2] if skipped else report.longreprtext
        self._reports.append({"when": report.when, "outcome": report.outcome, "text": text})

    def pytest_sessionfinish(self):
        """Write the reports."""
        self._path.write_text(json.dumps(self._reports), encoding="utf-8")


def run_alone(config, nodeid):
    """Run one test in a new process, with the options of this one.

    Raises:
        KeyboardInterrupt: on Ctrl-C, when the process has ended.
    """
    file, colons, name = nodeid.partition("::")
    with tempfile.TemporaryDirectory() as folder:
        result, printed = Path(folder, "result.json"), Path(folder, "printed.txt")
        command = [sys.executable, "-m", "pytest", *_options(config), f"--flaky-child={result}"]
        command.append(f"{config.rootpath / file}{colons}{name}")
        begun = time.monotonic()
        with printed.open("wb") as out:
            code = _run(command, config.invocation_params.dir, out)
        seconds = time.monotonic() - begun
        reports = json.loads(result.read_text(encoding="utf-8")) if result.exists() else []
        problem = _problem(reports)
        if not problem and (code or not reports):
            problem = f"exit status {code}\n{printed.read_text(errors='replace')[-_TAIL:]}"
    return Outcome(problem, seconds)


def _options(config):
    """Return the options of this run, without its files and its workers."""
    words = [os.fspath(word) for word in config.invocation_params.args]
    for path in reversed(config.option.file_or_dir or ()):
        if path in words:
            # the last one: the same word may stand before, as the value of an option
            del words[len(words) - 1 - words[::-1].index(path)]
    if config.pluginmanager.hasplugin("xdist"):
        words += ["-n", "0"]
    # what it writes into the same files, such as JUnit XML, this process writes anew at its end
    return words


def _run(command, folder, out):
    # in a session of its own, so that Ctrl-C reaches it once, by way of this process
    with subprocess.Popen(
        command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            process.wait()
            raise


def _problem(reports):
    """Return why a test did not pass, as far as its reports say; "" if they are all of a pass."""
    texts = {
        "failed": [report["text"] for report in reports if report["outcome"] == "failed"],
        "skipped": [
            f"It was skipped: {report['text']}"
            for report in reports
            if report["outcome"] == "skipped"
        ],
    }
    return "\n".join([*texts["failed"], *texts["skipped"]])
