"""Runs of pytest in which tests fail on purpose, on the cluster of the run around them."""

import os
import subprocess
import sys

import pytest


def printed_by(*words, **environment):
    """Run tests that fail, in a process of their own; gives what was printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    return done.stdout
