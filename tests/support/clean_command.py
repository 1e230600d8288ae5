"""`podshare clean` as users run it, and the ownership of objects that killed runs have left."""

import dataclasses
import shutil
import subprocess
import sys
import time
from pathlib import Path

from pytest_podshare.cluster.ownership import LIFETIME, Ownership
from pytest_podshare.cluster.processes import Process

CURRENT = Process.current().tag
ENDED = dataclasses.replace(Process.current(), start_time="0").tag
ELSEWHERE = dataclasses.replace(Process.current(), pid_namespace="another boot").tag


def clean(*options):
    """Run the command, and return the completed process."""
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    assert program, "the package is not installed"
    return subprocess.run(
        [program, "clean", *options], capture_output=True, text=True, timeout=600, check=False
    )


def owned_metadata(run, process=ENDED, *, seconds=LIFETIME, label=None, **fields):
    """Return metadata with the ownership of a run, by default of one that has ended."""
    metadata = {}
    ownership = Ownership(run, "me@here", process, time.time() + seconds, **fields)
    ownership.write(metadata, **({"label": label} if label else {}))
    return metadata
