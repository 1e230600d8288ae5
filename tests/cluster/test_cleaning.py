"""`podshare clean` on a cluster: what goes, what stays, and what is stuck."""

import contextlib
import time

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.cluster import cleanup, processes
from pytest_podshare.cluster.cleanup import NAMESPACES, NODES
from pytest_podshare.cluster.ownership import RUN_LABEL, Ownership
from pytest_podshare.deadline import Deadline, poll
from tests.support.clean_command import DEAD, ELSEWHERE, clean, stamped
from tests.support.pytest_runs import SHAREVOL, run

pytestmark = pytest.mark.two_nodes

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
HOUR = 3600.0


@pytest.fixture
def make(api):
    """A function that makes an object with that metadata; whatever is left of them is removed."""
    made = []

    def one(collection, metadata, **more):
        live = api.post(
            collection, {"metadata": {"generateName": "podshare-left-", **metadata}, **more}
        )
        made.append(f"{collection}/{live['metadata']['name']}")
        return live["metadata"]["name"]

    yield one
    for path in made:
        if there(api, path):
            api.patch(path, {"metadata": {"finalizers": None}})
        if there(api, path):
            api.delete(path)


@pytest.fixture
def stuck(api, make, run_id):
    """The namespace of a run that has ended, which cannot go; and a function that lets it go."""
    # at first of one that goes on, or another test's run might remove it before all is there
    name = make(NAMESPACES, stamped(run_id, processes.tag(processes.this())))
    maps = f"{NAMESPACES}/{name}/configmaps"
    api.post(maps, {"metadata": {"name": "held", "finalizers": ["podshare.dev/held"]}})
    api.patch(f"{NAMESPACES}/{name}", {"metadata": stamped(run_id)})

    def let_go():
        api.patch(f"{maps}/held", {"metadata": {"finalizers": None}})

    yield name, let_go
    with contextlib.suppress(errors.ApiError):
        let_go()


def there(api, path):
    """Whether there is such an object, and nobody is deleting it."""
    try:
        return "deletionTimestamp" not in api.get(path)["metadata"]
    except errors.ApiError as error:
        if error.status != 404:
            raise
        return False


def test_what_goes_and_what_stays(api, make, run_id, words):
    """Namespaces of runs that have ended go; all others stay, and it is said why."""
    living = processes.tag(processes.this())
    gone = make(NAMESPACES, stamped(run_id))
    expired = make(NAMESPACES, stamped(run_id, ELSEWHERE, seconds=-2 * HOUR))
    stay = {
        make(NAMESPACES, stamped(run_id, living)): "uses it",
        make(NAMESPACES, stamped(run_id, ELSEWHERE)): "runs elsewhere, and may use it until",
        make(NAMESPACES, stamped(run_id, kept="test_it")): "keeps it until",
        make(NAMESPACES, {"labels": {RUN_LABEL: run_id}}): "does not say when it may go",
    }
    foreign = make(NAMESPACES, {"labels": {"app": run_id}})

    done = clean(*words)

    # they may be gone already: another test's run on this cluster removes them when it begins
    assert done.returncode == 0, done.stdout + done.stderr
    assert foreign not in done.stdout
    told = {line.split(": ")[0].split()[-1]: line for line in done.stdout.splitlines()}
    for name, why in stay.items():
        assert f": stays; run {run_id} of " in told[name]
        assert why in told[name]
    # it has waited until they were gone
    assert [name for name in (gone, expired) if held(api, name) is not None] == []
    assert [each for each in (*stay, foreign) if not there(api, f"{NAMESPACES}/{each}")] == []


def held(api, name):
    """The namespace as it is, also while it is being deleted; None if there is none."""
    try:
        return api.get(f"{NAMESPACES}/{name}")
    except errors.ApiError:
        return None


