"""Runs that share a cluster: at once, one after another, with workers, and with some that die."""

import os
import signal
import subprocess

import pytest

from pytest_podshare.cluster import processes
from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
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
    here = pathlib.Path(__file__).parent
    (here / "{{mine}}").touch()
    assert poll((here / "{{other}}").exists, until=bool, deadline=Deadline({PATIENCE}), first=0.1)
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
def leases(own, pytester):
    """The leases on this test's own cluster, whose files are in its own home."""
    return ClusterUsers(
        pytester.path / "home" / ".cache" / "podshare" / "clusters" / own / "leases"
    )


def test_the_last_of_two_runs_deletes_their_cluster(pytester, own, clusters, leases):
    """Whichever made it; and one that begins meanwhile waits, and makes its own."""
    pytester.makepyfile(
        test_one=WAITS.format(mine="one-is-in", other="two-is-in"),
        test_two=WAITS.format(mine="two-is-in", other="one-is-over"),
        test_alone=TEST,
    )

    one = started(pytester, "test_one.py")
    two = started(pytester, "test_two.py")
    first = ended(one)

    assert one.returncode == 0, first
    assert own in clusters()
    assert f"kept cluster {own} (it is still in use, and goes with the last who uses it)" in first
    (pytester.path / "one-is-over").touch()
    often = {"first": 0.01, "most": 0.01}
    poll(leases.held, until=lambda held: not held, deadline=Deadline(PATIENCE), **often)
    # it deletes the cluster now; on a busy machine to ask kind may take longer than that
    assert two.poll() is None
    three = started(pytester, "test_alone.py")
    second, third = ended(two), ended(three)
    assert two.returncode == 0, second
    assert three.returncode == 0, third
    assert sorted("created in" in text for text in (first, second)) == [False, True]
    assert "created in" in third
    assert "kept cluster" not in second + third
    assert own not in clusters()


def test_who_is_killed_holds_no_cluster(pytester, own, clusters, leases):
    """A run leaves its own to the next one, which deletes it though a worker of its is killed."""
    marker = pytester.path / "in-the-test"
    pytester.makepyfile(test_dies=DIES.format(marker=str(marker), seconds=300))
    killed = started(pytester, "test_dies.py")
    wait_for(killed, marker.exists)
    assert len(leases.held()) == 1

    os.killpg(killed.pid, signal.SIGKILL)
    ended(killed)

    assert own in clusters()
    assert leases.held() == ()
    pytester.makepyfile(test_dies=DIES.format(marker=str(marker), seconds=0))
    result = run(pytester, "-n", "2", "--max-worker-restart=0")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*worker 'gw?' crashed while running 'test_dies.py::test_it'*"])
    assert "created in" not in result.stdout.str()
    assert own not in clusters()


def test_a_kept_cluster_that_will_not_do_is_replaced(pytester, own, clusters):
    """If it is ours, and nobody uses it; and it is said why."""
    pytester.makepyfile(HELD)
    kept = run(pytester, "-n", "1", "--podshare-keep-cluster=always")
    kept.assert_outcomes(passed=1)
    # nobody has waited for its namespace, which cannot go
    assert "still being deleted" not in kept.stdout.str()
    assert len(namespaces(own)) == 1
    subprocess.run(["docker", "stop", "-t", "0", f"{own}-control-plane"], check=True)

    replaced = run(pytester)

    replaced.assert_outcomes(passed=1)
    replaced.stdout.fnmatch_lines(
        [
            f"podshare: replaced cluster {own}: its node {own}-control-plane is exited",
            f"podshare: kind cluster {own}, *, created in * s",
        ]
    )
    # this one is not asked to be kept, though the one before it was
    assert own not in clusters()


def test_a_cluster_of_another_kind_is_not_replaced_where_it_must_not_be(pytester, own, leases):
    """Neither under another run's feet, nor if somebody else made it."""
    assert run(pytester, "--podshare-keep-cluster=always").ret == 0
    user = ClusterUser("another", processes.this())
    leases.take(user)

    used = run(pytester, "--podshare-kind-nodes=2")
    leases.give_back(user)
    maker = leases.path(user).parent.parent / "made-by"
    maker.unlink()
    theirs = run(pytester, "--podshare-kind-nodes=2")
    as_it_is = run(pytester)

    begun = f"Cluster {own} will not do: it has 1 node, not 2; and"
    used.assert_outcomes(errors=1)
    used.stdout.fnmatch_lines([f"*{begun} it is in use."])
    theirs.assert_outcomes(errors=1)
    theirs.stdout.fnmatch_lines([f"*{begun} podshare did not make it."])
    as_it_is.assert_outcomes(passed=1)
    as_it_is.stdout.fnmatch_lines([f"podshare: kept cluster {own} (it was there before this run)"])
