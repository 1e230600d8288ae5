"""Measure, print tables, and write the results to a file if asked to.

Each benchmark runs in a process of its own; otherwise memory that one of them has used would hide
how much the next one uses.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import benchmark_list, machine
from benchmarks.scale import Scale


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks; return 1 if one of them failed."""
    options = _parser().parse_args(arguments)
    if options.list:
        for benchmark in benchmark_list.BENCHMARKS:
            print(f"{benchmark.name}: {benchmark.description.splitlines()[0]}")
        return 0
    try:
        benchmarks = benchmark_list.select(options.names)
    except LookupError as error:
        print(f"unknown benchmark {error}; choose from: {', '.join(benchmark_list.NAMES)}")
        return 2
    results: dict[str, Any] = {}
    failed = False
    for benchmark in benchmarks:
        if len(benchmarks) == 1:
            results[benchmark.name] = _measure(benchmark, quick=options.quick)
        else:
            result, benchmark_failed = _measure_in_process(benchmark.name, quick=options.quick)
            results |= result
            failed |= benchmark_failed
        # After each benchmark, because the next one may fail.
        if options.json is not None:
            options.json.write_text(json.dumps(results, indent=1) + "\n")
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE")
    parser.add_argument(
        "--quick", action="store_true", help="run a tenth of the rounds, as a smoke test"
    )
    parser.add_argument("--list", action="store_true", help="list the benchmarks and exit")
    return parser


def _measure(benchmark: benchmark_list.Benchmark, *, quick: bool) -> dict[str, Any]:
    print(f"\n## {benchmark.name}\n{benchmark.description}", flush=True)
    facts = machine.facts()
    if warning := machine.load_warning(facts["load"]):
        print(f"\n{warning}")
    tables = []
    for table in benchmark.measure(Scale(quick)):
        print("", f"{table.title}:", "", *table.lines(), sep="\n", flush=True)
        tables.append(table.data())
    return {"facts": facts, "quick": quick, "tables": tables}


def _measure_in_process(name: str, *, quick: bool) -> tuple[dict[str, Any], bool]:
    """Return the results, if there are any, and whether the benchmark failed."""
    with tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        file = Path(folder, "results.json")
        command = [sys.executable, "-m", "benchmarks", name, "--json", str(file)]
        process = subprocess.run([*command, *(["--quick"] if quick else [])], check=False)
        results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return results, process.returncode != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
