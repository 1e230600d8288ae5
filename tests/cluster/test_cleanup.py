"""`podshare clean` and the sweep of a new run: what they remove, what stays, and what is stuck."""

import contextlib
import time

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.cluster import cleanup
from pytest_podshare.cluster.leftover import NAMESPACES, NODES
from pytest_podshare.cluster.ownership import RUN_LABEL, Ownership
from pytest_podshare.deadline import Deadline, poll
from tests.support.clean_command import CURRENT, ELSEWHERE, ENDED, clean, owned_metadata
from tests.support.pytest_runs import SHAREVOL, run

pytestmark = pytest.mark.two_nodes

STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
HOUR = 3600.0


@pytest.fixture
def create(api):
    """Return a function that creates an object with that metadata; deleted after the test."""
    paths = []

    def create(collection, metadata, **fields):
        metadata = {"generateName": "podshare-left-", **metadata}
        name = api.post(collection, {"metadata": metadata, **fields})["metadata"]["name"]
        paths.append(f"{collection}/{name}")
        return name

    yield create
    for path in paths:
        if exists(api, path):
            api.patch(path, {"metadata": {"finalizers": None}})
        if exists(api, path):
            api.delete(path)


@pytest.fixture
def stuck(api, create, run_id):
    """Return an ended run's namespace that cannot be deleted, and a function that unblocks it."""
    # first of a running one, or the run of another test might remove it too early
    name = create(NAMESPACES, owned_metadata(run_id, CURRENT))
    config_maps = f"{NAMESPACES}/{name}/configmaps"
    api.post(config_maps, {"metadata": {"name": "held", "finalizers": ["podshare.dev/held"]}})
    api.patch(f"{NAMESPACES}/{name}", {"metadata": owned_metadata(run_id)})

    def unblock():
        api.patch(f"{config_maps}/held", {"metadata": {"finalizers": None}})

    yield name, unblock
    with contextlib.suppress(errors.ApiError):
        unblock()


def exists(api, path):
    """Return whether an object exists and is not being deleted."""
    try:
        return "deletionTimestamp" not in api.get(path)["metadata"]
    except errors.ApiError as error:
        if error.status != 404:
            raise
        return False


def read_namespace(api, name):
    """Return a namespace, even one that is being deleted; None if it does not exist."""
    try:
        return api.get(f"{NAMESPACES}/{name}")
    except errors.ApiError:
        return None


def test_clean_removes_the_namespaces_of_ended_runs_only(api, create, run_id, clean_options):
    """It gives the reason for every other one."""
    ended = create(NAMESPACES, owned_metadata(run_id))
    expired = create(NAMESPACES, owned_metadata(run_id, ELSEWHERE, seconds=-2 * HOUR))
    staying = {
        create(NAMESPACES, owned_metadata(run_id, CURRENT)): "is using it",
        create(NAMESPACES, owned_metadata(run_id, ELSEWHERE)): "may be using it from elsewhere",
        create(NAMESPACES, owned_metadata(run_id, kept_for="test_it")): "keeps it until",
        create(NAMESPACES, {"labels": {RUN_LABEL: run_id}}): "set no expiry time",
    }
    foreign = create(NAMESPACES, {"labels": {"app": run_id}})

    done = clean(*clean_options)

    # a run of another test may have removed some before
    assert done.returncode == 0, done.stdout + done.stderr
    assert foreign not in done.stdout
    lines = {line.split(": ")[0].split()[-1]: line for line in done.stdout.splitlines()}
    for name, reason in staying.items():
        assert f": stays; run {run_id} of " in lines[name]
        assert reason in lines[name]
    # the command has waited for the deletion
    assert [name for name in (ended, expired) if read_namespace(api, name) is not None] == []
    missing = [name for name in (*staying, foreign) if not exists(api, f"{NAMESPACES}/{name}")]
    assert missing == []


def test_clean_removes_what_the_selected_run_keeps_but_not_what_it_uses(
    api, create, run_id, clean_options
):
    """That is how to remove a namespace after its inspection."""
    kept = create(NAMESPACES, owned_metadata(run_id, kept_for="test_it"))
    used = create(NAMESPACES, owned_metadata(run_id, CURRENT))
    other = create(NAMESPACES, owned_metadata(f"{run_id}x", kept_for="test_it"))
    owner = f"run {run_id} of me@here"

    dry = clean(*clean_options, "--run", run_id, "--dry-run")
    assert f"  namespace {kept}: would be removed; {owner} was selected" in dry.stdout
    assert exists(api, f"{NAMESPACES}/{kept}")
    done = clean(*clean_options, "--run", run_id)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"  namespace {kept}: removed; {owner} was selected\n" in done.stdout
    assert f"  namespace {used}: stays; {owner} is using it\n" in done.stdout
    remaining = [name for name in (kept, used, other) if exists(api, f"{NAMESPACES}/{name}")]
    assert remaining == [used, other]


