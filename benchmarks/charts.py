"""How long the check of a chart with 60 value files takes, compared with helm alone.

This measures `podshare check CHART`, and helm rendering the same value files one after another, on
one processor, on four, and on all that there are. One run of each alternates with the other. The
check should take at most 1.1 times as long as helm on one processor, and less than a quarter on
four.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import units
from benchmarks.scale import Scale
from benchmarks.tables import DataTable, Table
from benchmarks.timed_process import PODSHARE

VALUE_FILES = 60
TEMPLATES = 20
ROUNDS = 5
# the processors of a common CI machine
FOUR = 4
_COLUMNS = {
    "processors": units.count,
    "of": units.count,
    "value files": units.count,
    "`podshare check`": units.time,
    "helm, one after another": units.time,
    "check : helm": units.ratio,
}
_TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{number}}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
        - name: app
          image: nginx:{{{{ .Values.version }}}}
          {{{{- if .Values.debug }}}}
          env: [{{name: DEBUG, value: "1"}}]
          {{{{- end }}}}
          volumeMounts:
            - {{name: cache, mountPath: /var/cache/nginx}}
            - {{name: gone-{number}, mountPath: /gone}}
      volumes:
        - {{name: cache, emptyDir: {{}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: web-{number}}}
spec:
  selector: {{app: web}}
  ports: [{{port: 80}}]
"""


def measure_charts(scale: Scale) -> Iterator[Table]:
    """Check a generated chart on one processor, on four if there are as many, and on all."""
    if shutil.which("helm") is None:
        print("the check of a chart is skipped, because helm is not on PATH", file=sys.stderr)
        return
    processors = os.sched_getaffinity(0)
    counts = sorted({1, min(FOUR, len(processors)), len(processors)})
    with tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        chart = Path(folder, "web")
        _write_chart(chart)
        rows = []
        for used in counts:
            os.sched_setaffinity(0, sorted(processors)[:used])
            try:
                check, helm = _fastest(scale.rounds(ROUNDS), chart)
            finally:
                os.sched_setaffinity(0, processors)
            rows.append(
                {
                    "processors": used,
                    "of": len(processors),
                    "value files": VALUE_FILES,
                    "`podshare check`": check,
                    "helm, one after another": helm,
                    "check : helm": check / helm,
                }
            )
    yield DataTable("The check of a chart, compared with helm", _COLUMNS, rows)


def _write_chart(chart: Path) -> None:
    for folder in ("templates", "ci"):
        (chart / folder).mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("version: 1\n")
    for number in range(TEMPLATES):
        text = _TEMPLATE.format(number=number)
        (chart / f"templates/web-{number}.yaml").write_text(text)
    for number in range(VALUE_FILES):
        text = f"version: {number % 10}\ndebug: {str(number % 2 == 1).lower()}\nown: {number}\n"
        (chart / f"ci/{number}-values.yaml").write_text(text)


def _fastest(rounds: int, chart: Path) -> tuple[float, float]:
    """Return the seconds of the fastest check and of the fastest run of helm for all values."""
    works = (lambda: _check(chart), lambda: _render(chart))
    times = [[_seconds(work) for work in works] for _ in range(rounds)]
    return min(check for check, _ in times), min(helm for _, helm in times)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _check(chart: Path) -> None:
    done = subprocess.run(
        [*PODSHARE, "check", str(chart)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert f"in all {VALUE_FILES + 1} value files" in done.stdout


def _render(chart: Path) -> None:
    options = [["--values", str(file)] for file in sorted(chart.glob("ci/*-values.yaml"))]
    for words in ([], *options):
        subprocess.run(["helm", "template", str(chart), *words], capture_output=True, check=True)
