"""Nodes that are cordoned for a drain: whose cordon it is, who waits, and what is taken back."""

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
    """Whether the node is cordoned, and whose stamp it bears."""
    live = api.get(f"{NODES}/{node}")
    its = Ownership.read(live["metadata"], CORDON_LABEL)
    return bool(live["spec"].get("unschedulable")), its.run if its else None


@pytest.fixture
def node(podshare, api):
    """The Pod of a node, and the node, which takes Pods again after the test."""
    pod = podshare.deploy(SHAREVOL)
    yield pod, pod.node
    api.patch(f"{NODES}/{pod.node}", UNCORDON_PATCH)


def test_a_cordon_of_a_run_that_has_ended_is_taken_back(api, node, run_id, clean_options):
    """Not one that somebody else has made, nor one of a run that goes on."""
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

    # or by another test's run, when it begins
    assert dead.returncode == 0
    assert unschedulable(api, name) == (False, None)
    assert ownership.EXPIRES_ANNOTATION not in api.get(f"{NODES}/{name}")["metadata"]["annotations"]


def test_a_drain_says_whose_cordon_it_is_while_it_lasts(api, node, podshare, run_id):
    """Afterwards the node is as it was; what a killed run had left is taken over."""
    pod, name = node
    for left in (False, True):
        if left:
            metadata = owned_metadata(run_id, label=CORDON_LABEL)
            api.patch(f"{NODES}/{name}", {"metadata": metadata, "spec": {"unschedulable": True}})
        with cordoning.cordoned(pod, name):
            assert unschedulable(api, name) == (True, podshare._run_id)
        assert unschedulable(api, name) == (False, None)

    api.patch(f"{NODES}/{name}", {"spec": {"unschedulable": True}})
    with cordoning.cordoned(pod, name):
        assert unschedulable(api, name) == (True, None)
    assert unschedulable(api, name) == (True, None)


@pytest.fixture
def drained(api, run_id):
    """A function that cordons a node for another run, which goes on until the test ends."""
    with subprocess.Popen(["sleep", "1000"]) as other:
        its = dataclasses.replace(
            Process.current(), pid=other.pid, start_time=start_time(other.pid)
        )
        metadata = owned_metadata(run_id, its.tag, label=CORDON_LABEL)
        names = []

        def cordon(name):
            names.append(name)
            api.patch(f"{NODES}/{name}", {"metadata": metadata, "spec": {"unschedulable": True}})

        yield cordon
        other.kill()
        for name in names:
            api.patch(f"{NODES}/{name}", UNCORDON_PATCH)


@pytest.fixture(params=["the same node", "the other node"])
def which(request, node, api):
    """A node: the one that is to be drained, or another."""
    its, is_same = node[1], request.param == "the same node"
    names = [each["metadata"]["name"] for each in api.get(NODES)["items"]]
    return next(name for name in names if (name == its) == is_same)


@pytest.mark.podshare_needs("two-nodes")
def test_a_drain_waits_for_another_runs(api, node, podshare, drained, which):
    """Whichever node that one drains: its Pod may have to come to ours, and ours to its."""
    pod, name = node
    drained(which)
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
            api.patch(f"{NODES}/{which}", UNCORDON_PATCH)
        seen = ours.result()

    assert not is_early
    assert seen == (True, podshare._run_id)
    assert unschedulable(api, name) == unschedulable(api, which) == (False, None)


@pytest.mark.podshare_needs("two-nodes")
def test_of_two_drains_that_begin_at_once_ours_stands_back(api, node, monkeypatch, drained, which):
    """What was not there when it looked is seen after the cordon, or refuses it."""
    pod, name = node
    real, looks = cordoning.is_drained, []

    def is_drained(live):
        if not looks:
            drained(which)
        looks.append(live)
        return real(live)

    monkeypatch.setattr(cordoning, "is_drained", is_drained)

    assert cordoning._cordon(pod, name) is None
    assert unschedulable(api, which)[0]
    assert unschedulable(api, name)[0] == (which == name)


def test_who_never_ends_is_not_waited_for_longer_than_a_drain(api, node, drained, run_id):
    """Its cordon is somebody's from then on, and stays as it is."""
    pod, name = node
    drained(name)
    timeouts = dataclasses.replace(pod.live.timeouts, delete=1.0, ready=1.0)
    pod.live = dataclasses.replace(pod.live, timeouts=timeouts)

    with cordoning.cordoned(pod, name):
        within = unschedulable(api, name)

    assert within == unschedulable(api, name) == (True, run_id)


@pytest.mark.parametrize("by_another_run", [True, False])
def test_a_cordon_that_a_drain_has_taken_over_is_not_taken_back(
    api, node, drained, run_id, by_another_run
):
    """Another run found it first; the control: a node that has only changed takes Pods again."""
    _, name = node
    path, metadata = f"{NODES}/{name}", owned_metadata(run_id, label=CORDON_LABEL)
    api.patch(path, {"metadata": metadata, "spec": {"unschedulable": True}})
    (found,) = (
        each
        for each in cleanup.find_nodes(api, lambda its: its.disposition(time.time()))
        if each.path == path
    )

    if by_another_run:
        drained(name)
    else:
        api.patch(path, {"metadata": {"annotations": {"podshare.dev/test": run_id}}})
    found.remove(api)

    assert unschedulable(api, name)[0] == by_another_run
    api.patch(path, {"metadata": {"annotations": {"podshare.dev/test": None}}})
