"""The namespaces of a run: their ownership, their deletion, and those that it must not delete."""

import contextlib
import re
import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare import Podshare
from pytest_podshare.cluster.namespaces import Namespaces
from pytest_podshare.cluster.ownership import (
    EXPIRES_ANNOTATION,
    KEPT_LIFETIME,
    LIFETIME,
    RUN_LABEL,
    Ownership,
    parse_time,
)
from pytest_podshare.deadline import Deadline
from pytest_podshare.errors import ApiError
from pytest_podshare.kube.watch import wait_for
from tests.support.pytest_runs import HELD, TEST
from tests.support.pytest_runs import run as run_pytest

COLLECTION = "/api/v1/namespaces"
SHAREVOL = yaml.safe_load(Path("manifests/sharevol.yaml").read_text())


@pytest.fixture
def namespaces(podshare_cluster):
    """Return the namespaces of a run within this run."""
    namespaces = Namespaces(podshare_cluster.api, "testrun1")
    yield namespaces
    namespaces.delete_all()


@pytest.fixture
def block_deletion(podshare_cluster):
    """Return a function that blocks the deletion of a namespace until the end of the test."""
    names = []

    def block(name):
        config_map = {"metadata": {"name": "held", "finalizers": ["podshare.dev/held"]}}
        podshare_cluster.api.post(f"{COLLECTION}/{name}/configmaps", config_map)
        names.append(name)

    yield block
    for name in names:
        with contextlib.suppress(ApiError):
            unblock_deletion(podshare_cluster, name)


def unblock_deletion(cluster, name):
    """Let a namespace be deleted whose deletion was blocked."""
    path = f"{COLLECTION}/{name}/configmaps/held"
    cluster.api.patch(path, {"metadata": {"finalizers": None}})


def test_a_namespace_has_the_label_of_its_run(namespaces, podshare_cluster):
    """Its name contains the run as well."""
    name = namespaces.create(Deadline(30))

    live = podshare_cluster.api.get(f"{COLLECTION}/{name}")
    assert live["metadata"]["labels"][RUN_LABEL] == "testrun1"
    assert name.startswith("podshare-testrun1-")


def test_a_deleted_namespace_does_not_exist(namespaces, podshare_cluster):
    """The positive control of the next test."""
    name = namespaces.create(Deadline(30))

    namespaces.delete(name)

    assert namespaces.wait_until_deleted(Deadline(180)) == ()
    with pytest.raises(ApiError) as caught:
        podshare_cluster.api.get(f"{COLLECTION}/{name}")
    assert caught.value.status == 404


def test_a_long_run_extends_the_expiry_of_its_namespaces(podshare_cluster, block_deletion):
    """It does so in the second half of their lifetime, unless they are being deleted."""
    now = [time.time()]
    namespaces = Namespaces(podshare_cluster.api, "testrun2", now=lambda: now[0])
    names = [namespaces.create(Deadline(30)) for _ in range(2)]
    # or it might not exist any more when its expiry is read
    block_deletion(names[1])
    namespaces.delete(names[1])

    def read_expiry(name):
        metadata = podshare_cluster.api.get(f"{COLLECTION}/{name}")["metadata"]
        return parse_time(metadata["annotations"][EXPIRES_ANNOTATION])

    seconds_left = [[read_expiry(name) - now[0] for name in names]]
    for _ in range(2):
        now[0] += LIFETIME * 0.4
        namespaces.extend_expiry()
        seconds_left.append([read_expiry(name) - now[0] for name in names])
    namespaces.delete_all()

    expected = [[1.0, 1.0], [0.6, 0.6], [1.0, 0.2]]
    assert [
        [pytest.approx(LIFETIME * part, abs=2) for part in parts] for parts in expected
    ] == seconds_left


