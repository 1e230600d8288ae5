"""The processes that use a cluster: which of them count, and which is the last one."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from pytest_podshare.cluster.heartbeat import INTERVAL
from pytest_podshare.cluster.kind.users import EXPIRY, ClusterUser, ClusterUsers
from pytest_podshare.cluster.processes import Process, start_time

CURRENT = Process.current()


@pytest.fixture
def clock():
    """Return the current time, in a list so that a test can change it."""
    return [1000.0]


@pytest.fixture
def users(tmp_path, clock):
    """Return the users of a cluster that only this test has."""
    return ClusterUsers(tmp_path / "leases", now=lambda: clock[0])


def test_without_registration_there_are_no_users(users, tmp_path):
    """Reading them creates no folder."""
    assert users.active() == ()
    assert not (tmp_path / "leases").exists()


def test_registering_twice_is_registering_once(users):
    """Several workers register their common controller."""
    user = ClusterUser("run", CURRENT)

    users.register(user)
    users.register(user)

    assert users.active() == (user,)
    assert users.unregister(user) is True
    assert users.unregister(user) is True


def test_a_running_process_needs_no_heartbeat(users, clock):
    """It may have been stopped for an hour."""
    users.register(ClusterUser("run", CURRENT))
    clock[0] += 3600

    assert users.active() == (ClusterUser("run", CURRENT),)


def test_a_killed_process_stops_counting_at_once(users, child):
    """Its file is removed."""
    user = ClusterUser("run", Process(child.pid, start_time(child.pid), CURRENT.pid_namespace))
    users.register(user)
    assert users.active() == (user,)

    child.kill()
    child.wait()

    assert users.active() == ()
    assert not users.path(user).exists()


def test_a_process_elsewhere_counts_until_its_heartbeat_stops(users, clock):
    """Whether it runs cannot be read here."""
    user = ClusterUser("run", Process(1, "1", "another boot"))
    users.register(user)

    clock[0] += EXPIRY - 1
    users.touch(user)
    clock[0] += EXPIRY - 1
    assert users.active() == (user,)
    clock[0] += 1
    assert users.active() == ()
    users.touch(user)
    assert not users.is_registered(user)


def test_the_format_of_the_files_is_stable(users):
    """Another version of podshare may use the same cluster."""
    user = ClusterUser("run", CURRENT)
    users.register(user)

    assert json.loads(users.path(user).read_text()) == {
        "run": "run",
        "holder": {
            "pid": CURRENT.pid,
            "started": CURRENT.start_time,
            "space": CURRENT.pid_namespace,
        },
    }


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run": "r"}', '{"run": "r", "holder": {}}'])
def test_an_invalid_file_does_not_count(users, tmp_path, text):
    """A full disk may have truncated it."""
    (tmp_path / "leases").mkdir()
    (tmp_path / "leases" / "r-1.json").write_text(text)

    assert users.active() == ()


class ClusterLife(RuleBasedStateMachine):
    """Processes of two PID namespaces that register, unregister and are killed over time."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1000.0
        self.count = 0
        # the running users, and the last heartbeat of each killed one that is still registered
        self.running, self.killed = [], {}
        self.exists = False

    def users(self, pid_namespace):
        """Return the users, as a process of that PID namespace reads them."""

        def is_running(process):
            if process.pid_namespace != pid_namespace:
                return None
            return any(process == user.process for user in self.running)

        folder = Path(self.folder.name)
        return ClusterUsers(folder, now=lambda: self.now, is_running=is_running)

    @rule(pid_namespace=st.sampled_from(["a", "b"]), pid=st.integers(1, 3))
    def register(self, pid_namespace, pid):
        """Use the cluster, or create it; a process may have the ID of one that has ended."""
        used = [(user.process.pid_namespace, user.process.pid) for user in self.running]
        if (pid_namespace, pid) in used:
            return
        self.count += 1
        user = ClusterUser(f"r{self.count}", Process(pid, str(self.count), pid_namespace))
        self.exists = True
        self.users(pid_namespace).register(user)
        self.running.append(user)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def unregister(self, data):
        """Delete the cluster if this is the last user."""
        user = data.draw(st.sampled_from(self.running))
        self.running.remove(user)
        # those of the same PID namespace are known to have ended, the others expire
        self.killed = {
            killed: heartbeat
            for killed, heartbeat in self.killed.items()
            if killed.process.pid_namespace != user.process.pid_namespace
            and self.now - heartbeat < EXPIRY
        }

        is_last = self.users(user.process.pid_namespace).unregister(user)

        assert self.exists
        assert is_last == (not self.running and not self.killed)
        self.exists = not is_last

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def kill(self, data):
        """Kill a process, which therefore does not unregister."""
        user = data.draw(st.sampled_from(self.running))
        self.running.remove(user)
        self.killed[user] = self.now

    @rule(beats=st.integers(1, 12))
    def wait(self, beats):
        """Running processes send their heartbeats."""
        for _ in range(beats):
            self.now += INTERVAL
            for user in self.running:
                self.users(user.process.pid_namespace).touch(user)

    def teardown(self):
        """Check that the next user deletes the cluster, whatever has happened."""
        self.running.clear()
        self.now += EXPIRY
        user = ClusterUser("last", Process(9, "9", "a"))
        self.users("a").register(user)
        self.running.append(user)

        assert self.users("a").active() == (user,)
        self.running.clear()
        assert self.users("a").unregister(user) is True
        self.folder.cleanup()


ClusterLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestClusterLife = pytest.mark.slow(ClusterLife.TestCase)
