"""A pytest plugin that logs when each stage of a run begins, for runs that are to be killed."""

import os
from pathlib import Path

import pytest

NOTES = Path(os.environ["STORM_NOTES"])


def note(stage):
    """Log a stage."""
    with NOTES.open("a") as notes:
        notes.write(f"{stage}\n")


def pytest_configure():
    """Nothing has been asked of a cluster."""
    note("start")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """The cluster, a namespace, a Pod."""
    note("set-up")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call():
    """Sessions, files, a drain."""
    note("test")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown():
    """What was made is being deleted."""
    note("teardown")
