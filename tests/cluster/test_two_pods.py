"""Volumes that two Pods share through a claim, network storage or a folder of their node."""

import copy
import re

import pytest

from pytest_podshare import assert_file_visible, assert_not_shared, errors
from tests.support.claims import claim
from tests.support.schedulable_node import find_schedulable_node

STAY = "while :; do sleep 1; done"
CLAIM = claim("uploads")
UPLOADS = {"persistentVolumeClaim": {"claimName": "uploads"}}


@pytest.fixture
def node(podshare):
    """Return a node for Pods that share one of its folders: the scheduler may separate them."""
    return find_schedulable_node(podshare.cluster.api)


def pod(name, volume, source, *, script=STAY, node=None, **mount):
    """Return a Pod with the container c, which mounts a volume at the path of the same name."""
    container = {
        "name": "c",
        "image": "busybox",
        "command": ["sh", "-c", script],
        "volumeMounts": [{"name": volume, "mountPath": f"/{volume}", **mount}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "containers": [container],
            "volumes": [{"name": volume, **source}],
            "terminationGracePeriodSeconds": 1,
            **({"nodeName": node} if node else {}),
        },
    }


def with_claim(*documents, **spec):
    """Return a manifest with the claim, in which the spec may differ, and other objects."""
    claim = copy.deepcopy(CLAIM)
    claim["spec"] |= spec
    return {"kind": "List", "items": [claim, *documents]}


def facts_of(error):
    """Return the facts of a failure by name."""
    return {fact.name: fact.text for fact in error.facts}


def test_the_evidence_names_both_pods_and_their_claim(podshare):
    """The containers have the same name, so their names alone would say nothing."""
    web, worker = podshare.deploy_all(
        [with_claim(pod("web", "files", UPLOADS)), with_claim(pod("worker", "inbox", UPLOADS))]
    )

    evidence = assert_file_visible(web, from_c="c", to_c="c", to_pod=worker)

    assert evidence.claim == "worker/c sees what web/c wrote to files"
    assert [step.container for step in evidence.steps] == ["web/c", "worker/c"]
    pods, claim = evidence.proofs
    assert {web.uid, worker.uid} <= set(re.findall(r"[0-9a-f-]{36}", pods))
    assert claim == "both mount claim 'uploads'"
    assert web.checks[-1].containers == ("c", "worker/c")
    assert web["c"].volume("files").listdir() == []


def test_a_file_of_the_application_is_compared(podshare):
    """The reader has another mountPath, and a folder above the writer's."""
    web, worker = podshare.deploy_all(
        [
            with_claim(
                pod("web", "files", UPLOADS, script=f"echo hi > /files/a; {STAY}", subPath="in"),
                pod("worker", "inbox", UPLOADS),
            )
        ]
    )
    arguments = {"from_c": "c", "to_c": "c", "to_pod": worker, "path": "/files/a"}

    evidence = assert_file_visible(web, **arguments, content="hi\n")

    assert [step.path for step in evidence.steps] == ["/files/a", "/inbox/in/a"]
    with pytest.raises(errors.PromiseBroken):
        assert_file_visible(web, **arguments, content="ho\n", timeout=0.5)
    worker["c"].volume("inbox").remove("in/a")
    with pytest.raises(errors.PromiseBroken):
        assert_file_visible(web, **arguments, timeout=0.5)


def test_two_claims_are_named_with_their_volumes(podshare):
    """The API server knows the PersistentVolume behind each claim."""
    other = {"persistentVolumeClaim": {"claimName": "other"}}
    web, worker = podshare.deploy_all(
        [
            with_claim(
                {**CLAIM, "metadata": {"name": "other"}},
                pod("web", "files", UPLOADS),
                pod("worker", "inbox", other),
            )
        ]
    )

    with pytest.raises(errors.NoSharedVolume) as caught:
        assert_file_visible(web, from_c="c", to_c="c", to_pod=worker)

    facts, namespace = facts_of(caught.value), podshare.namespace
    why = re.sub(r"pvc-[0-9a-f-]{36}", "PV", facts["why"])
    assert len(set(re.findall(r"pvc-[0-9a-f-]{36}", facts["why"]))) == 2
    assert why == (
        f"different volume: volume 'files' of web/c is claim 'uploads' of namespace {namespace}"
        f" (PersistentVolume PV); volume 'inbox' of worker/c is claim 'other' of namespace"
        f" {namespace} (PersistentVolume PV)"
    )
    assert facts["pod"] == f"{namespace}/web and {namespace}/worker"
    evidence = assert_not_shared(web, from_c="c", to_c="c", to_pod=worker)
    assert evidence.claim == "worker/c sees nothing of what web/c wrote to files"


