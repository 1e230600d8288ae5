"""A run's namespaces: labelled, its own, and the only ones it deletes."""

import contextlib
import re
import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare import Podshare
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.namespaces import RUN_LABEL, Namespaces
from pytest_podshare.deadline import Deadline
from pytest_podshare.errors import ApiError
from pytest_podshare.kube.watch import wait_for
from tests.support.pytest_runs import HELD, TEST
from tests.support.pytest_runs import run as run_pytest

COLLECTION = "/api/v1/namespaces"
SHAREVOL = yaml.safe_load(Path("manifests/sharevol.yaml").read_text())


@pytest.fixture
def run(podshare_cluster):
    """A run of its own within this run."""
    namespaces = Namespaces(podshare_cluster.api, "testrun1")
    yield namespaces
    namespaces.delete_all()


@pytest.fixture
def hold(podshare_cluster):
    """A function that has a namespace stay though it is deleted, until the test is over."""
    held = []

    def one(name):
        config_map = {"metadata": {"name": "held", "finalizers": ["podshare.dev/held"]}}
        podshare_cluster.api.post(f"{COLLECTION}/{name}/configmaps", config_map)
        held.append(name)

    yield one
    for name in held:
        with contextlib.suppress(ApiError):
            let_go(podshare_cluster, name)


def let_go(cluster, name):
    """Let a namespace go that was held."""
    path = f"{COLLECTION}/{name}/configmaps/held"
    cluster.api.patch(path, {"metadata": {"finalizers": None}})


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

    assert run.wait_until_gone(Deadline(180)) == ()
    with pytest.raises(ApiError) as caught:
        podshare_cluster.api.get(f"{COLLECTION}/{name}")
    assert caught.value.status == 404


def test_a_long_run_puts_off_when_its_namespaces_may_go(podshare_cluster, hold):
    """Once half of the time is over, and not before; not of one that is being deleted."""
    now = [time.time()]
    run = Namespaces(podshare_cluster.api, "testrun2", now=lambda: now[0])
    names = [run.make(Deadline(30)) for _ in range(2)]
    # or it might be gone before it is looked at
    hold(names[1])
    run.delete(names[1])

    def expires(name):
        return ownership.moment(
            podshare_cluster.api.get(f"{COLLECTION}/{name}")["metadata"]["annotations"][
                ownership.EXPIRES
            ]
        )

    seen = [[expires(name) - now[0] for name in names]]
    for _ in range(2):
        now[0] += ownership.LIFE * 0.4
        run.extend()
        seen.append([expires(name) - now[0] for name in names])
    run.delete_all()

    expected = [[1.0, 1.0], [0.6, 0.6], [1.0, 0.2]]
    assert [
        [pytest.approx(ownership.LIFE * part, abs=2) for part in each] for each in expected
    ] == seen


def test_a_namespace_that_is_kept_says_for_what_and_is_not_waited_for(run, podshare_cluster):
    """Of several tests it is kept for the first; one that somebody has deleted is not kept."""
    name, gone = (run.make(Deadline(30)) for _ in range(2))
    for test in ("first", "second"):
        run.keep(name, test)
    run.keep(gone, "first")
    run.keep("default", "first")
    podshare_cluster.api.delete(f"{COLLECTION}/{gone}")
    wait_for(podshare_cluster.api, COLLECTION, gone, lambda seen: seen is None, Deadline(180))

    run.delete_all()

    assert [(each.name, each.test) for each in run.kept()] == [(name, "first")]
    assert run.wait_until_gone(Deadline(0)) == ()
    its = ownership.Ownership.read(podshare_cluster.api.get(f"{COLLECTION}/{name}")["metadata"])
    assert its.kept == "first"
    assert its.expires == pytest.approx(time.time() + ownership.KEPT_LIFE, abs=60)
    podshare_cluster.api.delete(f"{COLLECTION}/{name}")


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


def test_what_does_not_go_is_named(run, podshare_cluster, hold):
    """A finalizer that nobody removes holds a namespace; the wait ends and tells which."""
    name = run.make(Deadline(30))
    hold(name)

    begun = time.monotonic()
    run.delete(name)
    run.delete(run.make(Deadline(30)))

    # neither the deletion nor the next test's namespace has waited for it, as a wait of a minute
    # would have
    assert time.monotonic() - begun < 50
    assert name in run.wait_until_gone(Deadline(2))
    let_go(podshare_cluster, name)
    assert run.wait_until_gone(Deadline(180)) == ()


def test_a_run_on_an_existing_cluster_tells_what_is_still_there(podshare_cluster, pytester):
    """Its end has an end, also where a namespace cannot go."""
    pytester.makepyfile(test_held=HELD, test_free=TEST)
    where = (
        "--podshare-provider=existing",
        f"--podshare-kubeconfig={podshare_cluster.kubeconfig}",
        "-n1",
    )

    hasty = run_pytest(pytester, *where, "--podshare-delete-timeout=1", "test_held.py")
    # whatever it has said, for what cannot go would be in the way of other tests
    (its,) = re.findall(r", run ([0-9a-f]{8})$", hasty.stdout.str(), re.M)
    label = f"{RUN_LABEL}={its}"
    for each in podshare_cluster.api.get(COLLECTION, labelSelector=label)["items"]:
        let_go(podshare_cluster, each["metadata"]["name"])
    patient = run_pytest(pytester, *where, "--podshare-delete-timeout=240", "test_free.py")

    hasty.assert_outcomes(passed=1)
    # the worker tells of it
    hasty.stdout.fnmatch_lines(["podshare: still being deleted after 1 s: podshare-*"])
    patient.assert_outcomes(passed=1)
    # it may tell of what other tests' runs have left
    assert "still being deleted after" not in patient.stdout.str()


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