def test_a_kept_namespace_names_its_test_and_is_not_waited_for(namespaces, podshare_cluster):
    """The first of several tests counts; a namespace that was deleted meanwhile is not kept."""
    name, deleted = (namespaces.create(Deadline(30)) for _ in range(2))
    for test in ("first", "second"):
        namespaces.keep(name, test)
    namespaces.keep(deleted, "first")
    namespaces.keep("default", "first")
    podshare_cluster.api.delete(f"{COLLECTION}/{deleted}")
    wait_for(podshare_cluster.api, COLLECTION, deleted, lambda seen: seen is None, Deadline(180))

    namespaces.delete_all()

    assert [(kept.name, kept.test) for kept in namespaces.kept()] == [(name, "first")]
    assert namespaces.wait_until_deleted(Deadline(0)) == ()
    ownership = Ownership.read(podshare_cluster.api.get(f"{COLLECTION}/{name}")["metadata"])
    assert ownership.kept_for == "first"
    assert ownership.expires == pytest.approx(time.time() + KEPT_LIFETIME, abs=60)
    podshare_cluster.api.delete(f"{COLLECTION}/{name}")


def test_a_namespace_that_the_run_did_not_create_is_left_alone(namespaces, podshare_cluster):
    """This includes one that has the name of a deleted namespace of the run."""
    foreign = podshare_cluster.api.post(
        COLLECTION, {"kind": "Namespace", "metadata": {"generateName": "podshare-theirs-"}}
    )
    name = foreign["metadata"]["name"]

    namespaces.delete(name)
    namespaces._uids[name] = "another-uid"
    namespaces.delete(name)

    live = podshare_cluster.api.get(f"{COLLECTION}/{name}")
    assert live["status"]["phase"] == "Active"
    assert live["metadata"]["uid"] == foreign["metadata"]["uid"]
    podshare_cluster.api.delete(f"{COLLECTION}/{name}")


def test_a_namespace_that_cannot_be_deleted_is_returned(
    namespaces, podshare_cluster, block_deletion
):
    """Neither its deletion nor the creation of the next namespace waits for it."""
    name = namespaces.create(Deadline(30))
    block_deletion(name)

    started = time.monotonic()
    namespaces.delete(name)
    namespaces.delete(namespaces.create(Deadline(30)))

    # a wait would take a minute
    assert time.monotonic() - started < 50
    assert name in namespaces.wait_until_deleted(Deadline(2))
    unblock_deletion(podshare_cluster, name)
    assert namespaces.wait_until_deleted(Deadline(180)) == ()


def test_a_run_on_an_existing_cluster_reports_remaining_namespaces(podshare_cluster, pytester):
    """It ends even if a namespace cannot be deleted."""
    pytester.makepyfile(test_held=HELD, test_free=TEST)
    existing = (
        "--podshare-provider=existing",
        f"--podshare-kubeconfig={podshare_cluster.kubeconfig}",
        "-n1",
    )

    blocked = run_pytest(pytester, *existing, "--podshare-delete-timeout=1", "test_held.py")
    # before any assertion, since a namespace that remains would disturb other tests
    (run_id,) = re.findall(r", run ([0-9a-f]{8})$", blocked.stdout.str(), re.M)
    label = f"{RUN_LABEL}={run_id}"
    for live in podshare_cluster.api.get(COLLECTION, labelSelector=label)["items"]:
        unblock_deletion(podshare_cluster, live["metadata"]["name"])
    free = run_pytest(pytester, *existing, "--podshare-delete-timeout=240", "test_free.py")

    blocked.assert_outcomes(passed=1)
    # by the worker
    blocked.stdout.fnmatch_lines(["podshare: still being deleted after 1 s: podshare-*"])
    free.assert_outcomes(passed=1)
    # it may report leftovers of other tests
    assert "still being deleted after" not in free.stdout.str()


def test_a_cluster_scoped_object_is_deleted_with_its_test(podshare_cluster, podshare_namespace):
    """Otherwise the StorageClass of a manifest would stay on a kept cluster."""
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
