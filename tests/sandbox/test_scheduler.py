"""The scheduler with real bash steps: order, lanes, failures, interruption, nothing partial."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from sandbox.errors import SandboxError, StepCancelled, StepError
from sandbox.plan import LANES
from sandbox.scheduler import forecast, steps_to_run, urgency
from sandbox.step_runner import terminate_group
from tests.sandbox.toy_steps import RecordingObserver, ToyProject, toy_step


def test_needed_steps_run_first_and_their_products_are_passed_on(tmp_path: Path) -> None:
    """A step finds the product of a step that it needs in IN_<STEP>."""
    plan = [toy_step("first-one", lane="network"), toy_step("second", needs=("first-one",))]
    project = ToyProject(
        tmp_path,
        plan,
        {
            "first-one": 'echo hello > "$OUT/word"',
            "second": 'cat "$IN_FIRST_ONE/word" "$IN_FIRST_ONE/word" > "$OUT/words"',
        },
    )
    observer = RecordingObserver()
    assert project.build("second", observer=observer) == ["first-one", "second"]
    words = project.store().folder(project.step("second")) / "words"
    assert words.read_text() == "hello\nhello\n"
    assert observer.events == ["start first-one", "done first-one", "start second", "done second"]


def test_the_lanes_run_in_parallel(tmp_path: Path) -> None:
    """Each of the two steps waits for a file of the other, so both must run at once."""
    meet = (
        'touch "$SCRATCH/{0}"; for i in {{1..1200}}; do '
        '[ -e "$SCRATCH/{1}" ] && exit; sleep 0.05; done; exit 1'
    )
    project = ToyProject(
        tmp_path,
        [toy_step("n", lane="network"), toy_step("c", lane="compile")],
        {"n": meet.format("n", "c"), "c": meet.format("c", "n")},
    )
    assert project.build("n", "c") == ["n", "c"]


def test_a_lane_runs_one_step_at_a_time(tmp_path: Path) -> None:
    """Three steps of the same lane never overlap."""
    alone = 'mkdir "$SCRATCH/busy"; sleep 0.1; rmdir "$SCRATCH/busy"'
    names = ("a", "b", "c")
    plan = [toy_step(name) for name in names]
    assert ToyProject(tmp_path, plan, dict.fromkeys(names, alone)).build(*names) == list(names)


def test_an_existing_product_is_not_rebuilt(tmp_path: Path) -> None:
    """A second build runs nothing, and after a change only the steps that depend on it."""
    plan = [toy_step("a"), toy_step("b", needs=("a",)), toy_step("c")]
    project = ToyProject(tmp_path, plan, {"a": ":", "b": ":", "c": ":"})
    assert project.build("b", "c") == ["a", "b", "c"]
    assert project.build("b", "c") == []
    project.write("b", "echo changed")
    assert project.build("b", "c") == ["b"]


def test_what_an_existing_product_was_built_from_is_not_built() -> None:
    """If b exists, a is not built, even though it does not exist."""
    plan = [toy_step("a"), toy_step("b", needs=("a",))]
    assert steps_to_run(plan, ["b"], lambda step: step.name == "b") == []


def test_a_failed_step_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    """The error has fifteen lines, the exit code and the log's path; dependents do not run."""
    plan = [toy_step("bad"), toy_step("after", needs=("bad",))]
    scripts = {"bad": "seq 1 99; echo broken >&2; exit 7", "after": ":"}
    project = ToyProject(tmp_path, plan, scripts)
    observer = RecordingObserver()
    with pytest.raises(StepError) as caught:
        project.build("after", observer=observer)
    assert caught.value.what == "step bad failed (exit 7); last lines:"
    assert caught.value.lines == (*(str(number) for number in range(86, 100)), "broken")
    assert str(tmp_path / "logs" / "bad.log") in caught.value.remedy
    assert observer.events == ["start bad"]
    assert not project.store().has(project.step("bad"))
    assert project.partial_products() == []


def test_a_failure_stops_the_other_lane(tmp_path: Path) -> None:
    """The step that runs at the same time is ended and leaves no product."""
    fail_when_other_runs = 'until [ -e "$SCRATCH/runs" ]; do sleep 0.02; done; exit 1'
    project = ToyProject(
        tmp_path,
        [toy_step("long", lane="network"), toy_step("bad")],
        {"long": 'touch "$SCRATCH/runs"; sleep 60', "bad": fail_when_other_runs},
    )
    start = time.monotonic()
    with pytest.raises(StepError, match="step bad"):
        project.build("long", "bad")
    assert time.monotonic() - start < 30
    assert not project.store().has(project.step("long"))
    assert project.partial_products() == []


def test_undefined_variables_and_failing_pipes_are_errors(tmp_path: Path) -> None:
    """Scripts run with -e, -u and pipefail."""
    scripts = {"e": "false; true", "u": "echo $NO_SUCH_NAME", "p": "false | true"}
    project = ToyProject(tmp_path, [toy_step(name) for name in scripts], scripts)
    for name in scripts:
        with pytest.raises(StepError):
            project.run(name)


def test_a_network_step_is_retried(tmp_path: Path) -> None:
    """It fails once, then succeeds; the log says so, and files of the first attempt are gone."""
    once = 'touch "$OUT/$$"; [ -e "$SCRATCH/tried" ] || { touch "$SCRATCH/tried"; exit 1; }'
    project = ToyProject(tmp_path, [toy_step("n", lane="network")], {"n": once})
    project.run("n")
    assert len(list(project.store().folder(project.step("n")).iterdir())) == 1
    assert "attempt 1 of 3 failed" in (tmp_path / "logs" / "n.log").read_text()