def test_a_volume_of_one_pod_is_not_shared(podshare):
    """Volumes of the same name are two volumes, if each Pod has its own."""
    web, worker = podshare.deploy_all(
        [pod(name, "files", {"emptyDir": {}}) for name in ("web", "worker")]
    )

    assert_not_shared(web, from_c="c", to_c="c", to_pod=worker)
    with pytest.raises(errors.NoSharedVolume) as caught:
        assert_file_visible(web, from_c="c", to_c="c", to_pod=worker)
    assert facts_of(caught.value)["why"] == (
        "different volume: volume 'files' of web/c is an emptyDir, and each Pod has its own"
    )


def test_a_shared_claim_is_the_cause_of_what_is_seen(podshare):
    """The positive control of the negative claim, with the claim as its cause."""
    web, worker = podshare.deploy_all(
        [with_claim(pod("web", "files", UPLOADS), pod("worker", "inbox", UPLOADS))]
    )

    with pytest.raises(errors.PromiseBroken) as caught:
        assert_not_shared(web, from_c="c", to_c="c", to_pod=worker)

    why = facts_of(caught.value)["why"]
    assert why.startswith(
        "same folder: volume 'files' of web/c and volume 'inbox' of worker/c are the same:"
        f" claim 'uploads' of namespace {podshare.namespace}"
    )


def test_an_init_container_of_another_pod_is_not_provable(podshare):
    """It has ended, and its times are compared within its own Pod only."""
    writer = pod("web", "files", UPLOADS)
    (container,) = writer["spec"]["containers"]
    init = {**container, "name": "install", "command": ["touch", "/files/a"]}
    writer["spec"]["initContainers"] = [init]
    web, worker = podshare.deploy_all([with_claim(writer, pod("worker", "inbox", UPLOADS))])

    for assertion in (assert_file_visible, assert_not_shared):
        with pytest.raises(errors.Unprovable, match="web/install is an init container") as caught:
            assertion(web, from_c="install", to_c="c", to_pod=worker)
        assert caught.value.cause == "ended"
    assert_file_visible(web, from_c="c", to_c="c", to_pod=worker, path="/files/a")


def test_a_folder_of_the_node_is_shared_with_the_folder_above(podshare, node):
    """A hostPath has no claim: the node and the path tie the volumes together."""
    path = f"/tmp/{podshare.namespace}"
    above, below = (
        {"hostPath": {"path": path, "type": "DirectoryOrCreate"}},
        {"hostPath": {"path": f"{path}/below", "type": "DirectoryOrCreate"}},
    )
    web, worker = podshare.deploy_all(
        [pod("web", "a", above, node=node), pod("worker", "b", below, node=node)]
    )

    for writer, reader in ((web, worker), (worker, web)):
        evidence = assert_file_visible(writer, from_c="c", to_c="c", to_pod=reader)
        assert {step.path.rpartition("/")[0] for step in evidence.steps} == {"/a/below", "/b"}
    web["c"].exec(["rm", "-rf", "/a/below"])


def bound(name, path, **spec):
    """Return a PersistentVolume for a folder of the node, and a claim that is bound to it."""
    claim = {**CLAIM["spec"], "accessModes": ["ReadWriteMany"], "storageClassName": ""}
    volume = {
        "capacity": {"storage": "8Mi"},
        "accessModes": ["ReadWriteMany"],
        "hostPath": {"path": path, "type": "DirectoryOrCreate"},
        "persistentVolumeReclaimPolicy": "Retain",
    }
    unique = f"{name}-{path.rpartition('/')[2]}"
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": unique},
            "spec": volume,
        },
        {
            **CLAIM,
            "metadata": {"name": name},
            "spec": {**claim, "volumeName": unique, **spec},
        },
    ]


def test_two_claims_of_one_source_are_shared(podshare, node):
    """Their PersistentVolumes have the same folder, which the claims do not say."""
    path = f"/tmp/{podshare.namespace}"
    other = {"persistentVolumeClaim": {"claimName": "other"}}
    documents = [*bound("uploads", path), *bound("other", path)]
    web, worker, beside = podshare.deploy_all(
        [
            {
                "kind": "List",
                "items": [
                    *documents,
                    pod("web", "files", UPLOADS, node=node),
                    pod("worker", "inbox", other, node=node),
                    pod("beside", "folder", {"hostPath": {"path": path}}, node=node),
                ],
            }
        ]
    )

    evidence = assert_file_visible(web, from_c="c", to_c="c", to_pod=worker)

    assert evidence.proofs[1] == f"both mount folder {path} of node {web.node}"
    assert_file_visible(beside, from_c="c", to_c="c", to_pod=worker)
    with pytest.raises(errors.PromiseBroken) as caught:
        assert_not_shared(web, from_c="c", to_c="c", to_pod=worker)
    assert facts_of(caught.value)["why"] == (
        "same folder: /inbox in worker/c and /files in web/c are the same folder, according to the"
        " mount tables"
    )


