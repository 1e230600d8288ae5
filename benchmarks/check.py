"""How long the static check takes per manifest, compared with reading the YAML.

This measures a whole `podshare check` of a folder and, per manifest, the check within a running
process, PyYAML's C loader alone, and its pure Python loader. Everything runs on one core, in one
go, and is measured in CPU seconds, so the ratios hold even if the machine is slow or busy. With a
thousand manifests, the check should take less than 1.3 times as long as the C loader.

It also measures the output of many findings, and the check of a chart with 60 value files.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks import charts, many_findings, sample_manifests, units
from benchmarks.scale import Scale
from benchmarks.tables import DataTable, Table
from benchmarks.timed_process import PODSHARE
from pytest_podshare.check import checker, inputs
from pytest_podshare.check.project_settings import ProjectSettings

COUNTS = (10, 100, 1_000, 10_000)
# How many manifests the loaders are measured on; they are slow, and the same for each manifest.
SAMPLE = 100
_COLUMNS = {
    "manifests": units.count,
    "`podshare check`": units.time,
    "CPU": units.time,
    "per manifest": units.time,
    "PyYAML, C": units.time,
    "PyYAML, pure": units.time,
    "check : C": units.ratio,
    "check : pure": units.ratio,
}


def measure(scale: Scale) -> Iterator[Table]:
    """Check a folder of each size."""
    counts = COUNTS[:2] if scale.quick else COUNTS
    with _one_core(), tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        rows = [_row(Path(folder, str(count)), count) for count in counts]
    yield DataTable("The check, compared with reading the YAML", _COLUMNS, rows)
    yield many_findings.measure_output(scale)
    yield from charts.measure_charts(scale)


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [min(before)])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _row(folder: Path, count: int) -> dict[str, Any]:
    sample_manifests.write(folder, count)
    files = sorted(folder.rglob("*.yaml"))
    sample = files[:SAMPLE]
    findings = 0

    def check() -> None:
        nonlocal findings
        selection = inputs.find([str(folder)])
        manifests = checker.check_all(selection.manifests, ProjectSettings())
        result = checker.CheckResult(manifests, selection.problems)
        findings = len(result.findings)
        assert len(result.templates) == count

    command_cpu, command_seconds = _command(folder)
    per_manifest = _cpu_seconds(check) / count
    c_loader = _cpu_seconds(lambda: _parse(sample, yaml.CSafeLoader)) / len(sample)
    pure_loader = _cpu_seconds(lambda: _parse(sample, yaml.SafeLoader)) / len(sample)
    return {
        "manifests": count,
        "lines": sum(file.read_text().count("\n") for file in sample) / len(sample),
        "findings": findings,
        "`podshare check`": command_seconds,
        "CPU": command_cpu,
        "per manifest": per_manifest,
        "PyYAML, C": c_loader,
        "PyYAML, pure": pure_loader,
        "check : C": per_manifest / c_loader,
        "check : pure": per_manifest / pure_loader,
    }


def _cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of the fastest of three runs, or of one if it takes long."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < 5:
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def _command(folder: Path) -> tuple[float, float]:
    """Return the CPU seconds and the elapsed seconds of the whole command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.run([*PODSHARE, "check", str(folder)], capture_output=True, check=False)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 1, process.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, seconds


def _parse(files: Iterable[Path], loader: Any) -> None:
    for file in files:
        list(yaml.load_all(file.read_bytes(), Loader=loader))
