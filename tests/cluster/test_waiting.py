"""Waiting on a real cluster: one watch, several Pods at once, and a network that fails."""

import contextlib
import copy
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_podshare import assert_lost_on_delete, assert_survives_restart, errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import reflector
from pytest_podshare.kube.reflector import Snapshot
from tests.support.fault_proxy import cluster_through_proxy, cut_repeatedly

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {
        "containers": [
            {
                "name": "c1",
                "image": "busybox",
                "command": ["sh", "-c", "while :; do sleep 1; done"],
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            }
        ],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "terminationGracePeriodSeconds": 1,
    },
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "d"},
    "spec": {
        "selector": {"matchLabels": {"app": "d"}},
        "template": {"metadata": {"labels": {"app": "d"}}, "spec": POD["spec"]},
    },
}
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "j"},
    "spec": {"template": {"spec": {**POD["spec"], "restartPolicy": "Never"}}},
}


def named(name, **container):
    """The Pod under another name, with a container that is changed."""
    changed = copy.deepcopy(POD)
    changed["metadata"]["name"] = name
    changed["spec"]["containers"][0].update(container)
    return changed


@pytest.fixture
def asked(podshare_cluster, monkeypatch):
    """Every request for Pods, as method and query, that nobody changes by being asked."""
    seen, request = [], podshare_cluster.api._request

    def spied(method, path, **how):
        if path.endswith("/pods"):
            seen.append((method, "watch" if "watch" in (how.get("query") or {}) else ""))
        return request(method, path, **how)

    monkeypatch.setattr(podshare_cluster.api, "_request", spied)
    return seen


@pytest.fixture
def by_proxy(another, podshare_cluster, tmp_path):
    """A Podshare whose connections can be cut, and the proxy that can."""
    with (
        cluster_through_proxy(podshare_cluster, tmp_path) as (cluster, proxy),
        another(cluster) as podshare,
    ):
        yield podshare, proxy


@contextlib.contextmanager
def deploying(podshare, manifest):
    """A deployment by another thread that has come to its waiting.

    A request to make something is not sent again where it is lost: nothing may break before.
    """
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(podshare.deploy, manifest)
        poll(
            lambda: podshare._watch._reflector.snapshot.version or running.done(),
            until=bool,
            deadline=Deadline(60),
            most=0.05,
        )
        yield running


def test_one_list_and_one_watch_serve_a_whole_test(podshare, asked):
    """Ready, restarted, gone and ready again: nobody asks for Pods more than once."""
    begun = time.monotonic()
    pod = podshare.deploy(POD)

    assert_survives_restart(pod, container="c1")
    assert_lost_on_delete(pod)

    assert asked.count(("GET", "")) == 1
    # a watch lasts for so long, and it takes more than one on a machine that is very busy
    assert 1 <= asked.count(("GET", "watch")) <= 1 + (time.monotonic() - begun) / reflector.SILENCE
    assert asked.count(("POST", "")) == 2


def test_several_pods_are_ready_at_once(podshare):
    """In the order of their manifests, and bare ones beside those that a controller makes."""
    pods = podshare.deploy_all([named("a"), DEPLOYMENT, JOB, "manifests/sharevol.yaml"])

    assert [pod.name.split("-")[0] for pod in pods] == ["a", "d", "j", "sharevol"]
    assert podshare.pods == pods
    assert pods[1]["c1"].exec(["echo", "here"]).stdout == b"here\n"
    assert podshare.deploy_all([]) == []


def test_the_pod_that_fails_is_named_and_the_others_are_known(podshare):
    """Its error is the same as when it is alone, and comes at once."""
    bad = named("bad", command=["/no/such/program"])
    podshare.deploy(named("first"))
    begun = time.monotonic()

    with pytest.raises(errors.ContainerConfigFailed, match="Container c1 of Pod bad cannot be"):
        podshare.deploy_all([named("a", readinessProbe=_slow(600)), bad, named("b")])

    # not when the time for the other one is over, which is two minutes
    assert time.monotonic() - begun < 90
    assert [len(each.containers) for each in map(_wiring, podshare.manifests)] == [1, 1, 1, 1]
    assert {"first"} <= {pod.name for pod in podshare.pods} <= {"first", "b"}


def test_a_manifest_that_cannot_be_used_is_told_before_anything_is_made(podshare):
    """Nothing has to be taken back."""
    with pytest.raises(errors.ManifestError):
        podshare.deploy_all([named("never"), "no/such/file.yaml"])

    path = f"/api/v1/namespaces/{podshare.namespace}/pods"
    made = [each["metadata"]["name"] for each in podshare.cluster.api.get(path)["items"]]
    assert "never" not in made


def test_a_wait_survives_connections_that_are_cut(by_proxy):
    """Again and again, while a Pod starts: it is seen to be ready all the same."""
    podshare, proxy = by_proxy
    with (
        deploying(podshare, named("p", readinessProbe=_slow(3))) as running,
        cut_repeatedly(proxy, every=0.3),
    ):
        pod = running.result()

    assert pod.name == "p"
    assert proxy.connections > 3


def test_a_wait_survives_a_connection_that_is_half_open(by_proxy, monkeypatch):
    """Nothing comes and nobody closes it: it is given up, and another tells what happened."""
    monkeypatch.setattr(reflector, "SILENCE", 2.0)
    podshare, proxy = by_proxy
    with deploying(podshare, named("p", readinessProbe=_slow(3))) as running:
        proxy.freeze()
        pod = running.result()

    assert pod.name == "p"
    assert proxy.connections >= 2


def test_a_pod_that_came_and_went_unseen_is_gone(podshare):
    """The server itself answers 410 to whoever asks for what is too long ago."""
    pod = podshare.deploy(POD)
    watch, path = pod.live.watch, f"/api/v1/namespaces/{pod.namespace}/pods/p"
    watch.close()
    watch._reflector.snapshot = Snapshot(1, watch._reflector.snapshot.objects)
    pod.api.delete(path, gracePeriodSeconds=0)

    seen = watch.wait_for("p", lambda seen: seen is None, Deadline(30))

    assert seen is None
    assert watch._reflector.snapshot.version > 1


def test_nothing_is_left_of_the_waits(another):
    """No thread while it waits or afterwards, and no more connections with every Podshare."""
    threads, sockets = threading.active_count(), []

    for n in range(4):
        with another() as podshare:
            pod = podshare.deploy(named(f"p{n}"))
            pod["c1"].restart()
            assert threading.active_count() == threads
        sockets.append(_sockets())

    assert threading.active_count() == threads
    # the first one leaves a connection in the pool, for the next to use
    assert sockets[-1] <= sockets[0]


def _slow(seconds):
    return {"exec": {"command": ["true"]}, "initialDelaySeconds": seconds, "periodSeconds": 1}


def _wiring(manifest):
    return manifest.wiring


def _sockets():
    links = [Path(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    return sum(str(each.readlink()).startswith("socket:") for each in links if each.is_symlink())
