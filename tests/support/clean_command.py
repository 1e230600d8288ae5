"""The command `podshare clean`, and stamps of runs that have ended."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from pytest_podshare.cluster import processes
from pytest_podshare.cluster.ownership import LIFE, Ownership
from pytest_podshare.cluster.processes import Process

ME = processes.this()
DEAD = processes.tag(Process(ME.pid, "0", ME.space))
ELSEWHERE = processes.tag(Process(ME.pid, ME.started, "another boot"))


def clean(*words):
    """Run the command, and return the completed process."""
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    assert program, "the package is not installed"
    return subprocess.run(
        [program, "clean", *words], capture_output=True, text=True, timeout=600, check=False
    )


def stamped(run, process=DEAD, *, seconds=LIFE, label=None, **more):
    """Return metadata with the stamp of a run, by default of one that has ended."""
    metadata = {}
    stamp = Ownership(run, "me@here", process, time.time() + seconds, **more)
    stamp.put(metadata, **({"label": label} if label else {}))
    return metadata