def test_clean_reports_what_blocks_a_deletion(stuck, clean_options):
    """The exit code is 1 until the finalizer is removed."""
    name, unblock = stuck
    start = f"  namespace {name}: still exists after 1 s, blocked by: "

    def reports_finalizer(done):
        (line,) = (line for line in done.stdout.splitlines() if line.startswith(start))
        return "podshare.dev/held in 1 resource instances" in line

    first = clean(*clean_options, "--timeout=8")
    # the namespace controller reports what blocks a deletion only after some seconds
    second = poll(
        lambda: clean(*clean_options, "--timeout=1"),
        until=reports_finalizer,
        deadline=Deadline(120),
    )
    unblock()
    unblocked = clean(*clean_options)

    assert (first.returncode, second.returncode, unblocked.returncode) == (1, 1, 0)
    assert f"  namespace {name}: still exists after 8 s, blocked by: " in first.stdout
    assert reports_finalizer(second)


def test_clean_removes_a_cluster_scoped_object_with_the_last_namespace_of_its_run(
    api, create, run_id, clean_options
):
    """If a finalizer blocks the deletion, it is reported."""
    namespace = create(NAMESPACES, owned_metadata(run_id, CURRENT))
    # kept, or the run of another test might remove it
    name = create(
        STORAGE_CLASSES,
        owned_metadata(run_id, kept_for="test_it"),
        provisioner="podshare.dev/none",
    )

    staying = clean(*clean_options, "--run", run_id)
    api.delete(f"{NAMESPACES}/{namespace}")
    poll(
        lambda: read_namespace(api, namespace),
        until=lambda live: live is None,
        deadline=Deadline(180),
    )
    path = f"{STORAGE_CLASSES}/{name}"
    api.patch(path, {"metadata": {"finalizers": ["podshare.dev/held"]}})
    blocked = clean(*clean_options, "--run", run_id, "--timeout=1")
    api.patch(path, {"metadata": {"finalizers": None}})

    reason = f"run {run_id} of me@here still has a namespace"
    assert f"  storageclass {name}: stays; {reason}" in staying.stdout
    assert blocked.returncode == 1
    blocker = "still exists after 1 s, blocked by: finalizers: podshare.dev/held"
    assert f"  storageclass {name}: {blocker}\n" in blocked.stdout
    assert not exists(api, path)


def test_in_an_existing_namespace_only_the_objects_of_runs_are_removed(
    api, create, run_id, podshare_namespace
):
    """The namespace and all other objects stay."""
    config_maps = f"{NAMESPACES}/{podshare_namespace}/configmaps"
    owned = create(config_maps, owned_metadata(run_id))
    foreign = create(config_maps, {"labels": {"app": "a"}})

    def policy(ownership):
        return ownership.disposition(time.time())

    found = cleanup.find_in_namespace(api, policy, podshare_namespace)
    leftovers = [leftover for leftover in found if leftover.ownership.run == run_id]

    assert [(leftover.title, leftover.disposition.removable) for leftover in leftovers] == [
        (f"configmap {owned}", True)
    ]
    for leftover in leftovers:
        leftover.remove(api)
    assert not exists(api, f"{config_maps}/{owned}")
    assert exists(api, f"{config_maps}/{foreign}")
    assert exists(api, f"{NAMESPACES}/{podshare_namespace}")


def test_a_sweep_of_an_existing_namespace_starts_with_the_pods_of_killed_runs(
    api, create, run_id, podshare_namespace
):
    """With a Pod, the other objects are removed as well, except those of running processes."""
    namespace = f"{NAMESPACES}/{podshare_namespace}"
    spec = {"containers": [{"name": "c", "image": "busybox", "command": ["sleep", "3600"]}]}
    config_map, used = (
        create(f"{namespace}/configmaps", owned_metadata(run_id, process))
        for process in (ENDED, CURRENT)
    )
    before = cleanup.sweep(api, time.time(), podshare_namespace)
    pod = create(f"{namespace}/pods", owned_metadata(run_id), spec=spec)
    expected, removed = {f"pod {pod}", f"configmap {config_map}"}, set()

    def sweep():
        removed.update(cleanup.sweep(api, time.time(), podshare_namespace).removed)
        return expected - removed

    # a sweep on a busy machine leaves objects to the next one
    remaining = poll(sweep, until=lambda titles: not titles, deadline=Deadline(120))

    assert f"configmap {config_map}" not in before.removed
    assert remaining == set()
    assert not exists(api, f"{namespace}/configmaps/{config_map}")
    assert exists(api, f"{namespace}/configmaps/{used}")


