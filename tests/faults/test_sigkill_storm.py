"""Runs killed by SIGKILL at random moments leave nothing behind after `podshare clean`."""

import collections
import contextlib
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import pytest

from pytest_podshare.cluster.kind import creation_record, engine
from pytest_podshare.cluster.kind.settings import KindSettings, default_state
from pytest_podshare.cluster.ownership import CORDON_LABEL, RUN_LABEL, Ownership
from pytest_podshare.deadline import Deadline, poll

pytestmark = [pytest.mark.engine, pytest.mark.two_nodes, pytest.mark.slow]

HERE = Path(__file__).parent
KILLS, AT_ONCE, SEED, DRAINS = 50, 5, 8, 20
STAGES = ("start", "set-up", "test", "teardown")
# seconds after the start of a stage, of a drain, and of the creation of a cluster
SOON, DRAINING, CREATING = 0.8, (0.2, 3.0), (2.0, 14.0)
COLLECTIONS = {
    "Namespace": "/api/v1/namespaces",
    "Node": "/api/v1/nodes",
    "Pod": "/api/v1/pods",
    "Service": "/api/v1/services",
    "ConfigMap": "/api/v1/configmaps",
    "PersistentVolumeClaim": "/api/v1/persistentvolumeclaims",
    "PersistentVolume": "/api/v1/persistentvolumes",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
    "Deployment": "/apis/apps/v1/deployments",
    "ReplicaSet": "/apis/apps/v1/replicasets",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
    "Job": "/apis/batch/v1/jobs",
    "CronJob": "/apis/batch/v1/cronjobs",
}

LEFTOVERS = (
    ("Namespace", RUN_LABEL),
    ("Pod", RUN_LABEL),
    ("PersistentVolumeClaim", RUN_LABEL),
    ("StorageClass", RUN_LABEL),
    ("Node", CORDON_LABEL),
)


class Storm:
    """Starts runs and kills them.

    Args:
        api: the cluster's API server.
        folder: the folder for the runs' logs of stages.
        environ: the runs' environment.
    """

    def __init__(self, api, folder, environ):
        self.api = api
        self.left = collections.Counter()
        self.folder = folder
        self.environ = environ
        self.chance = random.Random(SEED)
        self.drains = threading.Lock()
        self.killed = collections.Counter()

    def plan(self, count):
        """Yield when to kill each run, whether with its process group, and whether it drains."""
        for number in range(count):
            stage, group = STAGES[number % len(STAGES)], number % 2 == 0
            if number % 10 == 7:
                yield "drain", self.chance.uniform(*DRAINING), group, True
            else:
                yield stage, self.chance.uniform(0, SOON), group, False

    def kill_one(self, stage, delay, group, drains):
        """Start a run, and kill it some time after a stage starts; repeat if it ends before."""
        with self.drains if drains else threading.Lock():
            more = {"STORM_DRAINS": "1"} if drains else {}
            while not self._kill(stage, delay, group, more):
                delay /= 2
            self._count_leftovers()

    def _count_leftovers(self):
        """Count what killed runs have left behind, before other runs remove it."""
        for kind, label in LEFTOVERS:
            for live in self.api.get(COLLECTIONS[kind], labelSelector=label)["items"]:
                owner = Ownership.read(live["metadata"], label)
                self.left[kind] += owner.disposition(time.time()).removable

    def kill_creator(self, name, delay, group):
        """Start a run that creates a cluster, and kill it during that."""
        more = {"PODSHARE_CLUSTER_NAME": name, "PODSHARE_KIND_NODES": "1"}
        settings = KindSettings.by_name(name, default_state())
        # without a record, nothing would be left behind
        assert self._kill(
            "set-up", delay, group, more, started=lambda: creation_record.read(settings)
        )
        assert creation_record.read(settings)

    def _kill(self, stage, delay, group, more, *, started=lambda: True):
        notes = self.folder / f"notes-{secrets.token_hex(8)}"
        words = [
            "-p",
            "tests.support.stage_log",
            "-p",
            "no:pytest-kind",
            "-p",
            "no:cacheprovider",
            "-q",
        ]
        run = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pytest",
                *words,
                "-c",
                os.devnull,
                HERE / "sigkill_storm_suite.py",
            ],
            env={**self.environ, "STORM_NOTES": str(notes), **more},
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

        def is_reached():
            text = notes.read_text() if notes.exists() else ""
            return (stage in text.split() and started()) or run.poll() is not None

        poll(is_reached, until=bool, deadline=Deadline(120), first=0.02, most=0.02)
        time.sleep(delay)
        if group:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()
        if run.wait() != -signal.SIGKILL:
            return False
        self.killed[notes.read_text().split()[-1]] += 1
        return True


