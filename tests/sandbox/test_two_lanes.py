"""The scheduler, with real bash steps: order, lanes, failures, interruption, nothing half made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from sandbox.build import forecast, missing, urgency
from sandbox.errors import SandboxError, StepError, StoppedError
from sandbox.running import end_group
from tests.sandbox.toys import Seen, Workshop, toy


def test_needs_come_first_and_are_handed_over(tmp_path: Path) -> None:
    """A step finds the product of what it needs in IN_<STEP>."""
    plan = [toy("first-one", lane="network"), toy("second", needs=("first-one",))]
    workshop = Workshop(
        tmp_path,
        plan,
        {
            "first-one": 'echo hello > "$OUT/word"',
            "second": 'cat "$IN_FIRST_ONE/word" "$IN_FIRST_ONE/word" > "$OUT/words"',
        },
    )
    seen = Seen()
    assert workshop.build("second", watcher=seen) == ["first-one", "second"]
    words = workshop.store().folder(workshop.step("second")) / "words"
    assert words.read_text() == "hello\nhello\n"
    assert seen.events == ["start first-one", "done first-one", "start second", "done second"]


def test_lanes_run_beside_each_other(tmp_path: Path) -> None:
    """Each of the two steps waits for a file of the other, so both must run at once."""
    meet = (
        'touch "$SCRATCH/{0}"; for i in {{1..1200}}; do '
        '[ -e "$SCRATCH/{1}" ] && exit; sleep 0.05; done; exit 1'
    )
    workshop = Workshop(
        tmp_path,
        [toy("n", lane="network"), toy("c", lane="compile")],
        {"n": meet.format("n", "c"), "c": meet.format("c", "n")},
    )
    assert workshop.build("n", "c") == ["n", "c"]


def test_one_step_at_a_time_in_a_lane(tmp_path: Path) -> None:
    """Three steps of one lane never overlap."""
    alone = 'mkdir "$SCRATCH/busy"; sleep 0.1; rmdir "$SCRATCH/busy"'
    names = ("a", "b", "c")
    workshop = Workshop(tmp_path, [toy(name) for name in names], dict.fromkeys(names, alone))
    assert workshop.build(*names) == list(names)


def test_a_present_product_is_not_made_again(tmp_path: Path) -> None:
    """The second build runs nothing, and after a change only what depends on it."""
    plan = [toy("a"), toy("b", needs=("a",)), toy("c")]
    workshop = Workshop(tmp_path, plan, {"a": ":", "b": ":", "c": ":"})
    assert workshop.build("b", "c") == ["a", "b", "c"]
    assert workshop.build("b", "c") == []
    workshop.write("b", "echo changed")
    assert workshop.build("b", "c") == ["b"]


def test_what_a_present_product_needed_is_not_looked_for() -> None:
    """With b there, a is not made, though it is not there."""
    plan = [toy("a"), toy("b", needs=("a",))]
    assert missing(plan, ["b"], lambda step: step.name == "b") == []


def test_a_failing_step_is_named_with_its_last_lines(tmp_path: Path) -> None:
    """Fifteen lines, the exit code and the log's path; what needs the step is not run."""
    plan = [toy("bad"), toy("after", needs=("bad",))]
    workshop = Workshop(tmp_path, plan, {"bad": "seq 1 99; echo broken >&2; exit 7", "after": ":"})
    seen = Seen()
    with pytest.raises(StepError) as caught:
        workshop.build("after", watcher=seen)
    assert caught.value.what == "step bad failed (exit 7); its last lines:"
    assert caught.value.shown == (*(str(number) for number in range(86, 100)), "broken")
    assert str(tmp_path / "logs" / "bad.log") in caught.value.remedy
    assert seen.events == ["start bad"]
    assert not workshop.store().has(workshop.step("bad"))
    assert workshop.leftovers() == []


def test_a_failure_stops_the_other_lane(tmp_path: Path) -> None:
    """The step that runs beside the failing one is ended and leaves no product."""
    fail_when_other_runs = 'until [ -e "$SCRATCH/runs" ]; do sleep 0.02; done; exit 1'
    workshop = Workshop(
        tmp_path,
        [toy("long", lane="network"), toy("bad")],
        {"long": 'touch "$SCRATCH/runs"; sleep 60', "bad": fail_when_other_runs},
    )
    begun = time.monotonic()
    with pytest.raises(StepError, match="step bad"):
        workshop.build("long", "bad")
    assert time.monotonic() - begun < 30
    assert not workshop.store().has(workshop.step("long"))
    assert workshop.leftovers() == []


def test_undefined_names_and_failing_pipes_are_errors(tmp_path: Path) -> None:
    """Scripts run with -e, -u and pipefail."""
    scripts = {"e": "false; true", "u": "echo $NO_SUCH_NAME", "p": "false | true"}
    workshop = Workshop(tmp_path, [toy(name) for name in scripts], scripts)
    for name in scripts:
        with pytest.raises(StepError):
            workshop.make(name)


