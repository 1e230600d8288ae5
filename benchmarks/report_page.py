"""How large the HTML report of a large run is, and how long Chromium takes to open it.

The records are those of a run over generated Deployments: every promise of every Pod template, with
evidence of the usual length; one template in ten is rejected, so that nothing of it is checked. The
page is opened in a new browser context, from the navigation until the first frame is drawn. The CPU
time is that of the page's main thread, which hardly depends on the load of the machine. The goals
for 300 templates are less than a second and less than 5 MB.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import sample_manifests, units
from benchmarks.scale import Scale
from benchmarks.tables import DataTable, Table
from pytest_podshare.containers.evidence_entries import Note
from pytest_podshare.errors import Fact
from pytest_podshare.manifests import source
from pytest_podshare.pods.evidence import HELD, UNKNOWN, Check, Step
from pytest_podshare.report import html_page
from pytest_podshare.report.records import CheckRecord, ClusterRecord, PhaseReport, PodRecord
from pytest_podshare.wiring import expectations
from pytest_podshare.wiring.promise import Promise
from pytest_podshare.wiring.templates import find_templates

COUNTS = (30, 300)
ROUNDS = 7
# templates in one manifest
_PER_MANIFEST = 3
_CLUSTER = ClusterRecord("kind", "podshare", "https://127.0.0.1:36415", "v1.36.3")
_COLUMNS = {
    "templates": units.count,
    "checks": units.count,
    "write": units.time,
    "size": units.size,
    "elements": units.count,
    "open": units.time,
    "CPU": units.time,
}
# returns the seconds since the navigation and the number of elements, when a frame is drawn
_OPENED = """() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(
  [performance.now() / 1000, document.querySelectorAll("*").length]))))"""


def measure(scale: Scale) -> Iterator[Table]:
    """Write and open a page of each size."""
    with tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder, _browser() as browse:
        rows = [_row(Path(folder), count, scale.rounds(ROUNDS), browse) for count in COUNTS]
    yield DataTable("The page of a run", _COLUMNS, rows)


def list_phases(count: int) -> list[PhaseReport]:
    """Return the reports of all promises of that many Pod templates."""
    phases = list[PhaseReport]()
    for number in range(count):
        manifest = f"charts/team-{number // _PER_MANIFEST}.yaml"
        text = source.read(sample_manifests.text(number), origin=manifest)
        (template,) = find_templates(text)
        name = f"podshare-1a2b3c4d-{number:04x}/{template.name}"
        pod = PodRecord(manifest, str(template), template.wiring, name, "worker", _CLUSTER)
        for promise in expectations.read_promises(template, ()):
            test = f"{manifest}::{template}::{promise.id}"
            record = _record(promise, pod, test, number)
            start = 1793000000.0 + len(phases)
            failed = record.verdict == UNKNOWN
            phases.append(PhaseReport(test, "call", failed, "", start, start + 1, (record,)))
    return phases


def _record(promise: Promise, pod: PodRecord, test: str, number: int) -> CheckRecord:
    """Return what a run records; the template is rejected if it mounts what it does not declare."""
    is_rejected = number % sample_manifests.BROKEN_EVERY == 0
    volume = str(promise.arguments["volume"])
    mounts = [(user.name, mount.path) for user, mount in pod.wiring.mounts_of(volume)]
    file = f"podshare-{number:016x}"
    steps = [Step(*_saw(user, volume, f"{path}/{file}")) for user, path in mounts]
    restart = Note("app restarted (node, exit code 137): e02856d68403 → 1cb45fe312c7", 0.9)
    check = Check(
        assertion=promise.assertion,
        manifest=pod.manifest,
        pod=pod.name,
        containers=promise.container_names,
        volumes=(volume,),
        verdict=UNKNOWN if is_rejected else HELD,
        seconds=0.1 + number % 7,
        headline=f"The API server rejected {pod.template}."
        if is_rejected
        else f"what was written to {volume} is as the manifest promises",
        method="sh in each container over one exec session",
        lines=() if is_rejected else (*steps, *([restart] if promise.disruption else [])),
        facts=(Fact("", "volumeMounts[2].name: Not found. Declare it."),) if is_rejected else (),
    )
    return CheckRecord(check, pod, test, is_rejected, is_checked=not is_rejected)


def _saw(container: str, volume: str, path: str) -> tuple[Any, ...]:
    return container, "saw", volume, path, 64, "6584c2be", 0.0017


def _row(
    folder: Path, count: int, rounds: int, browse: Callable[[Path], dict[str, float]] | None
) -> dict[str, Any]:
    phases = list_phases(count)
    start = time.perf_counter()
    file = folder / f"{count}.html"
    html_page.write(file, phases, html_page.RunInfo("project", "1a2b3c4d"))
    row: dict[str, Any] = {
        "templates": count,
        "checks": sum(len(phase.checks) for phase in phases),
        "write": time.perf_counter() - start,
        "size": file.stat().st_size,
    }
    if browse is not None:
        opened = [browse(file) for _ in range(rounds)]
        row |= {name: statistics.median(one[name] for one in opened) for name in opened[0]}
        row["elements"] = int(row["elements"])
    return row


@contextlib.contextmanager
def _browser() -> Iterator[Callable[[Path], dict[str, float]] | None]:
    """Yield a function that opens a file and returns the values of some columns."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        # no typed package: only some environments have it
        playwright: Any = importlib.import_module("playwright.sync_api")
    except ImportError:
        program = None
    if program is None:
        print("the page is not opened: Chromium or Playwright is missing", file=sys.stderr)
        yield None
        return
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=options)

        def browse(file: Path) -> dict[str, float]:
            context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
            page = context.new_page()
            inspector = context.new_cdp_session(page)
            inspector.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(file.as_uri())
            seconds, elements = page.evaluate(_OPENED)
            metrics = inspector.send("Performance.getMetrics")["metrics"]
            context.close()
            (cpu,) = (one["value"] for one in metrics if one["name"] == "TaskDuration")
            return {"open": seconds, "elements": elements, "CPU": cpu}

        yield browse
        browser.close()