def test_the_second_pod_of_a_claim_for_one_pod_is_refused(podshare):
    """The scheduler says why, in the error of the deployment."""
    manifests = [
        with_claim(pod(name, "files", UPLOADS), accessModes=["ReadWriteOncePod"])
        for name in ("web", "worker")
    ]
    web = podshare.deploy(manifests[0])

    with pytest.raises(errors.PodUnschedulable, match="ReadWriteOncePod access mode"):
        podshare.deploy(manifests[1], timeout=20)
    assert web["c"].exec(["true"]).returncode == 0


def test_an_object_of_the_same_name_but_other_content_is_refused(podshare):
    """Only an object that is the same in both manifests is created once."""
    podshare.deploy(with_claim(pod("web", "files", UPLOADS)))
    other = with_claim(pod("worker", "files", UPLOADS), resources={"requests": {"storage": "9Mi"}})

    with pytest.raises(errors.DeployRejected, match="already exists"):
        podshare.deploy(other)


@pytest.mark.podshare_needs("two-nodes", "read-write-many")
@pytest.mark.two_nodes
def test_a_claim_for_many_nodes_is_shared_between_two_nodes(podshare, api):
    """Each Pod is bound to another node."""
    nodes = [node["metadata"]["name"] for node in api.get("/api/v1/nodes")["items"]][:2]
    manifests = [pod(f"pod-{index}", "files", UPLOADS) for index in range(2)]
    for manifest, node in zip(manifests, nodes, strict=True):
        manifest["spec"]["nodeName"] = node
    web, worker = podshare.deploy_all([with_claim(*manifests, accessModes=["ReadWriteMany"])])

    assert_file_visible(web, from_c="c", to_c="c", to_pod=worker)
    assert {web.node, worker.node} == set(nodes)


class TestReplicas:
    """The Pods of one workload."""

    MANIFEST = "manifests/database.yaml"

    def test_they_come_in_the_order_of_their_names(self, podshare):
        """Each Pod has one handle, however often it is asked for."""
        db = podshare.deploy(self.MANIFEST)

        pods = podshare.replicas(db)

        assert [each.name for each in pods] == ["db-0", "db-1"]
        assert db in pods
        assert podshare.replicas(pods[1]) == pods
        assert podshare.pods == [db, *(each for each in pods if each is not db)]

    def test_each_follows_its_own_replacement(self, podshare):
        """A replica is not the replacement of another one."""
        first, second = podshare.replicas(podshare.deploy(self.MANIFEST))
        uids = {first.uid, second.uid}
        paths = [
            f"/api/v1/namespaces/{each.namespace}/pods/{each.name}" for each in (first, second)
        ]
        for path in paths:
            podshare.cluster.api.delete(path, gracePeriodSeconds=0)

        second.follow_replacement()
        first.follow_replacement()

        assert [first.name, second.name] == ["db-0", "db-1"]
        assert not uids & {first.uid, second.uid}
        assert_not_shared(first, from_c="db", to_c="db", to_pod=second)

    def test_a_replica_that_cannot_start_is_an_error(self, podshare):
        """It says how many of them are ready, and what keeps the others."""
        claim = {"accessModes": ["ReadWriteOncePod"], "resources": CLAIM["spec"]["resources"]}
        template = pod("web", "files", UPLOADS)
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": template["spec"]},
            },
        }
        web = podshare.deploy(with_claim(deployment, **claim))

        with pytest.raises(errors.PodUnschedulable, match="ReadWriteOncePod access mode"):
            podshare.replicas(web, timeout=20)

    def test_a_bare_pod_is_alone(self, podshare):
        """No controller creates others."""
        web = podshare.deploy(pod("web", "files", {"emptyDir": {}}))

        assert podshare.replicas(web) == [web]

    def test_a_pod_of_another_namespace_is_refused(self, podshare, podshare_factory):
        """It is a mistake of the test."""
        web = podshare.deploy(pod("web", "files", {"emptyDir": {}}))
        with podshare_factory.make() as other, pytest.raises(ValueError, match="was not deployed"):
            other.replicas(web)
