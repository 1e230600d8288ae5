"""How long `podshare check` takes for a folder with very many findings, and how much it prints.

By default it shows the most severe ones and counts the others; `--limit 0` shows all.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import units
from benchmarks.scale import Scale
from benchmarks.tables import DataTable
from benchmarks.timed_process import PODSHARE

FINDINGS = 20_000
PER_MANIFEST = 10
_COLUMNS = {
    "option": units.text,
    "manifests": units.count,
    "findings": units.count,
    "`podshare check`": units.time,
    "lines": units.count,
    "output": units.size,
}
_POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{number}}}\nspec:\n  containers:\n"
_CONTAINER = "    - name: app\n      image: nginx\n      volumeMounts:\n"
_MOUNT = "        - {{name: gone-{number}, mountPath: /gone/{number}}}\n"


def measure_output(scale: Scale) -> DataTable:
    """Return a row for the default, and one for `--limit 0`."""
    count = scale.rounds(FINDINGS)
    with tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        _write(Path(folder), count // PER_MANIFEST)
        rows = [_row(Path(folder), count, words) for words in ((), ("--limit", "0"))]
    by_default, whole = rows
    assert by_default["lines"] < 500 < count < whole["lines"]
    return DataTable("The output of many findings", _COLUMNS, rows)


def _write(folder: Path, count: int) -> None:
    mounts = "".join(_MOUNT.format(number=number) for number in range(PER_MANIFEST))
    for number in range(count):
        text = _POD.format(number=number) + _CONTAINER + mounts
        (folder / f"pod-{number}.yaml").write_text(text)


def _row(folder: Path, count: int, words: tuple[str, ...]) -> dict[str, Any]:
    start = time.perf_counter()
    done = subprocess.run(
        [*PODSHARE, "check", str(folder), *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stderr
    assert lines[-1].startswith(f"{count} errors: "), lines[-1]
    return {
        "option": " ".join(words) or "none",
        "manifests": count // PER_MANIFEST,
        "findings": count,
        "`podshare check`": seconds,
        "lines": len(lines),
        "output": len(done.stdout.encode()),
    }
