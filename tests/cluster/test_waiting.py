"""Waiting for Pods on a real cluster: one watch, several Pods at once, and a failing network."""

import contextlib
import copy
import dataclasses
import os
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pytest_podshare import assert_lost_on_delete, assert_survives_restart, errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import reflector
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.reflector import Snapshot
from pytest_podshare.pods.start_failures import INTERVAL
from tests.support.fault_proxy import Proxy, cluster_through_proxy, cut_repeatedly
from tests.support.looping_pod import DEPLOYMENT, POD

JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "j"},
    "spec": {"template": {"spec": {**POD["spec"], "restartPolicy": "Never"}}},
}


def named(name, **container):
    """Return the Pod with another name and a changed container."""
    changed = copy.deepcopy(POD)
    changed["metadata"]["name"] = name
    changed["spec"]["containers"][0].update(container)
    return changed


@pytest.fixture
def requests(podshare_cluster, monkeypatch):
    """Record every request for Pods, as its method and whether it is a watch."""
    recorded, request = [], podshare_cluster.api._request

    def record(method, path, **options):
        if path.endswith("/pods"):
            recorded.append((method, "watch" if "watch" in (options.get("query") or {}) else ""))
        return request(method, path, **options)

    monkeypatch.setattr(podshare_cluster.api, "_request", record)
    return recorded


@pytest.fixture
def by_proxy(another, podshare_cluster, tmp_path):
    """Return a Podshare whose connections go through a proxy, and the proxy, which can cut them."""
    with (
        cluster_through_proxy(podshare_cluster, tmp_path) as (cluster, proxy),
        another(cluster) as podshare,
    ):
        yield podshare, proxy


@contextlib.contextmanager
def deploying(podshare, manifest):
    """Deploy a manifest in another thread, and yield when it is waiting for the Pod.

    Nothing may break before, since a lost request to create something is not repeated.
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


def test_one_list_and_one_watch_serve_a_whole_test(podshare, requests):
    """The Pod becomes ready, is restarted and replaced, and Pods are listed only once."""
    start = time.monotonic()
    pod = podshare.deploy(POD)

    assert_survives_restart(pod, container="c1")
    assert_lost_on_delete(pod)

    assert requests.count(("GET", "")) == 1
    # a watch without a change ends, so a busy machine needs more than one
    assert 1 <= requests.count(("GET", "watch")) <= 1 + (time.monotonic() - start) / INTERVAL
    assert requests.count(("POST", "")) == 2


def test_several_pods_are_deployed_together(podshare):
    """In the order of their manifests, whether bare or created by a controller."""
    pods = podshare.deploy_all([named("a"), DEPLOYMENT, JOB, "manifests/sharevol.yaml"])

    assert [pod.name.split("-")[0] for pod in pods] == ["a", "d", "j", "sharevol"]
    assert podshare.pods == pods
    assert pods[1]["c1"].exec(["echo", "here"]).stdout == b"here\n"
    assert podshare.deploy_all([]) == []


def test_of_several_pods_the_one_that_fails_is_named(podshare):
    """The error is the same as for that Pod alone, and comes early; the others are known."""
    bad = named("bad", command=["/no/such/program"])
    podshare.deploy(named("first"))
    start = time.monotonic()

    with pytest.raises(errors.ContainerConfigFailed, match="Container c1 of Pod bad cannot be"):
        podshare.deploy_all([named("a", readinessProbe=_slow(600)), bad, named("b")])

    # the other Pod would be awaited for two minutes
    assert time.monotonic() - start < 90
    assert [len(manifest.wiring.containers) for manifest in podshare.manifests] == [1, 1, 1, 1]
    assert {"first"} <= {pod.name for pod in podshare.pods} <= {"first", "b"}


def test_an_unusable_manifest_is_reported_before_anything_is_created(podshare):
    """Even if it is the last of several."""
    with pytest.raises(errors.ManifestError):
        podshare.deploy_all([named("never"), "no/such/file.yaml"])

    path = f"/api/v1/namespaces/{podshare.namespace}/pods"
    names = [pod["metadata"]["name"] for pod in podshare.cluster.api.get(path)["items"]]
    assert "never" not in names


def test_a_deployment_waits_for_an_api_server_that_accepts_no_connection(another, tmp_path):
    """It may be restarting; nothing was sent, so nothing is done twice."""
    cluster, port = another().cluster, free_port()
    text = cluster.kubeconfig.read_text()
    (server,) = re.findall(r"server: (\S+)", text)
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(text.replace(server, f"https://127.0.0.1:{port}"))
    url, proxies = urlsplit(server), []
    timer = threading.Timer(3, lambda: proxies.append(Proxy(url.hostname, url.port, own_port=port)))
    timer.start()
    start = time.monotonic()
    with Api(kubeconfig) as api:
        behind = dataclasses.replace(cluster, api=api, kubeconfig=kubeconfig)
        with another(cluster=behind) as podshare:
            pod = podshare.deploy(named("p"))

            assert time.monotonic() - start > 3
            assert pod["c1"].exec(["echo", "here"]).stdout == b"here\n"
    timer.join()
    with proxies[0]:
        pass


def free_port():
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_wait_survives_cut_connections(by_proxy):
    """The Pod is seen to become ready although they are cut again and again."""
    podshare, proxy = by_proxy
    with (
        deploying(podshare, named("p", readinessProbe=_slow(3))) as running,
        cut_repeatedly(proxy, every=0.3),
    ):
        pod = running.result()

    assert pod.name == "p"
    assert proxy.connections > 3


def test_a_wait_survives_a_half_open_connection(by_proxy, monkeypatch):
    """Nothing arrives on it, so it is abandoned and another one is opened."""
    monkeypatch.setattr(reflector, "SILENCE", 2.0)
    podshare, proxy = by_proxy
    with deploying(podshare, named("p", readinessProbe=_slow(3))) as running:
        proxy.freeze()
        pod = running.result()

    assert pod.name == "p"
    assert proxy.connections >= 2


def test_a_deletion_that_the_watch_missed_is_seen(podshare):
    """The API server answers 410 to a watch from too long ago, so the Pods are listed again."""
    pod = podshare.deploy(POD)
    watch, path = pod.live.watch, f"/api/v1/namespaces/{pod.namespace}/pods/p"
    watch.close()
    watch._reflector.snapshot = Snapshot(1, watch._reflector.snapshot.objects)
    pod.api.delete(path, gracePeriodSeconds=0)

    seen = watch.wait_for("p", lambda seen: seen is None, Deadline(30))

    assert seen is None
    assert watch._reflector.snapshot.version > 1


def test_waits_leave_no_threads_or_connections(another):
    """There is no thread while it waits, either."""
    threads, sockets = threading.active_count(), []

    for n in range(4):
        with another() as podshare:
            pod = podshare.deploy(named(f"p{n}"))
            pod["c1"].restart()
            assert threading.active_count() == threads
        sockets.append(_sockets())

    assert threading.active_count() == threads
    # the first leaves a connection in the pool, which the next one uses
    assert sockets[-1] <= sockets[0]


def _slow(seconds):
    return {"exec": {"command": ["true"]}, "initialDelaySeconds": seconds, "periodSeconds": 1}


def _sockets():
    links = [Path(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    return sum(str(link.readlink()).startswith("socket:") for link in links if link.is_symlink())
