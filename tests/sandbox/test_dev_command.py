"""``./dev`` as a person meets it: help, messages, the doctor's table, the plan's table."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sandbox import bootstrap, commands, doctor, golang, image, places
from sandbox.cli import choices, main, parser, split
from sandbox.commands import Choices, plan_as_markdown
from sandbox.engine import Facts
from sandbox.errors import SandboxError
from sandbox.plan import KUBERNETES_VERSIONS, LANES, PLAN, Step, with_needs
from sandbox.progress import Course, Plain, clock, watching
from sandbox.tools import Tool

CHECKOUT = Path(__file__).parents[2]


def said(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code and what went to standard error."""
    code = main(arguments)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["dmo"], "invalid choice: 'dmo'"),
        ([], "required: COMMAND"),
        (["up", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["up", "--kubernetes", "1.2"], "invalid choice: '1.2'"),
        (["run"], "run what?"),
        (["build", "nod"], "there is no step 'nod'"),
        (["bench", "visble"], "there is no benchmark visble"),
    ],
)
def test_wrong_words_are_two_lines_and_exit_2(
    arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, then what to do; no traceback, no usage text of a screen's length."""
    code, err = said(arguments, capsys)
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
def test_shared_options_stand_before_or_after_the_command(arguments: str, rest: str) -> None:
    """What follows the first word that is not ours is handed on as it is."""
    own, others = split(arguments.split())
    assert choices(parser().parse_args(own)) == Choices("1.34.4", may_install=False)
    assert others == rest.split()


def test_options_are_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any: the default version, or the environment's, and leave to install."""
    monkeypatch.delenv("PODSHARE_KUBERNETES", raising=False)
    assert choices(parser().parse_args(["up"])) == Choices("1.36.3", may_install=True)
    monkeypatch.setenv("PODSHARE_KUBERNETES", "v1.34.4")
    assert choices(parser().parse_args(["up"])) == Choices("1.34.4", may_install=True)


def test_a_wrong_environment_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PODSHARE_KUBERNETES is checked like the option."""
    monkeypatch.setenv("PODSHARE_KUBERNETES", "v0.1")
    code, err = said(["doctor"], capsys)
    assert code == 2
    assert "PODSHARE_KUBERNETES=0.1" in err
    assert "1.36.3" in err


def test_help_names_every_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--help fits a small window."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0
    for command in ("demo", "test", "up", "down", "run", "build", "bench", "doctor"):
        assert f"\n    {command} " in out
    assert len(out.splitlines()) <= 25


def test_the_demo_begins_with_what_takes_no_cluster(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wiring and the verdict are there at once, before anything is looked for."""

    def engine(_: Choices) -> str:
        raise SandboxError("no engine in this test", "none needed")

    monkeypatch.setattr(commands, "find_engine", engine)
    begun = time.monotonic()
    code = main(["demo"])
    seconds = time.monotonic() - begun
    out = capfd.readouterr().out
    assert code == 2
    assert "xchange  emptyDir  rw /tmp/xchange  rw /tmp/data\n" in out
    assert out.endswith("no findings: 1 Pod template in 1 manifest\n")
    # it takes less than two, and longer on a busy machine
    assert seconds < 20


@pytest.mark.parametrize("on_path", [True, False])
def test_a_helm_that_was_built_is_found_by_what_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, on_path: bool
) -> None:
    """One on PATH is found there; without any, PATH is as it was."""
    program = tmp_path / "helm"
    kind = Tool(Path("/usr/bin/kind"), "", "on PATH", on_path=True)
    monkeypatch.setattr(commands.image, "stand_ins", lambda *_: "")

    def path(helm: Tool | None) -> list[str]:
        ready = commands.Ready("docker", kind, kind, "image", helm)
        return ready.environment("cluster")["PATH"].split(os.pathsep)

    assert str(tmp_path) not in path(None)
    assert (str(tmp_path) in path(Tool(program, "", "here", on_path=on_path))) is not on_path


def test_an_error_prints_what_lines_and_remedy() -> None:
    """The lines that show it stand between."""
    error = SandboxError("it broke", "mend it", shown=["one", "two"])
    assert error.text() == "dev: it broke\n  | one\n  | two\n  -> mend it"


def drawn(rows: Sequence[doctor.Row]) -> str:
    """The doctor's table as plain text."""
    console = Console(file=io.StringIO(), width=100)
    console.print(doctor.table(rows))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_the_doctors_table() -> None:
    """Three columns: what, found, and the command that mends what is missing."""
    rows = [
        doctor.Row("git", ready=True, found="/usr/bin/git"),
        doctor.Row("kind", ready=False, found="none new enough", mend="./dev build kind"),
    ]
    assert drawn(rows) == (
        "    what  found            what mends it\n"
        "ok  git   /usr/bin/git\n"
        "--  kind  none new enough  ./dev build kind"
    )


