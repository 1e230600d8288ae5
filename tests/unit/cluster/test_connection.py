"""When a cluster that was just made is taken for ready, by what it says of its nodes."""

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster import connection
from pytest_podshare.deadline import Deadline
from tests.support.fake_api import FakeApi


def node(name, ready):
    """A node as the API server lists it."""
    condition = {"type": "Ready", "status": str(ready)}
    meta = {"name": name, "resourceVersion": "1"}
    return {"metadata": meta, "spec": {}, "status": {"conditions": [condition]}}


@pytest.fixture
def connect(tmp_path):
    """A function that connects to a cluster with these nodes."""
    server = FakeApi()
    server.answers = {"/readyz": (200, "ok"), "/version": (200, {"gitVersion": "v1.36.3"})}

    def connect(there, **more):
        listed = {"metadata": {"resourceVersion": "1"}, "items": there}
        server.answers["/api/v1/nodes"] = (200, listed)
        kubeconfig, deadline = tmp_path / "kubeconfig", Deadline(0.2)
        own = {"kubeconfig": kubeconfig, "context": "fake", "allowed": (), "own": True}
        connection.connect("kind", "t", deadline=deadline, **own, **more).close()

    with server.cluster(tmp_path):
        yield connect


def test_a_node_that_has_not_come_up_is_waited_for(connect):
    """kind has joined it, and its kubelet has not made it known: the next run would miss it."""
    with pytest.raises(errors.ClusterUnreachable) as caught:
        connect([node("t-control-plane", True)], nodes=2)

    assert str(caught.value) == (
        "Only 1 of 2 nodes came up: t-control-plane.\n"
        "See the kubelet's log on the others, or delete the cluster and try again."
    )
    connect([node("t-control-plane", True), node("t-worker", True)], nodes=2)
    connect([node("t-control-plane", True)])


def test_a_node_that_is_not_ready_is_waited_for(connect):
    """A Pod for it would be called unschedulable."""
    with pytest.raises(errors.ClusterUnreachable, match="Node t-worker did not become ready"):
        connect([node("t-control-plane", True), node("t-worker", False)])