def is_in_use(namespace):
    """Return whether a running run owns the namespace."""
    owner = Ownership.read(namespace["metadata"])
    return owner is not None and not owner.disposition(time.time()).removable


def list_objects(api):
    """Return all objects of the kinds that runs create, except those of running runs."""
    namespaces = api.get(COLLECTIONS["Namespace"])["items"]
    used = {namespace["metadata"]["name"] for namespace in namespaces if is_in_use(namespace)}
    found = set()
    for kind, path in COLLECTIONS.items():
        for live in api.get(path)["items"]:
            metadata = live["metadata"]
            if not used & {metadata.get("namespace"), metadata["name"]}:
                cordoned = live.get("spec", {}).get("unschedulable", False)
                found.add((kind, metadata.get("namespace"), metadata["name"], cordoned))
    return found


def list_containers(clusters):
    """Return the engine's containers, except nodes of clusters other than these."""
    form = '{{.Names}} {{.Label "io.x-k8s.kind.cluster"}}'
    command = [engine.find_engine(), "ps", "--all", "--format", form]
    lines = subprocess.check_output(command, text=True).splitlines()
    rows = [line.split() for line in lines]
    return {name for name, *cluster in rows if not cluster or cluster[0] in clusters}


def clean(cluster):
    """Run `podshare clean`, and return the completed process."""
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    words = [program, "clean", "--provider=kind", "--cluster-name", cluster, "--timeout=300"]
    return subprocess.run(words, capture_output=True, text=True, timeout=400, check=False)


def test_a_storm_of_kills_leaves_nothing_behind(podshare_cluster, tmp_path, on_this_cluster):
    """No namespace, claim, StorageClass or cordon remains, and no cluster that the runs created.

    Later runs remove leftovers of earlier ones, and `podshare clean` removes the rest.
    """
    clusters = [f"storm-{os.getpid()}-{number}" for number in range(2)]
    api = podshare_cluster.api
    before, engine = list_objects(api), list_containers(clusters)
    path = f"{HERE.parents[1]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    storm = Storm(api, tmp_path, {**on_this_cluster, "PYTHONPATH": path})

    with futures.ThreadPoolExecutor(AT_ONCE) as pool:
        first, last = (storm.chance.uniform(*CREATING) for _ in clusters)
        killed = [pool.submit(storm.kill_creator, clusters[0], first, True)]
        killed += [pool.submit(storm.kill_one, *plan) for plan in storm.plan(KILLS - len(clusters))]
        for kill in killed:
            kill.result()
    # a node is cordoned only for a moment: repeat until a run is killed while its node is cordoned
    for _ in range(DRAINS):
        if not storm.left["Node"]:
            storm.kill_one("drain", storm.chance.uniform(*DRAINING), True, True)
    # last, so that no other run can remove its leftovers
    storm.kill_creator(clusters[1], last, False)
    cleaned = [clean(name) for name in (clusters[1], podshare_cluster.name)]

    assert sum(storm.killed.values()) >= KILLS
    assert set(storm.killed) == {*STAGES, "drain"}, storm.killed
    # the positive control: killed runs have left objects of each kind
    assert all(storm.left[kind] for kind, _ in LEFTOVERS), storm.left
    assert [done.returncode for done in cleaned] == [0, 0], [str(done) for done in cleaned]
    # the provisioner deletes a volume a moment after its claim
    after = poll(
        lambda: list_objects(api), until=lambda now: now == before, deadline=Deadline(300), most=1.0
    )
    assert after - before == set()
    assert before - after == set()
    assert list_containers(clusters) == engine
    for name in clusters:
        folder = default_state() / name
        assert {file.name for file in folder.iterdir()} <= {"lock", "kind.log"}
        shutil.rmtree(folder)