@pytest.mark.parametrize(
    ("facts", "ready", "found", "mend"),
    [
        (Facts(docker_version="20.10"), True, "Docker 20.10, running, not ours", ""),
        (Facts(docker_version="20.10", ours=True), True, "Docker 20.10, started by ./dev", ""),
        (Facts(podman_version="5.0"), True, "Podman 5.0", ""),
        (Facts(root=True, debian=True), False, "none", "./dev up will install Docker"),
        (Facts(root=True, dockerd_installed=True), False, "Docker, not running", "./dev up will"),
        (Facts(), False, "there is no container engine", "install and start Docker"),
    ],
)
def test_the_doctors_word_on_engines(facts: Facts, found: str, mend: str, *, ready: bool) -> None:
    """It decides as the commands do, and does nothing about it."""
    row = doctor.engine_row(facts, may_install=True)
    assert row.ready is ready
    assert row.found.startswith(found)
    assert row.mend.startswith(mend)


def test_the_doctors_word_on_the_capability() -> None:
    """The engine's process counts where there is one, else this one."""
    there = Facts(docker_version="29", sys_resource=False)
    assert doctor.capability_row(there).found == "there"
    assert "runc-capped" in doctor.capability_row(Facts(sys_resource=False)).found
    lacking = replace(there, engine_lacks_sys_resource=True)
    assert "runc-capped" in doctor.capability_row(lacking).found


def test_the_doctors_word_on_the_disk() -> None:
    """Too little is named with what is wanted."""
    assert doctor.disk_row(50 * 2**30) == doctor.Row("disk", ready=True, found="50 GiB free")
    row = doctor.disk_row(3 * 2**30)
    assert not row.ready
    assert "20 GiB" in row.mend


def test_the_plan_holds_together() -> None:
    """Names are unique, needs come first, and every step is for the node image or the tests."""
    names = [step.name for step in PLAN]
    assert len(set(names)) == len(names)
    for position, step in enumerate(PLAN):
        assert set(step.needs) <= set(names[:position]), step.name
        assert step.lane in LANES
        assert step.makes
        assert "\n" not in step.makes
    assert with_needs(PLAN, ["node", "helm", "python"]) == list(PLAN)
    apart = [step.name for step in PLAN if step not in with_needs(PLAN, ["node"])]
    assert apart == ["helm-modules", "helm", "python"]


def test_tox_has_every_kubernetes_version() -> None:
    """An environment for each that the sandbox builds, and for no other."""
    text = (places.CHECKOUT / "tox.ini").read_text()
    (versions,) = re.findall(r"^\[testenv:kubernetes-\{(.*)\}\]$", text, re.M)
    chosen = re.findall(r"^    (\S+): PODSHARE_KUBERNETES = (\S+)$", text, re.M)

    assert set(versions.split(",")) == set(KUBERNETES_VERSIONS)
    assert sorted(chosen) == sorted((each, each) for each in KUBERNETES_VERSIONS)


@pytest.mark.parametrize("kubernetes", KUBERNETES_VERSIONS)
def test_the_plans_files_are_there(kubernetes: str) -> None:
    """For each Kubernetes version: the scripts, and all they declare to read."""
    params = {"KUBERNETES_VERSION": kubernetes, "KUBERNETES_MINOR": kubernetes[:4]}
    for step in PLAN:
        for name in (step.script, *step.inputs):
            assert (places.SANDBOX / name.format_map(params)).exists(), (step.name, name)


@pytest.mark.parametrize("step", PLAN, ids=lambda step: step.name)
def test_a_script_uses_only_what_its_step_declares(step: Step) -> None:
    """Whatever a script reads is in its key: products, images, files and parameters."""
    script = (places.SANDBOX / step.script).read_text()
    # What a *-modules step fetches is found through Go's own cache.
    needs = {name.upper().replace("-", "_") for name in step.needs if not name.endswith("-modules")}
    assert set(re.findall(r"\$\{?(?:IN|IMAGE)_(\w+)", script)) == needs
    read = re.findall(r"\$SANDBOX\"?/([\w.*-]+(?:/[\w.-]+)?)", script)
    declared = [name.partition("{")[0] for name in step.inputs]
    assert [path for path in read if not path.startswith(tuple(declared))] == []
    assert [name for name in declared if not any(name.startswith(path) for path in read)] == []
    assert ("KUBERNETES_" in script) == bool(step.params)
    assert ('$IMAGE"' in script) == bool(step.image)


def test_the_readme_shows_the_plan() -> None:
    """The table in sandbox/README.md is what ``./dev build --list --markdown`` prints."""
    assert plan_as_markdown(PLAN) in (places.SANDBOX / "README.md").read_text()


