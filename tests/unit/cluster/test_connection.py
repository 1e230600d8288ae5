"""When a new cluster counts as ready, by its nodes."""

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster import connection
from pytest_podshare.deadline import Deadline
from tests.support.fake_api import FakeApi


def node(name, ready, reported="2026-01-01T00:00:00Z"):
    """Return a node as the API server lists it."""
    condition = {"type": "Ready", "status": str(ready), "lastHeartbeatTime": reported}
    metadata = {"name": name, "resourceVersion": "1"}
    return {"metadata": metadata, "spec": {}, "status": {"conditions": [condition]}}


@pytest.fixture
def connect(tmp_path):
    """Return a function that connects to a cluster with these nodes."""
    server = FakeApi()
    server.answers = {"/version": (200, {"gitVersion": "v1.36.3"})}

    def connect(items, own=True, readiness=(200, "ok"), **options):
        server.answers["/readyz"] = readiness
        listed = {"metadata": {"resourceVersion": "1"}, "items": items}
        server.answers["/api/v1/nodes"] = (200, listed)
        connection.connect(
            "kind",
            "t",
            kubeconfig=tmp_path / "kubeconfig",
            context="fake",
            allowed_contexts=(),
            deadline=Deadline(0.2),
            own=own,
            **options,
        ).close()

    with server.cluster(tmp_path):
        yield connect


def test_a_node_that_has_not_registered_is_waited_for(connect):
    """Otherwise the next run would find too few nodes."""
    with pytest.raises(errors.ClusterUnreachable) as caught:
        connect([node("t-control-plane", True)], nodes=2)

    assert str(caught.value) == (
        "Only 1 of 2 nodes joined the cluster: t-control-plane.\n"
        "Read the kubelet's log on the missing nodes, or delete the cluster and try again."
    )
    connect([node("t-control-plane", True), node("t-worker", True)], nodes=2)
    connect([node("t-control-plane", True)])


def test_a_node_that_is_not_ready_is_waited_for(connect):
    """Otherwise a Pod could be reported as unschedulable."""
    with pytest.raises(errors.ClusterUnreachable, match="Node t-worker did not become ready"):
        connect([node("t-control-plane", True), node("t-worker", False)])


def test_what_a_node_reported_before_it_was_started_does_not_count(connect):
    """The API server has that status until the kubelet reports again."""
    started = {"t-worker": "2026-01-01T00:00:05Z"}

    with pytest.raises(errors.ClusterUnreachable, match="Node t-worker did not become ready"):
        connect([node("t-control-plane", True), node("t-worker", True)], started=started)

    reported = node("t-worker", True, reported="2026-01-01T00:00:05Z")
    connect([node("t-control-plane", True), reported], started=started)


def test_an_own_cluster_that_forbids_to_ask_is_not_ready(connect):
    """kind's account may do everything, but a server that has just started does not know that."""
    forbidden = (403, {"kind": "Status", "message": "no"})

    with pytest.raises(errors.ClusterUnreachable, match="is not ready: "):
        connect([node("t-control-plane", True)], readiness=forbidden)

    connect([], own=False, readiness=forbidden)
