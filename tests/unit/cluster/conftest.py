"""Fixtures of several modules."""

import subprocess
import sys

import pytest


@pytest.fixture
def child():
    """Return a process that waits until its stdin is closed."""
    program = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()
