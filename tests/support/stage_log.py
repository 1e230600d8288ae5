"""A pytest plugin that logs when each stage of a run begins, for runs that a test kills."""

import os
from pathlib import Path

import pytest

NOTES = Path(os.environ["STORM_NOTES"])


def note(stage):
    """Log a stage."""
    with NOTES.open("a") as notes:
        notes.write(f"{stage}\n")


def pytest_configure():
    """Log the start, before any request to a cluster."""
    note("start")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Log the set-up: of the cluster, a namespace, and a Pod."""
    note("set-up")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call():
    """Log the test: sessions, files, and a drain."""
    note("test")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown():
    """Log the teardown, which deletes everything."""
    note("teardown")
