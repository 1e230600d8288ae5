"""``bootstrap.py`` runs on any Python and names the environment after what it is built from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import bootstrap, paths

CHECKOUT = Path(__file__).parents[2]


def test_bootstrap_and_sandbox_agree_on_the_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bootstrap may import nothing, so it has its own copy; relative values are ignored."""
    for value in ("/somewhere", "relative", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert bootstrap.cache_folder() == paths.cache_folder()
        assert paths.cache_folder().is_absolute()


def test_the_environment_is_named_after_what_it_is_built_from(tmp_path: Path) -> None:
    """Another pyproject.toml, other pins or another checkout needs another environment."""
    one, two = tmp_path / "one", tmp_path / "two"
    for checkout in (one, two):
        checkout.mkdir()
        (checkout / "pyproject.toml").write_text("x")
        (checkout / bootstrap.PINNED).parent.mkdir(parents=True)
        (checkout / bootstrap.PINNED).write_text("x")
    first = bootstrap.environment_key(one)
    assert bootstrap.environment_key(two) != first
    (one / "pyproject.toml").write_text("y")
    second = bootstrap.environment_key(one)
    assert second != first
    (one / bootstrap.PINNED).write_text("y")
    assert bootstrap.environment_key(one) not in (first, second)


def test_system_folders_are_added_to_path() -> None:
    """At its end, if they are missing."""
    assert bootstrap.with_system_folders("/own::/usr/bin").startswith("/own:/usr/bin:")
    assert "/usr/sbin" in bootstrap.with_system_folders("").split(os.pathsep)


def test_bootstrap_needs_only_the_standard_library() -> None:
    """It runs without site-packages and without any environment variable."""
    program = "import sys; sys.argv = ['x']; import runpy; runpy.run_path('sandbox/bootstrap.py')"
    isolated = [sys.executable, "-I", "-S", "-c", program]
    process = subprocess.run(isolated, cwd=CHECKOUT, env={}, capture_output=True, text=True)
    assert process.stderr == ""
