"""The benchmarks run; the times that they measure decide no test."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.usefixtures("podshare_cluster")
def test_a_benchmark_writes_its_results(tmp_path):
    """As tables on standard output and as JSON, measured on the existing cluster."""
    file = tmp_path / "results.json"
    command = [sys.executable, "-m", "benchmarks", "leaks", "--quick", "--json", str(file)]

    environ = {**os.environ, "PODSHARE_KEEP_CLUSTER": "never"}
    process = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert process.returncode == 0, process.stderr
    (kept, discarded) = json.loads(file.read_text())["leaks"]["tables"]
    assert "| checks |" in process.stdout
    # nothing but memory may grow with the number of checks
    for table in (kept, discarded):
        first, *_, last = table["rows"]
        assert last["checks"] == 200
        resources = ("sockets", "open files", "threads")
        assert [last[name] for name in resources] == [first[name] for name in resources]
