"""The thread that makes the checks of a group, with checks that a test scripts."""

import dataclasses
import threading
import types
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions.recording import Outcome
from pytest_podshare.plugin import group_checks
from pytest_podshare.plugin.group_checks import GroupChecks
from pytest_podshare.plugin.promise_check import PromiseResult

# seconds after which a thread that should have come is missed
PATIENCE = 30
BROKEN = Outcome(errors.PromiseBroken("broken"), 0.0)
HELD = Outcome(None, 0.0)


@dataclasses.dataclass(eq=False)
class Scripted:
    """A check that notes its steps, and has the outcome that a test gave it."""

    name: str
    log: list
    outcome: Outcome = HELD
    error: BaseException | None = None
    promise = types.SimpleNamespace(disruption=())

    def deploy(self, pods, _factory, _capabilities):
        """Create what has no Pods, or raise."""
        self.log.append(f"deploy {self.name}")
        pods.podshare = Podshare(self.log)
        if self.error is not None:
            raise self.error

    def make(self, _pods, _promises):
        """Return the outcome."""
        self.log.append(f"check {self.name}")
        return PromiseResult(None, None, self.outcome)


@dataclasses.dataclass
class Podshare:
    """Has no Pods, so that nothing can happen to them."""

    log: list
    pods: tuple = ()

    def close(self):
        """Note it."""
        self.log.append("close")


class Silent:
    """A progress that shows nothing."""

    def __enter__(self):
        return

    def __exit__(self, *_error):
        return

    def show(self):
        """Show nothing."""


class Group:
    """Runs the items of a group, as the window does."""

    def __init__(self, *checks):
        self.ended = threading.Event()
        self.made_room = []
        self.checks = GroupChecks(None, checks, Silent(), lambda: self.made_room.append(True))

    def start(self):
        """Start the thread."""
        self.checks.start(None, None, lambda _: {}, on_deployed=lambda: None, on_end=self.ended.set)

    def run_item(self, check):
        """Return the result of an item."""
        self.checks.deploy(check, None, None)
        return self.checks.check(check, lambda _: {})


def test_without_a_thread_each_item_makes_its_own_check():
    """Nothing happens before the item asks for it."""
    log = []
    first, second = Scripted("a", log), Scripted("b", log)
    group = Group(first, second)

    group.run_item(first)

    assert log == ["deploy a", "check a"]


def test_the_thread_is_ahead_of_the_items_and_makes_each_check_once():
    """In the order of the items, and the items read what it has found."""
    log = []
    checks = [Scripted(name, log) for name in "abc"]
    group = Group(*checks)

    group.start()
    assert group.ended.wait(PATIENCE)
    steps = [f"{step} {name}" for name in "abc" for step in ("deploy", "check")]
    assert log == steps
    for check in checks:
        assert group.run_item(check).outcome is HELD

    assert log == steps


def test_an_item_that_runs_again_is_checked_again():
    """As pytest-rerunfailures does; the first run has read what the thread had found."""
    log = []
    check = Scripted("a", log)
    group = Group(check)
    group.start()
    assert group.ended.wait(PATIENCE)

    for _ in range(2):
        group.run_item(check)

    assert log.count("check a") == 2


@pytest.mark.parametrize(
    ("fields", "pauses"),
    [
        ({"outcome": BROKEN}, True),
        ({"error": errors.PodGone("gone", "look")}, True),
        ({"error": pytest.skip.Exception("not here")}, False),
        ({}, False),
    ],
)
def test_after_a_failure_the_pods_stay_as_they_are_until_the_next_item(fields, pauses):
    """So the report of the failure shows what it is about; a skip needs no such pause."""
    log = []
    first, second = Scripted("a", log, **fields), Scripted("b", log)
    group = Group(first, second)

    group.start()
    # the failure of an item does not let the thread go on
    group.checks._place = 0
    assert group.ended.wait(0.3) is not pauses
    assert ("deploy b" in log) is not pauses
    group.run_item(second)

    assert group.ended.wait(PATIENCE)
    assert log.count("check b") == 1


def test_an_error_is_raised_in_its_item_and_no_other():
    """The error itself, with no frames but the plugin's: others are shown as the user's."""
    log = []
    error = errors.PodGone("gone", "look")
    first, second = Scripted("a", log, error=error), Scripted("b", log)
    group = Group(first, second)
    group.start()

    with pytest.raises(errors.PodGone) as caught:
        group.run_item(first)

    assert caught.value is error
    files = {Path(str(entry.path)) for entry in caught.traceback}
    assert files == {Path(__file__), Path(group_checks.__file__)}
    assert group.run_item(second).outcome is HELD


@pytest.mark.parametrize("kind", [errors.PodUnschedulable, errors.PodNotReady])
def test_pods_without_room_beside_others_are_deployed_again_alone(kind):
    """The verdict must be that of a run without a window; alone, the first error counts."""
    log = []
    check = Scripted("a", log, error=kind("no room", "wait"))
    beside, alone = Group(check), Group(check)
    beside.checks.has_neighbours = True
    for group in (beside, alone):
        group.start()

        with pytest.raises(kind):
            group.run_item(check)

    assert (beside.made_room, alone.made_room) == ([True], [])
    assert log == ["deploy a", "close", "deploy a", "deploy a"]


def test_a_group_that_is_closed_ends_after_the_step_that_it_is_at():
    """What this step creates is deleted as well, though it is created later."""
    log, reached, may_go_on = [], threading.Event(), threading.Event()

    class Slow(Scripted):
        def deploy(self, *arguments):
            """Wait until the test lets it go on."""
            reached.set()
            assert may_go_on.wait(PATIENCE)
            super().deploy(*arguments)

    group = Group(Slow("a", log), Scripted("b", log))
    group.start()
    assert reached.wait(PATIENCE)

    group.checks.close()
    may_go_on.set()

    assert group.ended.wait(PATIENCE)
    assert "deploy b" not in log
    assert log[-1] == "close"