def test_the_next_run_removes_the_namespace_of_a_killed_worker(
    podshare_cluster, pytester, monkeypatch, api
):
    """Its controller had ended normally."""
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", podshare_cluster.name)
    pytester.makepyfile(
        test_dies="""
        import os, signal

        def test_it(podshare_namespace):
            open("namespace", "w").write(podshare_namespace)
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        test_lives="def test_it(podshare_cluster): pass",
    )
    kind = "--podshare-provider=kind"

    def run_both():
        run(pytester, kind, "-n1", "--max-worker-restart=0", "-k", "dies")
        namespace = (pytester.path / "namespace").read_text()
        result = run(pytester, kind, "-k", "lives")
        result.assert_outcomes(passed=1, deselected=1)
        printed = result.stdout.str().splitlines()
        lines = [line for line in printed if f"namespace {namespace}" in line]
        return lines, exists(api, f"{NAMESPACES}/{namespace}")

    # the run of another test may be faster, and a busy one leaves objects to the next
    lines, remains = poll(
        run_both, until=lambda result: result[0] and not result[1], deadline=Deadline(180)
    )

    assert [line.split(": ")[:2] for line in lines] == [
        ["podshare", "removed leftovers of killed runs"]
    ]
    assert not remains


def test_a_sweep_of_a_clean_cluster_sends_two_requests(api, monkeypatch):
    """A new run must not be slower if there are no leftovers."""
    requests, send = [], api._request

    def count(method, path, **options):
        requests.append((method, path))
        return send(method, path, **options)

    monkeypatch.setattr(api, "_request", count)

    def sweep():
        requests.clear()
        cleanup.sweep(api, time.time())
        return list(requests)

    # a sweep that finds leftovers of other tests sends more
    sent = poll(sweep, until=lambda requests: len(requests) <= 2, deadline=Deadline(60))

    assert sent == [("GET", NODES), ("GET", NAMESPACES)]


def test_a_sweep_reports_a_stuck_deletion(api, create, run_id, stuck):
    """It does so an hour later, when the deletion should have finished long ago."""
    removable, (name, unblock) = create(NAMESPACES, owned_metadata(run_id)), stuck
    api.delete(f"{NAMESPACES}/{name}")

    def sweep(now):
        return [title for title in cleanup.sweep(api, now).stuck if name in title]

    first = sweep(time.time())
    later = poll(
        lambda: sweep(time.time() + HOUR),
        until=lambda titles: any("podshare.dev/held" in title for title in titles),
        deadline=Deadline(120),
    )
    unblock()

    assert not exists(api, f"{NAMESPACES}/{removable}")
    assert first == []
    assert later[0].startswith(f"namespace {name}, blocked by: ")
    assert "podshare.dev/held in 1 resource instances" in later[0]


def test_every_object_of_a_deployment_has_an_ownership(podshare, api, podshare_namespace):
    """This includes the objects that its controller creates."""
    pod = yaml.safe_load(SHAREVOL.read_text())
    labels = {"app": "it"}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    stateful_set = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "it"},
        "spec": {
            "serviceName": "it",
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod["spec"]},
            "volumeClaimTemplates": [claim],
        },
    }
    pod["spec"]["containers"][0]["volumeMounts"].append({"name": "data", "mountPath": "/data"})
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it"}}
    podshare.deploy({"kind": "List", "apiVersion": "v1", "items": [config_map, stateful_set]})

    namespace = f"{NAMESPACES}/{podshare_namespace}"
    paths = (
        namespace,
        f"{namespace}/configmaps/it",
        f"{namespace}/pods/it-0",
        f"{namespace}/persistentvolumeclaims/data-it-0",
        f"/apis/apps/v1/namespaces/{podshare_namespace}/statefulsets/it",
    )
    owners = [Ownership.read(api.get(path)["metadata"]) for path in paths]

    assert {ownership.run for ownership in owners} == {podshare.objects.run_id}
    assert {ownership.process for ownership in owners} == {CURRENT}
    assert all("@" in ownership.owner or "://" in ownership.owner for ownership in owners)
    assert all(ownership.expires > time.time() + HOUR for ownership in owners)
