"""Runs of pytest that reach no cluster."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    """Keep the environment of this machine from these runs."""
    for name in list(os.environ):
        if name.startswith("PODSHARE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def pytester(pytester, monkeypatch):
    """Run without Hypothesis' plugin, which none of these runs uses: it takes a second to load."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    return pytester
