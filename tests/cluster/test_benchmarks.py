"""The benchmarks run; their times decide nothing."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.usefixtures("podshare_cluster")
def test_a_benchmark_gives_figures(tmp_path):
    """Each competitor's, on the cluster that is there."""
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "leaks", "--quick", "--json", str(file)]

    environ = {**os.environ, "PODSHARE_KEEP_CLUSTER": "never"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    (kept, emptied) = json.loads(file.read_text())["leaks"]["tables"]
    assert "| after so many checks |" in done.stdout
    # what grows with the checks is what they left, and nothing else is held
    for table in (kept, emptied):
        first, *_, last = table["rows"]
        assert last["after so many checks"] == 200
        held = ("sockets", "open files", "threads")
        assert [last[name] for name in held] == [first[name] for name in held]