def test_a_run_that_is_named_loses_what_is_kept_but_not_what_it_uses(api, make, run_id, words):
    """That is how somebody gives up a namespace that was kept for a look."""
    kept = make(NAMESPACES, stamped(run_id, kept="test_it"))
    used = make(NAMESPACES, stamped(run_id, processes.tag(processes.this())))
    another = make(NAMESPACES, stamped(f"{run_id}x", kept="test_it"))

    dry = clean(*words, "--run", run_id, "--dry-run")
    assert f"  namespace {kept}: would be removed; run {run_id} of me@here was named" in dry.stdout
    assert there(api, f"{NAMESPACES}/{kept}")
    done = clean(*words, "--run", run_id)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"  namespace {kept}: removed; run {run_id} of me@here was named\n" in done.stdout
    assert f"  namespace {used}: stays; run {run_id} of me@here uses it\n" in done.stdout
    assert [there(api, f"{NAMESPACES}/{name}") for name in (kept, used, another)] == [
        False,
        True,
        True,
    ]


def test_what_is_stuck_is_named_with_what_holds_it(stuck, words):
    """A finalizer that nobody removes; the exit code says so, until somebody does."""
    name, let_go = stuck
    told = f"  namespace {name}: still there after 1 s, held by: "

    def why(done):
        (line,) = (each for each in done.stdout.splitlines() if each.startswith(told))
        return "podshare.dev/held in 1 resource instances" in line

    first = clean(*words, "--timeout=8")
    # the controllers let a namespace lie for five seconds, and say then what holds it
    again = poll(lambda: clean(*words, "--timeout=1"), until=why, deadline=Deadline(120))
    let_go()
    freed = clean(*words)

    assert (first.returncode, again.returncode, freed.returncode) == (1, 1, 0)
    assert f"  namespace {name}: still there after 8 s, held by: " in first.stdout
    assert why(again)


def test_an_object_in_no_namespace_goes_with_the_last_namespace_of_its_run(
    api, make, run_id, words
):
    """A StorageClass; and it is told of what holds one that does not go."""
    living = make(NAMESPACES, stamped(run_id, processes.tag(processes.this())))
    # kept, for else another test's run may be the one to remove it
    name = make(CLASSES, stamped(run_id, kept="test_it"), provisioner="podshare.dev/none")

    stays = clean(*words, "--run", run_id)
    api.delete(f"{NAMESPACES}/{living}")
    poll(lambda: held(api, living), until=lambda it: it is None, deadline=Deadline(180))
    api.patch(f"{CLASSES}/{name}", {"metadata": {"finalizers": ["podshare.dev/held"]}})
    stuck = clean(*words, "--run", run_id, "--timeout=1")
    api.patch(f"{CLASSES}/{name}", {"metadata": {"finalizers": None}})

    assert f"  storageclass {name}: stays; run {run_id} of me@here has a namespace" in stays.stdout
    assert stuck.returncode == 1
    why = "still there after 1 s, held by: finalizers: podshare.dev/held"
    assert f"  storageclass {name}: {why}\n" in stuck.stdout
    assert not there(api, f"{CLASSES}/{name}")


def test_objects_in_a_namespace_of_somebody_go_alone(api, make, run_id, podshare_namespace):
    """What a controller made of them goes with it; the namespace and all else stay."""
    maps = f"{NAMESPACES}/{podshare_namespace}/configmaps"
    mine, theirs = make(maps, stamped(run_id)), make(maps, {"labels": {"app": "a"}})

    def its(found):
        return found.fate(time.time())

    found = cleanup.within(api, its, podshare_namespace)

    assert [(each.what, each.fate.goes) for each in found if each.run == run_id] == [
        (f"configmap {mine}", True)
    ]
    for each in found:
        if each.run == run_id:
            each.remove(api)
    assert [there(api, f"{maps}/{name}") for name in (mine, theirs)] == [False, True]
    assert there(api, f"{NAMESPACES}/{podshare_namespace}")


def test_the_next_run_in_a_namespace_of_somebody_removes_what_a_killed_one_left(
    api, make, run_id, podshare_namespace
):
    """The Pod that tells of it, and what belongs to it; a run that goes on keeps its own."""
    base, living = f"{NAMESPACES}/{podshare_namespace}", processes.tag(processes.this())
    spec = {"containers": [{"name": "c", "image": "busybox", "command": ["sleep", "3600"]}]}
    config_map, used = (
        make(f"{base}/configmaps", stamped(run_id, process)) for process in (DEAD, living)
    )
    before = cleanup.sweep(api, time.time(), podshare_namespace)
    pod = make(f"{base}/pods", stamped(run_id), spec=spec)
    left, removed = {f"pod {pod}", f"configmap {config_map}"}, set()

    def sweep():
        removed.update(cleanup.sweep(api, time.time(), podshare_namespace).removed)
        return left - removed

    # what takes longer than a moment, as on a busy machine, is left to the next
    still = poll(sweep, until=lambda some: not some, deadline=Deadline(120))

    assert f"configmap {config_map}" not in before.removed
    assert still == set()
    assert [there(api, f"{base}/configmaps/{name}") for name in (config_map, used)] == [False, True]


