"""Tests during which the API server falls silent; run by `test_silent_api_server.py`."""

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
    """Yield a kubeconfig for the cluster behind a proxy, and the proxy."""
    folder = tmp_path_factory.mktemp("proxied")
    with kubeconfig_through_proxy(Path(KUBECONFIG), folder) as (kubeconfig, proxy):
        yield kubeconfig, proxy


@pytest.fixture(scope="session")
def podshare_kubeconfig(proxy):
    """Return the kubeconfig for the cluster behind the proxy."""
    return proxy[0]


def send_signal(name):
    """Send a signal to the API server."""
    command = ["docker", "exec", NODE, "pkill", f"-{name}", "-x", "kube-apiserver"]
    subprocess.run(command, check=True)


@pytest.fixture
def silence(podshare, proxy):
    """Return a function that silences the API server, and time the report of the test."""
    starts = []
    methods = {
        "silent": (proxy[1].silence, proxy[1].resume),
        "stopped": (lambda: send_signal("STOP"), lambda: send_signal("CONT")),
        "killed": (lambda: send_signal("KILL"), lambda: None),
    }
    begin, end = methods[os.environ["SILENCED_METHOD"]]

    def silence():
        begin()
        starts.append(time.monotonic())

    try:
        yield silence
    finally:
        # the test has been reported by now; its namespace is deleted later
        for start in starts:
            Path(os.environ["SILENCED_SECONDS"]).write_text(f"{time.monotonic() - start}")
        end()
        poll(lambda: is_ready(podshare.cluster.api), until=bool, deadline=Deadline(120), most=1)


def is_ready(api):
    """Return whether the API server reports that it is ready."""
    try:
        return api.get_text("/readyz", timeout=1) == "ok"
    except PodshareError:
        return False


def test_own_assert(podshare, silence):
    """Fail by a plain assert, when the API server can no longer be asked."""
    podshare.deploy(POD)
    silence()

    assert "red" == "blue"


def test_promise(podshare, silence):
    """Fail because nothing can be learned about the file."""
    pod = podshare.deploy(POD)
    assert_file_visible(pod, from_c="c1", to_c="c2")
    # set only now, since opening a session may take this long on a busy machine
    timeouts = dataclasses.replace(pod.live.timeouts, exec=5)
    pod.live = dataclasses.replace(pod.live, timeouts=timeouts)
    silence()

    assert_file_visible(pod, from_c="c1", to_c="c2")
