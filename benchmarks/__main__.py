"""`python -m benchmarks [NAME …]`: measure, print tables, write the figures where they are wanted.

Each benchmark runs in a process of its own: memory that one took would hide what the next takes.
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

from benchmarks import asked, catalogue


def main(arguments: Sequence[str]) -> int:
    """The exit code: 1 if one could not be measured."""
    given = _parser().parse_args(arguments)
    if given.list:
        for each in catalogue.BENCHMARKS:
            print(f"{each.name}: {each.about.splitlines()[0]}")
        return 0
    try:
        chosen = catalogue.chosen(given.names)
    except LookupError as error:
        print(f"there is no benchmark {error}; there are: {', '.join(catalogue.NAMES)}")
        return 2
    figures: dict[str, Any] = {}
    failed = False
    for each in chosen:
        if len(chosen) == 1:
            figures[each.name] = _measured(each, quick=given.quick)
        else:
            done, failed_now = _in_its_own_process(each.name, quick=given.quick)
            figures |= done
            failed |= failed_now
        # after each of them: the next one may fail
        if given.json is not None:
            given.json.write_text(json.dumps(figures, indent=1) + "\n")
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them if none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--quick", action="store_true", help="a tenth: to see that it runs")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    return parser


def _measured(benchmark: catalogue.Benchmark, *, quick: bool) -> dict[str, Any]:
    print(f"\n## {benchmark.name}\n{benchmark.about}", flush=True)
    facts = asked.facts()
    if warning := asked.noise(facts["load"]):
        print(f"\n{warning}")
    tables = []
    for table in benchmark.measure(asked.Asked(quick)):
        print("", f"{table.title}:", "", *table.lines(), sep="\n", flush=True)
        tables.append(table.data())
    return {"facts": facts, "quick": quick, "tables": tables}


def _in_its_own_process(name: str, *, quick: bool) -> tuple[dict[str, Any], bool]:
    """Its figures, if it has any, and whether it failed."""
    with tempfile.TemporaryDirectory(prefix="podshare-benchmark-") as folder:
        file = Path(folder, "figures.json")
        command = [sys.executable, "-m", "benchmarks", name, "--json", str(file)]
        done = subprocess.run([*command, *(["--quick"] if quick else [])], check=False)
        figures: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return figures, done.returncode != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
