"""Fixtures for the tests of the check."""

import pytest


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Return the only folder on PATH; another folder is the working folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("PATH", str(folder))
    return folder
