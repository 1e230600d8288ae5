"""Tests in whose middle the API server falls silent; run by `test_silent_api_server.py`."""

import dataclasses
import os
import subprocess
import time
from pathlib import Path

import pytest

from pytest_podshare import assert_file_visible
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.errors import PodshareError
from tests.support.fault_proxy import kubeconfig_through_proxy

NODE, KUBECONFIG = os.environ.get("SILENCED_NODE"), os.environ.get("SILENCED_KUBECONFIG")
POD = """
kind: Pod
apiVersion: v1
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - &c1
    name: c1
    image: busybox
    imagePullPolicy: IfNotPresent
    command: [sleep, 1d]
    volumeMounts: [{name: shared, mountPath: /one}]
  - {<<: *c1, name: c2, volumeMounts: [{name: shared, mountPath: /two}]}
  volumes: [{name: shared, emptyDir: {}}]
"""


@pytest.fixture(scope="session")
def proxy(tmp_path_factory):
    """Leads to the cluster, with the kubeconfig that does."""
    folder = tmp_path_factory.mktemp("proxied")
    with kubeconfig_through_proxy(Path(KUBECONFIG), folder) as (kubeconfig, proxy):
        yield kubeconfig, proxy


@pytest.fixture(scope="session")
def podshare_kubeconfig(proxy):
    """The cluster's own, but for the proxy."""
    return proxy[0]


def signalled(name):
    """Send the API server a signal."""
    command = ["docker", "exec", NODE, "pkill", f"-{name}", "-x", "kube-apiserver"]
    subprocess.run(command, check=True)


@pytest.fixture
def hush(podshare, proxy):
    """Silences the API server, and writes down how long it took until the test was reported."""
    begun = []
    ways = {
        "silent": (proxy[1].silence, proxy[1].resume),
        "stopped": (lambda: signalled("STOP"), lambda: signalled("CONT")),
        "killed": (lambda: signalled("KILL"), lambda: None),
    }
    begin, end = ways[os.environ["SILENCED_WAY"]]

    def hush():
        begin()
        begun.append(time.monotonic())

    try:
        yield hush
    finally:
        # the test has been reported by now, and its namespace is deleted after this
        for moment in begun:
            Path(os.environ["SILENCED_SECONDS"]).write_text(f"{time.monotonic() - moment}")
        end()
        poll(lambda: ready(podshare.cluster.api), until=bool, deadline=Deadline(120), most=1)


def ready(api):
    """Whether the API server says so."""
    try:
        return api.get_text("/readyz", timeout=1) == "ok"
    except PodshareError:
        return False


def test_own_assert(podshare, hush):
    """Fails by an assert of its own, with nobody to be asked about it."""
    podshare.deploy(POD)
    hush()

    assert "red" == "blue"


def test_promise(podshare, hush):
    """Fails as nothing can be learned of the file."""
    pod = podshare.deploy(POD)
    assert_file_visible(pod, from_c="c1", to_c="c2")
    # only now: on a busy machine a session may take as long to open
    timeouts = dataclasses.replace(pod.live.timeouts, exec=5)
    pod.live = dataclasses.replace(pod.live, timeouts=timeouts)
    hush()

    assert_file_visible(pod, from_c="c1", to_c="c2")
