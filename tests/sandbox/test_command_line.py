"""The command line of ``./dev``: help, options, errors, the first lines of the demo."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from sandbox import node_image, toolchain
from sandbox.cli import dev_options, main, parser, split_arguments
from sandbox.errors import SandboxError
from sandbox.toolchain import DevOptions, Toolchain
from sandbox.tools import Tool


def run_dev(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return the exit code and standard error."""
    code = main(arguments)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["dmo"], "invalid choice: 'dmo'"),
        ([], "required: COMMAND"),
        (["up", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["up", "--kubernetes", "1.2"], "invalid choice: '1.2'"),
        (["run"], "no command given"),
        (["build", "nod"], "unknown step 'nod'"),
        (["bench", "visble"], "unknown benchmark visble"),
    ],
)
def test_a_wrong_command_line_is_reported_in_two_lines(
    arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The problem and the remedy, with exit code 2; no traceback and no long usage text."""
    code, err = run_dev(arguments, capsys)
    first, second = err.splitlines()
    assert code == 2
    assert first.startswith("dev: ")
    assert what in first
    assert second.startswith("  -> ")


@pytest.mark.parametrize(
    ("arguments", "rest"),
    [
        ("--kubernetes 1.34.4 --no-install up", ""),
        ("up --kubernetes=1.34.4 --no-install", ""),
        ("--no-install run --kubernetes 1.34.4 ls --kubernetes x", "ls --kubernetes x"),
        ("test --no-install --kubernetes=1.34.4 -e lint -- -k x", "-e lint -- -k x"),
        ("test --kubernetes 1.34.4 --no-install -- --help", "--help"),
        ("--kubernetes 1.34.4 --no-install run test -h", "test -h"),
    ],
)
def test_shared_options_come_before_or_after_the_command(arguments: str, rest: str) -> None:
    """Everything from the first foreign word on is passed on unchanged."""
    own, passed_on = split_arguments(arguments.split())
    assert dev_options(parser().parse_args(own)) == DevOptions("1.34.4", may_install=False)
    assert passed_on == rest.split()


def test_shared_options_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default version or that of the environment, and permission to install."""
    monkeypatch.delenv("PODSHARE_KUBERNETES", raising=False)
    assert dev_options(parser().parse_args(["up"])) == DevOptions("1.36.3", may_install=True)
    monkeypatch.setenv("PODSHARE_KUBERNETES", "v1.34.4")
    assert dev_options(parser().parse_args(["up"])) == DevOptions("1.34.4", may_install=True)


def test_a_wrong_environment_variable_is_rejected(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PODSHARE_KUBERNETES is checked like the option."""
    monkeypatch.setenv("PODSHARE_KUBERNETES", "v0.1")
    code, err = run_dev(["doctor"], capsys)
    assert code == 2
    assert "PODSHARE_KUBERNETES=0.1" in err
    assert "1.36.3" in err


def test_help_lists_every_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--help fits into a small window."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0
    for command in ("demo", "test", "up", "down", "run", "build", "bench", "doctor"):
        assert f"\n    {command} " in out
    assert len(out.splitlines()) <= 25


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a machine without a container engine."""

    def find_engine(_: DevOptions) -> str:
        raise SandboxError("no engine in this test", "none needed")

    monkeypatch.setattr(toolchain, "find_engine", find_engine)


@pytest.mark.usefixtures("no_engine")
def test_the_demo_starts_with_what_needs_no_cluster(capfd: pytest.CaptureFixture[str]) -> None:
    """It prints the wiring and the findings at once, before it looks for an engine."""
    start = time.monotonic()
    code = main(["demo"])
    seconds = time.monotonic() - start
    out = capfd.readouterr().out
    assert code == 2
    assert "xchange  emptyDir  rw /tmp/xchange  rw /tmp/data\n" in out
    assert out.endswith("no findings: 1 Pod template in 1 manifest\n")
    # less than two seconds, except on a busy machine
    assert seconds < 20


@pytest.mark.parametrize("on_path", [True, False])
def test_commands_find_a_helm_that_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, on_path: bool
) -> None:
    """Its folder is added to PATH, unless helm is on PATH anyway or does not exist."""
    program = tmp_path / "helm"
    kind = Tool(Path("/usr/bin/kind"), "", "on PATH", on_path=True)
    monkeypatch.setattr(node_image, "stand_ins", lambda *_: "")

    def path(helm: Tool | None) -> list[str]:
        tools = Toolchain("docker", kind, kind, "image", helm)
        return tools.environment("cluster")["PATH"].split(os.pathsep)

    assert str(tmp_path) not in path(None)
    assert (str(tmp_path) in path(Tool(program, "", "here", on_path=on_path))) is not on_path


def test_an_error_prints_problem_lines_and_remedy() -> None:
    """The lines that show the problem come in between."""
    error = SandboxError("it broke", "fix it", lines=["one", "two"])
    assert error.text() == "dev: it broke\n  | one\n  | two\n  -> fix it"
