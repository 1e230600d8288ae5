"""What the check takes per manifest, beside reading YAML alone.

A whole `podshare check` of a folder, from its start to its end, and per manifest the check in a
process that runs already, PyYAML's C loader alone, and its pure one. All on one core and in one go,
in seconds of the processor, so that the ratios hold though the machine is slow or busy.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks import figures, manifests
from benchmarks.asked import Asked
from benchmarks.figures import Listing, Table
from pytest_podshare.check import checking, inputs
from pytest_podshare.check.settings import Settings

COUNTS = (10, 100, 1_000, 10_000)
# what is slow and the same for each manifest is measured on so many
SAMPLE = 100
_COLUMNS = {
    "manifests": figures.count,
    "`podshare check`": figures.time,
    "of the processor": figures.time,
    "a manifest": figures.time,
    "PyYAML's C loader": figures.time,
    "the pure one": figures.time,
    "check : C": figures.ratio,
    "check : pure": figures.ratio,
}


def measure(asked: Asked) -> Iterator[Table]:
    """A folder of each size."""
    counts = COUNTS[:2] if asked.quick else COUNTS
    with _one_core(), tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        rows = [_measured(Path(folder, str(count)), count) for count in counts]
    yield Listing("The check, beside reading YAML alone", _COLUMNS, rows)


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [min(before)])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _measured(folder: Path, count: int) -> dict[str, Any]:
    manifests.write(folder, count)
    files = sorted(folder.rglob("*.yaml"))
    sample = files[:SAMPLE]
    found = 0

    def check() -> None:
        nonlocal found
        given = inputs.find([str(folder)])
        result = checking.Result(checking.check_all(given.inputs, Settings()), given.problems)
        found = len(result.findings)
        assert len(result.pods) == count

    whole, wall = _command(folder)
    mine = _seconds(check) / count
    c = _seconds(lambda: _parse(sample, yaml.CSafeLoader)) / len(sample)
    pure = _seconds(lambda: _parse(sample, yaml.SafeLoader)) / len(sample)
    return {
        "manifests": count,
        "lines": sum(file.read_text().count("\n") for file in sample) / len(sample),
        "findings": found,
        "`podshare check`": wall,
        "of the processor": whole,
        "a manifest": mine,
        "PyYAML's C loader": c,
        "the pure one": pure,
        "check : C": mine / c,
        "check : pure": mine / pure,
    }


def _seconds(work: Callable[[], object]) -> float:
    """Of the processor, the least of three; of what takes long, of one."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < 5:
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def _command(folder: Path) -> tuple[float, float]:
    """Seconds of the processor, and by the clock."""
    program = "import sys; from pytest_podshare.cli import main; sys.exit(main())"
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, "check", str(folder)], capture_output=True, check=False
    )
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 1, done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def _parse(files: Iterable[Path], loader: Any) -> None:
    for file in files:
        list(yaml.load_all(file.read_bytes(), Loader=loader))
