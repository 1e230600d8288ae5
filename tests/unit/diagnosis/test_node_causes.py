"""What a Pod's node is said to be, where nobody in the Pod answers."""

from types import SimpleNamespace

import pytest

from pytest_podshare.diagnosis import node_causes
from tests.support.fake_api import FakeApi

PATH = "/api/v1/nodes/worker"


@pytest.fixture
def asked(tmp_path):
    """The API server, and a function that asks about the node of a Pod."""
    server = FakeApi()
    with server.cluster(tmp_path) as cluster:
        pod = SimpleNamespace(node="worker", cluster=cluster, api=cluster.api)
        yield server, lambda: node_causes.trouble(pod)


def conditions(**ready):
    """The answer with that condition, and another one beside it."""
    pressure = {"type": "DiskPressure", "status": "False"}
    return (200, {"status": {"conditions": [pressure, {"type": "Ready", **ready}]}})


def test_a_node_that_is_not_ready_is_a_cause(asked):
    """In the words of the API server; one that is ready is none."""
    server, trouble = asked
    message = "Kubelet stopped posting node status."
    server.answers[PATH] = conditions(status="Unknown", message=message)

    cause = trouble()

    assert (cause.kind, cause.text) == ("node not ready", f"node worker is not ready: {message}")
    server.answers[PATH] = conditions(status="True", message="kubelet is posting ready status")
    assert trouble() is None


@pytest.mark.parametrize("answer", [(403, {"message": "forbidden"}), (200, {})])
def test_a_node_that_may_not_be_asked_about_is_none(asked, answer):
    """Nothing is guessed, and nothing raised."""
    server, trouble = asked
    server.answers[PATH] = answer

    assert trouble() is None


def test_an_api_server_that_says_nothing_is_not_waited_for(asked, monkeypatch):
    """The error that is to be explained stands already."""
    server, trouble = asked
    monkeypatch.setattr(node_causes, "_PATIENCE", 0.2)
    server.silent.add(PATH)

    assert trouble() is None