def test_a_network_step_gets_a_second_try(tmp_path: Path) -> None:
    """It fails once, then works; the log tells, and the first try's files are gone."""
    once = 'touch "$OUT/$$"; [ -e "$SCRATCH/tried" ] || { touch "$SCRATCH/tried"; exit 1; }'
    workshop = Workshop(tmp_path, [toy("n", lane="network")], {"n": once})
    workshop.make("n")
    assert len(list(workshop.store().folder(workshop.step("n")).iterdir())) == 1
    assert "try 1 of 3 failed" in (tmp_path / "logs" / "n.log").read_text()


def test_a_product_of_files_edited_meanwhile_does_not_count(tmp_path: Path) -> None:
    """It would be found under a key that says something else; nor is it tried again by itself."""
    edit = 'echo x >> "$SCRATCH/tries"; echo "# more" >> "$SANDBOX/steps/n.sh"'
    workshop = Workshop(tmp_path, [toy("n", lane="network")], {"n": edit})
    runner, store = workshop.runner(), workshop.store()
    with pytest.raises(SandboxError, match="step n is made of was edited while it ran"):
        runner.run(workshop.step("n"), Event())
    assert not store.has(workshop.step("n"))
    assert (tmp_path / "tries").read_text() == "x\n"


def test_a_compile_step_gets_no_second_try(tmp_path: Path) -> None:
    """What the processor says once it says again."""
    workshop = Workshop(tmp_path, [toy("c")], {"c": 'echo x >> "$SCRATCH/tries"; exit 1'})
    with pytest.raises(StepError):
        workshop.make("c")
    assert (tmp_path / "tries").read_text() == "x\n"


def test_a_stopped_step_ends_with_its_children(tmp_path: Path) -> None:
    """Its whole process group is asked to end, its exit trap runs, no product stays."""
    script = 'trap \'touch "$SCRATCH/cleaned"\' EXIT; echo $$ > "$SCRATCH/pid"; sleep 60 | sleep 60'
    workshop = Workshop(tmp_path, [toy("n", lane="network")], {"n": script})
    stop, outcome = Event(), list[str]()

    def run() -> None:
        try:
            workshop.runner().run(workshop.step("n"), stop)
        except StoppedError:
            outcome.append("stopped")

    thread = Thread(target=run)
    thread.start()
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.02)
    stop.set()
    thread.join(timeout=60)
    assert outcome == ["stopped"]
    assert (tmp_path / "cleaned").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(int((tmp_path / "pid").read_text()), 0)
    assert workshop.leftovers() == []
    assert not workshop.store().has(workshop.step("n"))


def test_a_group_that_ignores_being_asked_is_killed() -> None:
    """SIGKILL follows SIGTERM after a while."""
    command = ["bash", "-c", "trap '' TERM; echo up; sleep 60; sleep 60"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    end_group(process, grace=0.2)
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL


def test_an_interrupted_build_leaves_nothing_half_made(tmp_path: Path) -> None:
    """SIGTERM to a building process: its step is ended, the half product gone."""
    program = f"""
import signal, sys
from pathlib import Path
from sandbox.errors import Terminated
from tests.sandbox.toys import Workshop, toy
def end(signum, frame): raise Terminated(signum)
signal.signal(signal.SIGTERM, end)
script = 'touch "$OUT/file"; echo $$ > "$SCRATCH/pid"; sleep 60'
try:
    Workshop(Path({str(tmp_path)!r}), [toy("n", lane="network")], {{"n": script}}).build("n")
except Terminated as ended:
    sys.exit(128 + ended.signum)
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


def test_long_chains_go_first() -> None:
    """A step's urgency is its own seconds and those of the longest chain behind it."""
    plan = [toy("a", seconds=1), toy("b", seconds=5), toy("c", needs=("a",), seconds=9)]
    seconds = {step.name: float(step.seconds) for step in plan}
    assert urgency(plan, seconds) == {"a": 10, "b": 5, "c": 9}


def test_the_forecast_overlaps_the_lanes() -> None:
    """Ten seconds of network beside ten of compiling, then what needs both."""
    plan = [
        toy("n", lane="network", seconds=10),
        toy("c", seconds=10),
        toy("last", needs=("n", "c"), seconds=5),
    ]
    seconds = {step.name: float(step.seconds) for step in plan}
    assert forecast(plan, seconds, {}) == 15
    assert forecast(plan, seconds, {"n": 4, "c": 8}) == 11
    assert forecast(plan, seconds, {"n": 99, "c": 99}) == 5
    assert forecast([], {}, {}) == 0
