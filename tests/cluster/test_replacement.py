"""Deletions and drains, and what can go wrong with them."""

import copy
import dataclasses

import pytest
import yaml

from pytest_podshare import (
    assert_lost_on_delete,
    assert_lost_on_drain,
    assert_survives_drain,
    errors,
)
from pytest_podshare.deadline import Deadline
from pytest_podshare.pods import replacement
from tests.support.claims import claim
from tests.support.looping_pod import DEPLOYMENT, POD

pytestmark = pytest.mark.two_nodes

BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "b"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "d"}}},
}


@pytest.fixture
def cordoned(podshare_cluster):
    """Return a function that lists the cordoned nodes."""

    def names():
        nodes = podshare_cluster.api.get("/api/v1/nodes")["items"]
        return [node["metadata"]["name"] for node in nodes if node["spec"].get("unschedulable")]

    return names


def test_the_handle_follows_a_deployments_replacement(podshare):
    """It has another name and UID, and the controller created it."""
    pod = podshare.deploy(DEPLOYMENT)
    name, uid = pod.name, pod.uid

    evidence = assert_lost_on_delete(pod)

    assert (pod.name, pod.uid) != (name, uid)
    (proof, _) = evidence.proofs
    assert (proof.before, proof.after) == (uid, pod.uid)
    # the nodes of an existing cluster cannot be inspected
    assert proof.volumes_gone is (True if podshare.cluster.own else None)
    assert pod["c1"].exec(["echo", "here"]).stdout == b"here\n"


@pytest.mark.podshare_needs("node-access")
def test_the_node_has_volumes_of_a_pod_until_it_is_deleted(podshare):
    """The control of the proof that they are gone."""
    pod = podshare.deploy(POD)
    cluster, uid, node = pod.cluster, pod.uid, pod.node

    assert replacement._has_left_its_node(cluster, uid, node, Deadline(0)) is False
    replacement.delete(pod, 60)
    assert replacement._has_left_its_node(cluster, uid, node, Deadline(0)) is True
    other = dataclasses.replace(cluster, own=False)
    assert replacement._has_left_its_node(other, uid, node, Deadline(0)) is None


@pytest.mark.podshare_needs("two-nodes")
def test_a_drain_moves_the_pod_and_uncordons_the_node(podshare, cordoned):
    """The Pod is evicted through the API and comes up on the other node."""
    pod = podshare.deploy(POD)
    node = pod.node

    evidence = assert_lost_on_drain(pod)

    assert pod.node != node
    assert (evidence.proofs[0].node_before, evidence.proofs[0].node_after) == (node, pod.node)
    assert cordoned() == []


@pytest.mark.podshare_needs("two-nodes")
def test_a_node_that_was_cordoned_before_stays_cordoned(podshare, cordoned):
    """A drain only removes its own cordon."""
    pod = podshare.deploy(POD)
    node = pod.node
    api = podshare.cluster.api
    api.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}})
    try:
        assert_lost_on_drain(pod)

        assert cordoned() == [node]
    finally:
        api.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": None}})


@pytest.mark.podshare_needs("two-nodes")
def test_a_disruption_budget_that_forbids_the_eviction_is_reported(podshare, cordoned):
    """The Pod is unchanged, and the node is uncordoned."""
    pod = podshare.deploy({"kind": "List", "items": [BUDGET, DEPLOYMENT]})
    before = pod.identity

    with pytest.raises(errors.EvictionRefused) as caught:
        assert_lost_on_drain(pod, timeout=3)

    assert "disruption budget" in str(caught.value)
    assert pod.live.refresh().identity == before
    assert cordoned() == []


@pytest.mark.podshare_needs("two-nodes")
def test_nothing_is_drained_without_another_node(podshare, cordoned):
    """The error comes before anything is changed."""
    pod = podshare.deploy(POD)
    api = podshare.cluster.api
    others = [
        node["metadata"]["name"]
        for node in api.get("/api/v1/nodes")["items"]
        if node["metadata"]["name"] != pod.node
    ]
    for other in others:
        api.patch(f"/api/v1/nodes/{other}", {"spec": {"unschedulable": True}})
    try:
        with pytest.raises(errors.NotEnoughNodes, match="--podshare-kind-nodes=2"):
            assert_lost_on_drain(pod)
        assert cordoned() == others
    finally:
        for other in others:
            api.patch(f"/api/v1/nodes/{other}", {"spec": {"unschedulable": None}})


def test_survival_needs_a_volume_that_outlives_the_pod(podshare):
    """Without one, the assertion is refused."""
    pod = podshare.deploy(POD)

    with pytest.raises(errors.NoSharedVolume, match="has no volume that outlives its Pod"):
        assert_survives_drain(pod)


def test_several_pods_are_replaced_at_the_same_time(podshare):
    """Each has evidence of its own; the replicas of a Deployment take turns."""
    bare = podshare.deploy(POD)
    replicas = podshare.replicas(
        podshare.deploy({**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replicas": 2}})
    )
    pods = [bare, *replicas]
    before = [pod.uid for pod in pods]

    evidence = assert_lost_on_delete(pods)

    proofs = [proved.proofs[0] for proved in evidence]
    assert [proof.before for proof in proofs] == before
    assert [proof.after for proof in proofs] == [pod.uid for pod in pods]
    assert len({*before, *(pod.uid for pod in pods)}) == 6


def test_one_of_several_pods_keeps_its_files(podshare):
    """Its check is broken, and that of the other holds."""
    lost = podshare.deploy(POD)
    claimed = copy.deepcopy(POD)
    claimed["metadata"]["name"] = "claimed"
    claimed["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    kept = podshare.deploy(yaml.safe_dump_all([claim("data"), claimed]))

    with pytest.raises(errors.PromiseBroken, match="is still there") as raised:
        assert_lost_on_delete([lost, kept], volume="v")

    assert raised.value.cause == "outlives its Pod"
    assert [check.verdict for pod in (lost, kept) for check in pod.checks] == ["held", "broken"]