def test_a_product_of_edited_files_is_discarded(tmp_path: Path) -> None:
    """Its key would be wrong; and such a step is not retried."""
    edit = 'echo x >> "$SCRATCH/tries"; echo "# more" >> "$SANDBOX/steps/n.sh"'
    project = ToyProject(tmp_path, [toy_step("n", lane="network")], {"n": edit})
    runner, store = project.runner(), project.store()
    with pytest.raises(SandboxError, match="files of step n were edited while it ran"):
        runner.run(project.step("n"), Event())
    assert not store.has(project.step("n"))
    assert (tmp_path / "tries").read_text() == "x\n"


def test_a_compile_step_is_not_retried(tmp_path: Path) -> None:
    """It would fail in the same way again."""
    project = ToyProject(tmp_path, [toy_step("c")], {"c": 'echo x >> "$SCRATCH/tries"; exit 1'})
    with pytest.raises(StepError):
        project.run("c")
    assert (tmp_path / "tries").read_text() == "x\n"


def test_a_cancelled_step_ends_with_its_children(tmp_path: Path) -> None:
    """Its process group receives SIGTERM, its exit trap runs, and no product is left."""
    script = 'trap \'touch "$SCRATCH/cleaned"\' EXIT; echo $$ > "$SCRATCH/pid"; sleep 60 | sleep 60'
    project = ToyProject(tmp_path, [toy_step("n", lane="network")], {"n": script})
    stop, outcome = Event(), list[str]()

    def run() -> None:
        try:
            project.runner().run(project.step("n"), stop)
        except StepCancelled:
            outcome.append("cancelled")

    thread = Thread(target=run)
    thread.start()
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.02)
    stop.set()
    thread.join(timeout=60)
    assert outcome == ["cancelled"]
    assert (tmp_path / "cleaned").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(int((tmp_path / "pid").read_text()), 0)
    assert project.partial_products() == []
    assert not project.store().has(project.step("n"))


def test_a_process_group_that_ignores_sigterm_is_killed() -> None:
    """SIGKILL follows after the grace period."""
    command = ["bash", "-c", "trap '' TERM; echo up; sleep 60; sleep 60"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    terminate_group(process, grace=0.2)
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL


def test_an_interrupted_build_leaves_no_partial_product(tmp_path: Path) -> None:
    """On SIGTERM, the building process ends its step and removes the partial product."""
    program = f"""
import signal, sys
from pathlib import Path
from sandbox.errors import TerminationSignal
from tests.sandbox.toy_steps import ToyProject, toy_step
def end(signum, frame): raise TerminationSignal(signum)
signal.signal(signal.SIGTERM, end)
script = 'touch "$OUT/file"; echo $$ > "$SCRATCH/pid"; sleep 60'
step = toy_step("n", lane="network")
try:
    ToyProject(Path({str(tmp_path)!r}), [step], {{"n": script}}).build("n")
except TerminationSignal as error:
    sys.exit(128 + error.signum)
"""
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", program], cwd=root)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert process.poll() is None
        time.sleep(0.02)
    process.terminate()
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.killpg(int((tmp_path / "pid").read_text()), 0)
    assert list((tmp_path / "cache" / "steps").iterdir()) == []


def test_an_interrupt_while_the_lanes_start_ends_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C that comes after the first lane has begun its step, and before the second starts."""
    pid = tmp_path / "pid"

    class InterruptedThread(Thread):
        def start(self) -> None:
            if self.name == LANES[0]:
                super().start()
                return
            while not pid.exists() or not pid.read_text():
                time.sleep(0.02)
            raise KeyboardInterrupt

    monkeypatch.setattr("sandbox.scheduler.Thread", InterruptedThread)
    script = 'touch "$OUT/file"; echo $$ > "$SCRATCH/pid"; sleep 60'
    project = ToyProject(tmp_path, [toy_step("n", lane=LANES[0])], {"n": script})
    with pytest.raises(KeyboardInterrupt):
        project.build("n")
    with pytest.raises(ProcessLookupError):
        os.killpg(int(pid.read_text()), 0)
    assert project.partial_products() == []


def test_long_chains_are_more_urgent() -> None:
    """A step's urgency is its own duration plus that of the longest chain behind it."""
    plan = [
        toy_step("a", seconds=1),
        toy_step("b", seconds=5),
        toy_step("c", needs=("a",), seconds=9),
    ]
    seconds = {step.name: float(step.seconds) for step in plan}
    assert urgency(plan, seconds) == {"a": 10, "b": 5, "c": 9}


def test_the_forecast_overlaps_the_lanes() -> None:
    """Ten seconds in each lane run in parallel, then the step that needs both."""
    plan = [
        toy_step("n", lane="network", seconds=10),
        toy_step("c", seconds=10),
        toy_step("last", needs=("n", "c"), seconds=5),
    ]
    seconds = {step.name: float(step.seconds) for step in plan}
    assert forecast(plan, seconds, {}) == 15
    assert forecast(plan, seconds, {"n": 4, "c": 8}) == 11
    assert forecast(plan, seconds, {"n": 99, "c": 99}) == 5
    assert forecast([], {}, {}) == 0
