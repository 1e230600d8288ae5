"""What is reported about a Pod's node if nothing in the Pod answers."""

import time
from types import SimpleNamespace

import pytest

from pytest_podshare.deadline import Timeouts
from pytest_podshare.diagnosis import node_causes
from tests.support.fake_api import FakeApi

PATH = "/api/v1/nodes/worker"
_TIMEOUTS = Timeouts()


@pytest.fixture
def server():
    """Start an API server for the test."""
    return FakeApi()


@pytest.fixture
def find_node_problem(server, tmp_path):
    """Return a function that looks for a problem of a Pod's node."""
    with server.cluster(tmp_path) as cluster:

        def find(timeouts=_TIMEOUTS):
            live = SimpleNamespace(timeouts=timeouts)
            pod = SimpleNamespace(node="worker", cluster=cluster, api=cluster.api, live=live)
            return node_causes.find_node_problem(pod)

        yield find


def conditions(**ready):
    """Return an answer with this Ready condition and another condition."""
    pressure = {"type": "DiskPressure", "status": "False"}
    return (200, {"status": {"conditions": [pressure, {"type": "Ready", **ready}]}})


def test_a_node_that_is_not_ready_is_a_cause(server, find_node_problem):
    """The cause quotes the API server; a node that is ready is no cause."""
    message = "Kubelet stopped posting node status."
    server.answers[PATH] = conditions(status="Unknown", message=message)

    cause = find_node_problem()

    assert (cause.kind, cause.text) == ("node not ready", f"node worker is not ready: {message}")
    server.answers[PATH] = conditions(status="True", message="kubelet is posting ready status")
    assert find_node_problem() is None


@pytest.mark.parametrize("answer", [(403, {"message": "forbidden"}), (200, {})])
def test_a_node_that_cannot_be_inspected_is_no_cause(server, find_node_problem, answer):
    """Nothing is guessed, and no error is raised."""
    server.answers[PATH] = answer

    assert find_node_problem() is None


def test_a_silent_api_server_does_not_delay_the_error(server, find_node_problem, monkeypatch):
    """The error to explain is known already."""
    monkeypatch.setattr(node_causes, "_TIMEOUT", 0.2)
    server.silent.add(PATH)

    assert find_node_problem() is None


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "least"), [(1, 0.1), (10, 1.0)])
def test_a_slow_machine_has_more_time(server, find_node_problem, monkeypatch, factor, least):
    """By the factor of all timeouts."""
    monkeypatch.setattr(node_causes, "_TIMEOUT", 0.1)
    server.silent.add(PATH)
    start = time.monotonic()

    assert find_node_problem(Timeouts().scale(factor)) is None
    assert time.monotonic() - start >= least
