"""Linters and unit tests need no cluster: they start no engine and build nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import command_needs, paths, products, toolchain
from sandbox.command_needs import needs_cluster, tox_needs_browser, tox_needs_cluster
from sandbox.toolchain import DevOptions


@pytest.fixture(autouse=True)
def _no_screenshots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset the variable that makes the browser tests take screenshots of real runs."""
    monkeypatch.delenv("PODSHARE_SCREENSHOTS", raising=False)


@pytest.mark.parametrize(
    "command",
    [
        "ruff check .",
        "mypy",
        "lint-imports",
        "python -m mypy",
        "/usr/bin/python3.11 -m ruff format .",
        "podshare check manifests/",
        "pytest tests/unit tests/plugin",
        "pytest -n 2 -x tests/sandbox",
        "python -m pytest tests/browser",
        "pytest tests/unit/test_deadline.py::test_poll -k README.md",
        "pytest tests/unit/no_such_file.py",
        "pytest --ignore tests/cluster tests/unit --junitxml README.md",
        "pytest ./tests/cluster/../unit",
        f"pytest {paths.CHECKOUT}/tests/unit",
        f"pytest tests/unit -k {'x' * 300}",
    ],
)
def test_a_command_that_uses_no_cluster(command: str) -> None:
    """Checkers, and pytest for folders whose tests use no cluster."""
    assert not needs_cluster(command.split())


@pytest.mark.parametrize(
    "command",
    [
        "pytest",
        "pytest -k unit",
        "pytest tests",
        "pytest tests/unit tests/cluster/test_visible.py",
        "pytest tests/unit/../examples",
        "pytest tests/unit manifests/sharevol.yaml",
        "pytest --ignore tests/unit",
        "pytest tests/unit_not",
        "python -m benchmarks",
        "python -m",
        "python",
        "podshare clean",
        "podshare",
        "kubectl get pods",
        f"pytest {'x' * 300}",
    ],
)
def test_every_other_command_needs_a_cluster(command: str) -> None:
    """Also a command that is not recognized."""
    assert needs_cluster(command.split())


@pytest.mark.parametrize(
    ("arguments", "cluster", "browser"),
    [
        ("", True, True),
        ("-- -k page", True, True),
        ("-e lint", False, False),
        ("-e lint,unit -q", False, False),
        ("-elint -e=unit", False, False),
        ("-e lowest", False, False),
        ("run -e unit -- -k cluster", False, False),
        ("-e browser", False, True),
        ("-e lint,browser", False, True),
        ("-e cluster", True, True),
        ("-e unit,cluster", True, True),
        ("-ecluster", True, True),
        ("-e faults", True, False),
        ("-e role", True, False),
        ("-e unit -- tests/cluster", True, False),
        ("-e kubernetes-1.34.4", True, True),
        ("-m kubernetes", True, True),
        ("-e nonsense", True, True),
        ("-- -e lint", True, True),
    ],
)
def test_what_the_environments_of_tox_need(arguments: str, *, cluster: bool, browser: bool) -> None:
    """Judging by their commands in tox.ini; everything, if the environments are unknown."""
    assert tox_needs_cluster(arguments.split()) is cluster
    assert tox_needs_browser(arguments.split()) is browser


def test_screenshots_need_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """They show the reports of real runs."""
    monkeypatch.setenv("PODSHARE_SCREENSHOTS", "docs/images")
    assert needs_cluster(["pytest", "tests/browser"])
    assert tox_needs_cluster(["-e", "browser"])
    assert not needs_cluster(["pytest", "tests/unit"])


def test_the_folders_of_local_tests_use_no_cluster() -> None:
    """They exist, and only the screenshots in them use the fixture of the cluster."""
    users = set()
    for folder in command_needs.LOCAL_TESTS:
        files = list((paths.CHECKOUT / folder).rglob("test_*.py"))
        assert files
        for file in files:
            # as an argument or a mark; tests inside strings are run by pytester, without a cluster
            text = re.sub(r'(?s)""".*?"""', "", file.read_text())
            if re.search(r'(?m)^def \w+\(.*\bpodshare_cluster\b|^@.*"podshare_cluster"', text):
                users.add(file.name)
    assert users == {"test_screenshots.py"}


@pytest.fixture
def engine_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Simulate an empty machine: an empty cache, and engines and tools that record each call."""
    calls = tmp_path / "calls"
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("docker", "dockerd", "podman", "kind", "apt-get", "go"):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{calls}"\nexit 1\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return calls


def run_dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``./dev`` in the environment of this test."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, cwd=paths.CHECKOUT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "arguments",
    [
        (
            "run",
            "python",
            "-m",
            "pytest",
            "tests/unit/test_deadline.py",
            "-p",
            "no:cacheprovider",
        ),
        ("run", "--no-cluster", "python", "-c", "print('passed')"),
        # what tox would run, without running it
        ("test", "config", "-e", "lint,unit", "-k", "description", "env_name"),
    ],
    ids=" ".join,
)
def test_nothing_is_started_or_built_for_local_commands(
    arguments: tuple[str, ...], engine_calls: Path, tmp_path: Path
) -> None:
    """No engine is called, and the cache folder of ``./dev`` is not even created."""
    process = run_dev(*arguments)

    assert process.returncode == 0, process.stderr
    assert "passed" in process.stdout or "env_name = unit" in process.stdout
    assert not engine_calls.exists(), engine_calls.read_text()
    assert not (tmp_path / "cache" / "podshare").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "pytest", "tests/examples"),
        ("run", "--cluster", "pytest", "tests/unit"),
        ("test", "config", "-e", "cluster"),
    ],
    ids=" ".join,
)
def test_other_commands_begin_with_the_engine(
    arguments: tuple[str, ...], engine_calls: Path
) -> None:
    """The control: they do call it, and fail where there is none."""
    process = run_dev("--no-install", *arguments)

    assert process.returncode == 2, process.stdout
    assert process.stderr.startswith("dev: ")
    assert "docker info" in engine_calls.read_text()


def test_tools_that_were_built_before_are_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the programs of the Python environment, and only if PATH has no such tool."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    options = DevOptions("1.36.3", may_install=True)
    store = products.open_store("docker", options.kubernetes)
    helm = store.folder(products.find_step("helm")) / "bin" / "helm"
    helm.parent.mkdir(parents=True)
    helm.touch()

    def path() -> list[str]:
        return toolchain.local_environment(options)["PATH"].split(os.pathsep)

    assert path() == [str(Path(sys.executable).parent), str(helm.parent), str(tmp_path)]
    other = tmp_path / "helm"
    other.touch()
    other.chmod(0o755)
    assert path() == [str(Path(sys.executable).parent), str(tmp_path)]