def test_the_next_run_removes_what_a_killed_worker_left(
    podshare_cluster, pytester, monkeypatch, api
):
    """Though the process above it went on, and ended well."""
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

    def told():
        run(pytester, kind, "-n1", "--max-worker-restart=0", "-k", "dies")
        left = (pytester.path / "namespace").read_text()
        after = run(pytester, kind, "-k", "lives")
        after.assert_outcomes(passed=1, deselected=1)
        said = [line for line in after.stdout.str().splitlines() if f"namespace {left}" in line]
        return said, there(api, f"{NAMESPACES}/{left}")

    # another test's run may be the next one, and what takes longer than a moment is left to it
    said, left = poll(told, until=lambda it: it[0] and not it[1], deadline=Deadline(180))

    assert [line.split(": ")[:2] for line in said] == [
        ["podshare", "removed leftovers of killed runs"]
    ]
    assert not left


def test_the_sweep_of_a_clean_cluster_is_two_requests(api, monkeypatch):
    """No run may get slower by what another has not left."""
    asked, request = [], api._request

    def counted(method, path, **how):
        asked.append((method, path))
        return request(method, path, **how)

    monkeypatch.setattr(api, "_request", counted)

    def sweep():
        asked.clear()
        cleanup.sweep(api, time.time())
        return list(asked)

    # those that find what other tests' runs have just left ask for more
    few = poll(sweep, until=lambda made: len(made) <= 2, deadline=Deadline(60))

    assert few == [("GET", NODES), ("GET", NAMESPACES)]


def test_the_sweep_tells_what_is_stuck(api, make, run_id, stuck):
    """An hour later, when it should have gone long ago; and what it removes."""
    gone, (held, let_go) = make(NAMESPACES, stamped(run_id)), stuck
    api.delete(f"{NAMESPACES}/{held}")

    first = cleanup.sweep(api, time.time())
    later = poll(
        lambda: [each for each in cleanup.sweep(api, time.time() + HOUR).stuck if held in each],
        until=lambda told: any("podshare.dev/held" in each for each in told),
        deadline=Deadline(120),
    )
    let_go()

    assert not there(api, f"{NAMESPACES}/{gone}")
    assert [each for each in first.stuck if held in each] == []
    assert later[0].startswith(f"namespace {held}, held by: ")
    assert "podshare.dev/held in 1 resource instances" in later[0]


def test_every_object_of_a_deployment_says_whose_it_is(podshare, api, podshare_namespace):
    """Also those that its controller makes of it."""
    pod = yaml.safe_load(SHAREVOL.read_text())
    labels = {"app": "it"}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    stateful = {
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
    stateful["spec"]["template"]["spec"]["containers"][0]["volumeMounts"].append(
        {"name": "data", "mountPath": "/data"}
    )
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it"}}
    podshare.deploy({"kind": "List", "apiVersion": "v1", "items": [config_map, stateful]})

    base = f"{NAMESPACES}/{podshare_namespace}"
    sets = f"/apis/apps/v1/namespaces/{podshare_namespace}/statefulsets"
    paths = (
        base,
        f"{base}/configmaps/it",
        f"{base}/pods/it-0",
        f"{base}/persistentvolumeclaims/data-it-0",
        f"{sets}/it",
    )
    stamps = [Ownership.read(api.get(path)["metadata"]) for path in paths]

    assert {each.run for each in stamps} == {podshare._run_id}
    assert {each.process for each in stamps} == {processes.tag(processes.this())}
    assert all("@" in each.owner or "://" in each.owner for each in stamps)
    assert all(each.expires > time.time() + HOUR for each in stamps)
