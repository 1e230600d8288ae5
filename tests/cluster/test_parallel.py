"""Runs that share a cluster: in parallel, one after another, with workers, and when some die."""

import os
import signal
import subprocess

import pytest

from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
from pytest_podshare.cluster.processes import Process
from pytest_podshare.deadline import Deadline, poll
from tests.support.pytest_runs import (
    HELD,
    PATIENCE,
    SHAREVOL,
    TEST,
    ended,
    namespaces,
    run,
    started,
    wait_for,
)

pytestmark = [pytest.mark.engine, pytest.mark.slow]

WAITS = f"""
import pathlib
from pytest_podshare import assert_file_visible
from pytest_podshare.deadline import Deadline, poll

def test_it(podshare, podshare_cluster):
    folder = pathlib.Path(__file__).parent
    (folder / "{{own}}").touch()
    other = (folder / "{{other}}").exists
    assert poll(other, until=bool, deadline=Deadline({PATIENCE}), first=0.1)
    pod = podshare.deploy({str(SHAREVOL)!r})
    assert_file_visible(pod, from_c="c1", to_c="c2")
"""

DIES = """
import os, pathlib, signal, time

def test_it(podshare):
    pathlib.Path({marker!r}).touch()
    time.sleep({seconds})
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def users(own_cluster, pytester):
    """Return the processes that use this test's cluster, whose files are in its own home."""
    folder = pytester.path / "home" / ".cache" / "podshare" / "clusters" / own_cluster
    return ClusterUsers(folder / "leases")


def test_the_last_of_two_runs_deletes_their_cluster(pytester, own_cluster, clusters, users):
    """A run that starts during the deletion waits, and creates its own cluster."""
    pytester.makepyfile(
        test_one=WAITS.format(own="one-started", other="two-started"),
        test_two=WAITS.format(own="two-started", other="one-ended"),
        test_three=TEST,
    )

    one = started(pytester, "test_one.py")
    two = started(pytester, "test_two.py")
    first = ended(one)

    assert one.returncode == 0, first
    assert own_cluster in clusters()
    reason = "it is still in use; the last run to use it will delete it"
    assert f"kept cluster {own_cluster} ({reason})" in first
    (pytester.path / "one-ended").touch()
    often = {"first": 0.01, "most": 0.01}
    poll(users.active, until=lambda active: not active, deadline=Deadline(PATIENCE), **often)
    # the second run deletes the cluster now; on a busy machine, asking kind may take longer
    assert two.poll() is None
    three = started(pytester, "test_three.py")
    second, third = ended(two), ended(three)
    assert two.returncode == 0, second
    assert three.returncode == 0, third
    assert sorted("created in" in output for output in (first, second)) == [False, True]
    assert "created in" in third
    assert "kept cluster" not in second + third
    assert own_cluster not in clusters()


def test_a_killed_process_does_not_keep_a_cluster(pytester, own_cluster, clusters, users):
    """The next run uses the cluster of a killed one, and deletes it despite a killed worker."""
    marker = pytester.path / "in-the-test"
    pytester.makepyfile(test_dies=DIES.format(marker=str(marker), seconds=300))
    killed = started(pytester, "test_dies.py")
    wait_for(killed, marker.exists)
    assert len(users.active()) == 1

    os.killpg(killed.pid, signal.SIGKILL)
    ended(killed)

    assert own_cluster in clusters()
    assert users.active() == ()
    pytester.makepyfile(test_dies=DIES.format(marker=str(marker), seconds=0))
    result = run(pytester, "-n", "2", "--max-worker-restart=0")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*worker 'gw?' crashed while running 'test_dies.py::test_it'*"])
    assert "created in" not in result.stdout.str()
    assert own_cluster not in clusters()


def test_a_kept_cluster_that_cannot_be_used_is_replaced(pytester, own_cluster, clusters):
    """The run prints why; podshare has created the cluster, and nothing uses it."""
    pytester.makepyfile(HELD)
    kept = run(pytester, "-n", "1", "--podshare-keep-cluster=always")
    kept.assert_outcomes(passed=1)
    # the run has not waited for its namespace, which cannot be deleted
    assert "still being deleted" not in kept.stdout.str()
    assert len(namespaces(own_cluster)) == 1
    # nodes that have stopped would be started
    subprocess.run(["docker", "pause", f"{own_cluster}-control-plane"], check=True)

    replaced = run(pytester)

    replaced.assert_outcomes(passed=1)
    reason = f"node {own_cluster}-control-plane is paused"
    replaced.stdout.fnmatch_lines(
        [
            f"podshare: replaced cluster {own_cluster}: {reason}",
            f"podshare: kind cluster {own_cluster}, *, created in * s",
        ]
    )
    # the previous cluster was to be kept, the new one is not
    assert own_cluster not in clusters()


def test_a_cluster_that_does_not_match_is_not_replaced_if_it_is_in_use_or_foreign(
    pytester, own_cluster, users
):
    """The error says which of the two it is."""
    assert run(pytester, "--podshare-keep-cluster=always").ret == 0
    user = ClusterUser("another", Process.current())
    users.register(user)

    used = run(pytester, "--podshare-kind-nodes=2")
    users.unregister(user)
    record = users.path(user).parent.parent / "made-by"
    record.unlink()
    foreign = run(pytester, "--podshare-kind-nodes=2")
    matching = run(pytester)

    failure = f"Cluster '{own_cluster}' cannot be used: it has 1 node, not 2."
    used.assert_outcomes(errors=1)
    used.stdout.fnmatch_lines(
        [f"*{failure} Another run is using it, so podshare will not replace it."]
    )
    foreign.assert_outcomes(errors=1)
    foreign.stdout.fnmatch_lines(
        [f"*{failure} podshare did not create this cluster and will not replace it."]
    )
    matching.assert_outcomes(passed=1)
    matching.stdout.fnmatch_lines(
        [f"podshare: kept cluster {own_cluster} (it existed before this run)"]
    )
