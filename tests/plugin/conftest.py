"""Runs of pytest that reach no cluster."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    """The environment of the machine says nothing about these runs."""
    for name in list(os.environ):
        if name.startswith("PODSHARE_"):
            monkeypatch.delenv(name)
