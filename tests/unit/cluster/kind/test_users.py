"""Leases on a cluster: who counts as using it, and who leaves it last."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from pytest_podshare.cluster import processes
from pytest_podshare.cluster.kind.users import BEAT, EXPIRY, ClusterUser, ClusterUsers
from pytest_podshare.cluster.processes import Process

ME = processes.this()


@pytest.fixture
def child():
    """A process that waits until its stdin is closed."""
    waiting = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", waiting], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def known(process):
    """A child process as it is written into a lease."""
    return Process(process.pid, processes.started(process.pid), ME.space)


def test_a_process_that_runs_is_known_to_run(child):
    """This one, and another of this machine."""
    assert processes.runs(ME) is True
    assert processes.runs(known(child)) is True


def test_a_killed_process_does_not_run_though_nobody_has_noticed(child):
    """A zombie keeps its id until its parent asks for it."""
    its = known(child)

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert processes.runs(its) is False
    child.wait()
    assert processes.runs(its) is False


def test_a_reused_id_is_another_process():
    """What counts is when it started."""
    assert processes.runs(Process(ME.pid, "0", ME.space)) is False


@pytest.mark.parametrize("space", ["another boot pid:[4026531836]", ""])
def test_a_process_elsewhere_cannot_be_asked(space):
    """Its id means something else here."""
    assert processes.runs(Process(ME.pid, ME.started, space)) is None


@pytest.fixture
def clock():
    """The time of day, which passes when a test says so."""
    return [1000.0]


@pytest.fixture
def leases(tmp_path, clock):
    """The leases on a cluster of this test's own."""
    return ClusterUsers(tmp_path / "leases", now=lambda: clock[0])


def test_nobody_holds_what_nobody_took(leases, tmp_path):
    """Looking makes no folder."""
    assert leases.held() == ()
    assert not (tmp_path / "leases").exists()


def test_taking_twice_is_taking_once(leases):
    """Several workers take the lease of the process above them."""
    lease = ClusterUser("run", ME)

    leases.take(lease)
    leases.take(lease)

    assert leases.held() == (lease,)
    assert leases.give_back(lease) is True
    assert leases.give_back(lease) is True


def test_a_process_that_can_be_asked_needs_no_heartbeat(leases, clock):
    """One that was stopped for an hour still uses its cluster."""
    leases.take(ClusterUser("run", ME))
    clock[0] += 3600

    assert leases.held() == (ClusterUser("run", ME),)


def test_the_lease_of_a_killed_process_counts_no_more(leases, child):
    """At once, and its file is gone."""
    lease = ClusterUser("run", known(child))
    leases.take(lease)
    assert leases.held() == (lease,)

    child.kill()
    child.wait()

    assert leases.held() == ()
    assert not leases.path(lease).exists()


def test_a_process_elsewhere_counts_as_long_as_it_gives_signs_of_life(leases, clock):
    """Here that is all there is to go by."""
    elsewhere = ClusterUser("run", Process(1, "1", "another boot"))
    leases.take(elsewhere)

    clock[0] += EXPIRY - 1
    leases.touch(elsewhere)
    clock[0] += EXPIRY - 1
    assert leases.held() == (elsewhere,)
    clock[0] += 1
    assert leases.held() == ()
    leases.touch(elsewhere)
    assert not leases.holds(elsewhere)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run": "r"}', '{"run": "r", "holder": {}}'])
def test_a_file_that_is_no_lease_holds_nothing(leases, tmp_path, text):
    """As a disk that ran full leaves it."""
    (tmp_path / "leases").mkdir()
    (tmp_path / "leases" / "r-1.json").write_text(text)

    assert leases.held() == ()


class Comings(RuleBasedStateMachine):
    """Processes of two spaces that join, leave and are killed, as time passes."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1000.0
        self.count = 0
        # those that run, and when each of those that were killed gave its last sign of life
        self.running, self.killed = [], {}
        self.is_there = False

    def seen_from(self, space):
        """The leases, as a process of that space sees them."""

        def runs(process):
            if process.space != space:
                return None
            return any(process == lease.holder for lease in self.running)

        return ClusterUsers(Path(self.folder.name), now=lambda: self.now, runs=runs)

    @rule(space=st.sampled_from(["here", "there"]), pid=st.integers(1, 3))
    def join(self, space, pid):
        """Use the cluster, or make it; a process may have the id of one that has ended."""
        if any((lease.holder.space, lease.holder.pid) == (space, pid) for lease in self.running):
            return
        self.count += 1
        lease = ClusterUser(f"r{self.count}", Process(pid, str(self.count), space))
        self.is_there = True
        self.seen_from(space).take(lease)
        self.running.append(lease)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def leave(self, data):
        """The last one deletes the cluster, and no other."""
        lease = data.draw(st.sampled_from(self.running))
        self.running.remove(lease)
        # who looks drops those of its own space that have ended, and those that have expired
        self.killed = {
            each: last
            for each, last in self.killed.items()
            if each.holder.space != lease.holder.space and self.now - last < EXPIRY
        }

        last = self.seen_from(lease.holder.space).give_back(lease)

        assert self.is_there
        assert last == (not self.running and not self.killed)
        self.is_there = not last

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def kill(self, data):
        """It leaves without a word."""
        lease = data.draw(st.sampled_from(self.running))
        self.running.remove(lease)
        self.killed[lease] = self.now

    @rule(beats=st.integers(1, 12))
    def wait(self, beats):
        """Those that run give their signs of life."""
        for _ in range(beats):
            self.now += BEAT
            for lease in self.running:
                self.seen_from(lease.holder.space).touch(lease)

    def teardown(self):
        """Whatever has happened: after a while, the next to come and go deletes the cluster."""
        self.running.clear()
        self.now += EXPIRY
        lease = ClusterUser("last", Process(9, "9", "here"))
        self.seen_from("here").take(lease)
        self.running.append(lease)

        assert self.seen_from("here").held() == (lease,)
        self.running.clear()
        assert self.seen_from("here").give_back(lease) is True
        self.folder.cleanup()


Comings.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestComings = pytest.mark.slow(Comings.TestCase)
