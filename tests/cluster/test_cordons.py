"""Nodes that are cordoned for a drain: which run owns a cordon, which waits, and what is undone."""

import dataclasses
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_podshare.cluster import cleanup, ownership
from pytest_podshare.cluster.leftover import NODES, UNCORDON_PATCH
from pytest_podshare.cluster.ownership import CORDON_LABEL, Ownership
from pytest_podshare.cluster.processes import Process, start_time
from pytest_podshare.pods import cordon as cordoning
from tests.support.clean_command import clean, owned_metadata
from tests.support.pytest_runs import SHAREVOL

pytestmark = pytest.mark.two_nodes


def unschedulable(api, node):
    """Return whether the node is cordoned, and the run that its ownership labels name."""
    live = api.get(f"{NODES}/{node}")
    owner = Ownership.read(live["metadata"], CORDON_LABEL)
    return bool(live["spec"].get("unschedulable")), owner.run if owner else None


@pytest.fixture
def node(podshare, api):
    """Yield a Pod and its node, and uncordon the node after the test."""
    pod = podshare.deploy(SHAREVOL)
    yield pod, pod.node
    api.patch(f"{NODES}/{pod.node}", UNCORDON_PATCH)


def test_the_cordon_of_an_ended_run_is_removed(api, node, run_id, clean_options):
    """A cordon that podshare did not create stays, and so does that of a running process."""
    _, name = node
    cordon = {"spec": {"unschedulable": True}}
    api.patch(f"{NODES}/{name}", cordon)
    foreign = clean(*clean_options)
    assert (unschedulable(api, name), name in foreign.stdout) == ((True, None), False)

    api.patch(
        f"{NODES}/{name}",
        {"metadata": owned_metadata(run_id, Process.current().tag, label=CORDON_LABEL)},
    )
    living = clean(*clean_options)
    assert unschedulable(api, name) == (True, run_id)
    assert f"  cordon of node {name}: stays; " in living.stdout

    api.patch(f"{NODES}/{name}", {"metadata": owned_metadata(run_id, label=CORDON_LABEL)})
    dead = clean(*clean_options)

    # another test's run may have removed it when it started
    assert dead.returncode == 0
    assert unschedulable(api, name) == (False, None)
    assert ownership.EXPIRES_ANNOTATION not in api.get(f"{NODES}/{name}")["metadata"]["annotations"]


def test_a_drain_owns_its_cordon(api, node, podshare, run_id):
    """Afterwards the node is restored; a drain takes over the cordon that a killed run left."""
    pod, name = node
    for is_leftover in (False, True):
        if is_leftover:
            metadata = owned_metadata(run_id, label=CORDON_LABEL)
            api.patch(f"{NODES}/{name}", {"metadata": metadata, "spec": {"unschedulable": True}})
        with cordoning.cordoned(pod, name):
            assert unschedulable(api, name) == (True, podshare.objects.run_id)
        assert unschedulable(api, name) == (False, None)

    api.patch(f"{NODES}/{name}", {"spec": {"unschedulable": True}})
    with cordoning.cordoned(pod, name):
        assert unschedulable(api, name) == (True, None)
    assert unschedulable(api, name) == (True, None)


@pytest.fixture
def drained(api, run_id):
    """Return a function that cordons a node for another run, which lasts until the test ends."""
    with subprocess.Popen(["sleep", "1000"]) as other:
        process = dataclasses.replace(
            Process.current(), pid=other.pid, start_time=start_time(other.pid)
        )
        metadata = owned_metadata(run_id, process.tag, label=CORDON_LABEL)
        names = []

        def cordon(name):
            api.patch(f"{NODES}/{name}", {"metadata": metadata, "spec": {"unschedulable": True}})
            names.append(name)

        yield cordon
        other.kill()
        for name in names:
            api.patch(f"{NODES}/{name}", UNCORDON_PATCH)


@pytest.fixture(params=["the same node", "the other node"])
def other_drain(request, node, api):
    """Return the node that the other run drains: the same node, or another one."""
    ours, is_same = node[1], request.param == "the same node"
    names = [item["metadata"]["name"] for item in api.get(NODES)["items"]]
    return next(name for name in names if (name == ours) == is_same)


@pytest.mark.podshare_needs("two-nodes")
def test_a_drain_waits_for_the_drain_of_another_run(api, node, podshare, drained, other_drain):
    """It waits even if the nodes differ: each Pod may need the node that the other run drains."""
    pod, name = node
    drained(other_drain)
    entered = threading.Event()

    def drain():
        with cordoning.cordoned(pod, name):
            entered.set()
            return unschedulable(api, name)

    with ThreadPoolExecutor(1) as threads:
        ours = threads.submit(drain)
        try:
            is_early = entered.wait(3)
        finally:
            api.patch(f"{NODES}/{other_drain}", UNCORDON_PATCH)
        seen = ours.result()

    assert not is_early
    assert seen == (True, podshare.objects.run_id)
    assert unschedulable(api, name) == unschedulable(api, other_drain) == (False, None)


@pytest.mark.podshare_needs("two-nodes")
def test_of_two_drains_that_begin_together_this_one_yields(
    api, node, monkeypatch, drained, other_drain
):
    """The other cordon is found by a second check, or by the conflict that it causes."""
    pod, name = node
    real, looks = cordoning.is_drained, []

    def is_drained(live):
        if not looks:
            drained(other_drain)
        looks.append(live)
        return real(live)

    monkeypatch.setattr(cordoning, "is_drained", is_drained)

    assert cordoning._cordon(pod, name, alone=True) is None
    assert unschedulable(api, other_drain)[0]
    assert unschedulable(api, name)[0] == (other_drain == name)


def test_an_endless_drain_is_awaited_no_longer_than_a_drain_may_take(api, node, drained, run_id):
    """After that, its cordon counts as permanent and stays."""
    pod, name = node
    drained(name)
    timeouts = dataclasses.replace(pod.live.timeouts, delete=1.0, ready=1.0)
    pod.live = dataclasses.replace(pod.live, timeouts=timeouts)

    with cordoning.cordoned(pod, name):
        within = unschedulable(api, name)

    assert within == unschedulable(api, name) == (True, run_id)


@pytest.mark.parametrize("by_another_run", [True, False])
def test_a_cordon_that_a_drain_has_taken_over_is_not_removed(
    api, node, drained, run_id, by_another_run
):
    """Another run was faster. The control: a node that only changed is uncordoned."""
    _, name = node
    path, metadata = f"{NODES}/{name}", owned_metadata(run_id, label=CORDON_LABEL)
    api.patch(path, {"metadata": metadata, "spec": {"unschedulable": True}})
    (found,) = (
        leftover
        for leftover in cleanup.find_nodes(api, lambda owner: owner.disposition(time.time()))
        if leftover.path == path
    )

    if by_another_run:
        drained(name)
    else:
        api.patch(path, {"metadata": {"annotations": {"podshare.dev/test": run_id}}})
    found.remove(api)

    assert unschedulable(api, name)[0] == by_another_run
    api.patch(path, {"metadata": {"annotations": {"podshare.dev/test": None}}})
