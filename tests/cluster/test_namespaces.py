"""A run's namespaces: labelled, its own, and the only ones it deletes."""

import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare import Podshare
from pytest_podshare.cluster.namespaces import RUN_LABEL, Namespaces
from pytest_podshare.deadline import Deadline
from pytest_podshare.errors import ApiError

COLLECTION = "/api/v1/namespaces"
SHAREVOL = yaml.safe_load(Path("manifests/sharevol.yaml").read_text())


@pytest.fixture
def run(podshare_cluster):
    """A run of its own within this run."""
    namespaces = Namespaces(podshare_cluster.api, "testrun1")
    yield namespaces
    namespaces.delete_all()


def test_a_namespace_carries_the_runs_label(run, podshare_cluster):
    """So that it can be told whose it is."""
    name = run.make(Deadline(30))

    made = podshare_cluster.api.get(f"{COLLECTION}/{name}")
    assert made["metadata"]["labels"][RUN_LABEL] == "testrun1"
    assert name.startswith("podshare-testrun1-")


def test_a_deleted_namespace_is_gone(run, podshare_cluster):
    """The positive control of the next test."""
    name = run.make(Deadline(30))

    run.delete(name)

    assert run.wait_until_gone(Deadline(60)) == ()
    with pytest.raises(ApiError) as caught:
        podshare_cluster.api.get(f"{COLLECTION}/{name}")
    assert caught.value.status == 404


def test_a_namespace_of_somebody_else_is_left_alone(run, podshare_cluster):
    """Neither one that was never ours, nor one that took the name of ours."""
    theirs = podshare_cluster.api.post(
        COLLECTION, {"kind": "Namespace", "metadata": {"generateName": "podshare-theirs-"}}
    )
    name = theirs["metadata"]["name"]

    run.delete(name)
    run._made[name] = "another-uid"
    run.delete(name)

    still = podshare_cluster.api.get(f"{COLLECTION}/{name}")
    assert still["status"]["phase"] == "Active"
    assert still["metadata"]["uid"] == theirs["metadata"]["uid"]
    podshare_cluster.api.delete(f"{COLLECTION}/{name}")


def test_what_does_not_go_is_named(run, podshare_cluster):
    """A finalizer that nobody removes holds a namespace; the wait ends and tells which."""
    name = run.make(Deadline(30))
    config_map = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "held", "finalizers": ["podshare.dev/held"]},
    }
    path = f"{COLLECTION}/{name}/configmaps"
    podshare_cluster.api.post(path, config_map)

    begun = time.monotonic()
    run.delete(name)
    run.delete(run.make(Deadline(30)))

    # neither the deletion nor the next test's namespace has waited for it
    assert time.monotonic() - begun < 5
    assert name in run.wait_until_gone(Deadline(2))
    podshare_cluster.api.patch(f"{path}/held", {"metadata": {"finalizers": None}})
    assert run.wait_until_gone(Deadline(60)) == ()


def test_an_object_outside_of_namespaces_goes_with_its_test(podshare_cluster, podshare_namespace):
    """A manifest's StorageClass would otherwise stay on a kept cluster."""
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "podshare-astray"},
        "provisioner": "podshare.dev/none",
    }
    path = "/apis/storage.k8s.io/v1/storageclasses/podshare-astray"

    with Podshare(podshare_cluster, podshare_namespace, run_id="testrun1") as podshare:
        podshare.deploy({"kind": "List", "items": [storage_class, SHAREVOL]})
        assert podshare_cluster.api.get(path)["metadata"]["labels"][RUN_LABEL] == "testrun1"

    with pytest.raises(ApiError) as caught:
        podshare_cluster.api.get(path)
    assert caught.value.status == 404
