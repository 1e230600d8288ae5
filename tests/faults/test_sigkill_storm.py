"""Runs killed by SIGKILL at random moments, and nothing of them left after `podshare clean`."""

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

from pytest_podshare.cluster.kind import creation_record, nodes
from pytest_podshare.cluster.kind.settings import KindSettings, default_state
from pytest_podshare.cluster.ownership import CORDON_LABEL, RUN_LABEL, Ownership
from pytest_podshare.deadline import Deadline, poll

pytestmark = [pytest.mark.engine, pytest.mark.two_nodes, pytest.mark.slow]

HERE = Path(__file__).parent
KILLS, AT_ONCE, SEED, DRAINS = 50, 5, 8, 20
STAGES = ("start", "set-up", "test", "teardown")
# seconds after the beginning of a stage, of a drain, and of the making of a cluster of its own
SOON, DRAINING, MAKING = 0.8, (0.2, 3.0), (2.0, 14.0)
KINDS = {
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

LEFT = (
    ("Namespace", RUN_LABEL),
    ("Pod", RUN_LABEL),
    ("PersistentVolumeClaim", RUN_LABEL),
    ("StorageClass", RUN_LABEL),
    ("Node", CORDON_LABEL),
)


class Storm:
    """Runs that are started and killed.

    Args:
        api: the cluster's.
        folder: for their notes.
        environ: what they are told.
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
        """When each of them is killed, whether with its whole group, and whether it drains."""
        for number in range(count):
            stage, group = STAGES[number % len(STAGES)], number % 2 == 0
            if number % 10 == 7:
                yield "drain", self.chance.uniform(*DRAINING), group, True
            else:
                yield stage, self.chance.uniform(0, SOON), group, False

    def kill_one(self, stage, delay, group, drains):
        """Start a run, and kill it that long after a stage has begun; again if it was faster."""
        with self.drains if drains else threading.Lock():
            more = {"STORM_DRAINS": "1"} if drains else {}
            while not self._kill(stage, delay, group, more):
                delay /= 2
            self._look()

    def _look(self):
        """Count what killed runs have left, until other runs remove it."""
        for kind, label in LEFT:
            for each in self.api.get(KINDS[kind], labelSelector=label)["items"]:
                its = Ownership.read(each["metadata"], label)
                self.left[kind] += its.disposition(time.time()).removable

    def kill_a_maker(self, name, delay, group):
        """Start a run that makes a cluster of its own, and kill it meanwhile."""
        more = {"PODSHARE_CLUSTER_NAME": name, "PODSHARE_KIND_NODES": "1"}
        settings = KindSettings.by_name(name, default_state())
        # or else there would be nothing to be left
        assert self._kill(
            "set-up", delay, group, more, begun=lambda: creation_record.read(settings)
        )
        assert creation_record.read(settings)

    def _kill(self, stage, delay, group, more, *, begun=lambda: True):
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

        def come():
            text = notes.read_text() if notes.exists() else ""
            return (stage in text.split() and begun()) or run.poll() is not None

        poll(come, until=bool, deadline=Deadline(120), first=0.02, most=0.02)
        time.sleep(delay)
        if group:
            with contextlib.suppress(ProcessLookupError):  # it was faster
                os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()
        if run.wait() != -signal.SIGKILL:
            return False
        self.killed[notes.read_text().split()[-1]] += 1
        return True


def in_use(namespace):
    """Whether it is of a run that goes on."""
    its = Ownership.read(namespace["metadata"])
    return its is not None and not its.disposition(time.time()).removable


def on_cluster(api):
    """Every object of the kinds that runs make, and how nodes are; nothing of runs that go on."""
    namespaces = api.get(KINDS["Namespace"])["items"]
    used = {each["metadata"]["name"] for each in namespaces if in_use(each)}
    found = set()
    for kind, path in KINDS.items():
        for each in api.get(path)["items"]:
            about = each["metadata"]
            if not used & {about.get("namespace"), about["name"]}:
                cordoned = each.get("spec", {}).get("unschedulable", False)
                found.add((kind, about.get("namespace"), about["name"], cordoned))
    return found


def in_the_engine(makers):
    """The containers of the engine, but nodes of clusters that are somebody else's."""
    form = '{{.Names}} {{.Label "io.x-k8s.kind.cluster"}}'
    asked = [nodes.find_engine(), "ps", "--all", "--format", form]
    told = [line.split() for line in subprocess.check_output(asked, text=True).splitlines()]
    return {name for name, *cluster in told if not cluster or cluster[0] in makers}


def clean(cluster):
    """Run `podshare clean`; what it said, and its exit code."""
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    words = [program, "clean", "--provider=kind", "--cluster-name", cluster, "--timeout=300"]
    return subprocess.run(words, capture_output=True, text=True, timeout=400, check=False)


def test_a_storm_of_kills_leaves_nothing_behind(podshare_cluster, tmp_path, on_this_cluster):
    """Neither namespaces, claims, classes and cordons on the cluster, nor clusters of their own.

    What was killed first is removed by the runs after it, the rest by `podshare clean`.
    """
    makers = [f"storm-{os.getpid()}-{number}" for number in range(2)]
    api = podshare_cluster.api
    before, engine = on_cluster(api), in_the_engine(makers)
    path = f"{HERE.parents[1]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    storm = Storm(api, tmp_path, {**on_this_cluster, "PYTHONPATH": path})

    with futures.ThreadPoolExecutor(AT_ONCE) as pool:
        first, last = (storm.chance.uniform(*MAKING) for _ in makers)
        killed = [pool.submit(storm.kill_a_maker, makers[0], first, True)]
        killed += [pool.submit(storm.kill_one, *how) for how in storm.plan(KILLS - len(makers))]
        for each in killed:
            each.result()
    # a node is cordoned for a moment only: as many more drains as it takes for one to be cut short
    for _ in range(DRAINS):
        if not storm.left["Node"]:
            storm.kill_one("drain", storm.chance.uniform(*DRAINING), True, True)
    # when no other run is left that could remove it
    storm.kill_a_maker(makers[1], last, False)
    cleaned = [clean(name) for name in (makers[1], podshare_cluster.name)]

    assert sum(storm.killed.values()) >= KILLS
    assert set(storm.killed) == {*STAGES, "drain"}, storm.killed
    # the positive control: something of each kind was left
    assert all(storm.left[kind] for kind, _ in LEFT), storm.left
    assert [each.returncode for each in cleaned] == [0, 0], [str(each) for each in cleaned]
    # what provides storage removes it a moment after the claim
    after = poll(
        lambda: on_cluster(api), until=lambda now: now == before, deadline=Deadline(300), most=1.0
    )
    assert after - before == set()
    assert before - after == set()
    assert in_the_engine(makers) == engine
    for name in makers:
        folder = default_state() / name
        assert {each.name for each in folder.iterdir()} <= {"lock", "kind.log"}
        shutil.rmtree(folder)