def test_every_script_is_a_step() -> None:
    """No script lies about that nothing runs."""
    scripts = {path.stem for path in (places.SANDBOX / "steps").glob("*.sh")}
    assert scripts == {step.name for step in PLAN}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (725, "12 min 05 s")]
)
def test_durations_as_people_read_them(seconds: float, text: str) -> None:
    """Minutes from a minute on."""
    assert clock(seconds) == text


def test_logs_get_plain_lines_and_signs_of_life() -> None:
    """One line per start and finish, and one when nothing was said for long."""
    console = Console(file=io.StringIO(), width=40)
    steps = PLAN[:2]
    with watching(console, steps, {step.name: 5.0 for step in steps}) as watcher:
        assert isinstance(watcher, Plain)
        watcher.started(steps[0])
        watcher.tick()
        watcher._said -= 31  # as if half a minute had passed
        watcher.tick()
        watcher.finished(steps[0], 5.0)
    first, life, last = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert first.endswith(f"start  {steps[0].name}: {steps[0].makes} (about 5 s)")
    assert re.search(rf"\.\.\.    {re.escape(steps[0].name)} \d+ s; about ", life)
    assert last.endswith(f"done   {steps[0].name} in 5 s (1 of 2)")


def test_the_live_table_shows_every_step() -> None:
    """On a terminal: each step with its state, then the total and what is left."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    steps = PLAN[:3]
    with watching(console, steps, {step.name: 5.0 for step in steps}) as watcher:
        watcher.started(steps[0])
        watcher.finished(steps[0], 4.0)
        watcher.started(steps[1])
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for step in steps:
        assert step.name in text
    assert "1 of 3 steps" in text
    assert "left" in text


def test_what_is_left_shrinks_as_steps_end() -> None:
    """By what the steps took before."""
    steps = [replace(PLAN[0], needs=()), replace(PLAN[1], needs=())]
    course = Course(steps, {step.name: 60.0 for step in steps})
    assert course.left() == 120 if steps[0].lane == steps[1].lane else 60
    course.took[steps[0].name] = 1.0
    assert course.left() == 60


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo v1: Pulling from kindest/node; sleep 3; echo done", True),
        ("echo v1: Pulling from kindest/node; exit 1", False),
        ("echo no such host >&2; exit 1", False),
        ("sleep 60", False),
    ],
)
def test_a_pull_is_given_up_when_no_registry_answers(
    script: str, tmp_path: Path, *, expected: bool
) -> None:
    """Silence for longer than the budget is a no; an answer buys the time to finish."""
    engine = tmp_path / "engine"
    engine.write_text(f"#!/bin/sh\n{script}\n")
    engine.chmod(0o755)
    assert image.pull(str(engine), "kindest/node:v1", answer_within=2) is expected


def test_the_go_line_of_a_module() -> None:
    """Both the old two-part form and the new one."""
    assert golang.go_line("module x\n\ngo 1.24.2\n\ntoolchain go1.26.0\n") == (1, 24, 2)
    assert golang.go_line("module x\ngo 1.21\n") == (1, 21)
    assert golang.go_line("module x\n") == ()


def test_bootstrap_and_sandbox_agree_on_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that may import nothing says the same as the other; relative values are ignored."""
    for value in ("/somewhere", "relative", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert bootstrap.cache() == places.cache()
        assert places.cache().is_absolute()


def test_the_environments_name_is_of_what_it_is_made(tmp_path: Path) -> None:
    """Another pyproject.toml, other pins or another checkout is another environment."""
    one, two = tmp_path / "one", tmp_path / "two"
    for checkout in (one, two):
        checkout.mkdir()
        (checkout / "pyproject.toml").write_text("x")
        (checkout / bootstrap.PINNED).parent.mkdir(parents=True)
        (checkout / bootstrap.PINNED).write_text("x")
    first = bootstrap.key(one)
    assert bootstrap.key(two) != first
    (one / "pyproject.toml").write_text("y")
    second = bootstrap.key(one)
    assert second != first
    (one / bootstrap.PINNED).write_text("y")
    assert bootstrap.key(one) not in (first, second)


def test_system_programs_are_found() -> None:
    """PATH gets the folders it lacks, at its end."""
    assert bootstrap.with_system_folders("/own::/usr/bin").startswith("/own:/usr/bin:")
    assert "/usr/sbin" in bootstrap.with_system_folders("").split(os.pathsep)


def test_dev_runs_on_a_bare_environment() -> None:
    """bootstrap.py needs nothing but the standard library and passes for Python 3.10."""
    program = "import sys; sys.argv = ['x']; import runpy; runpy.run_path('sandbox/bootstrap.py')"
    isolated = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(isolated, cwd=CHECKOUT, env={}, capture_output=True, text=True)
    assert done.stderr == ""
