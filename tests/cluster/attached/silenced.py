"""Tests in whose middle the API server falls silent; run by `test_failing_runs.py`."""

import contextlib
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare import assert_file_visible
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.errors import PodshareError

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


class Proxy:
    """Stands between the plugin and the API server, and can fall silent."""

    def __init__(self, port):
        self.port = port
        self.speaks = threading.Event()
        self.speaks.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sockets = [self.listener]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        """Take connections, also while silent, as the kernel does for a process that hangs."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            self.sockets += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source, sink):
        """Pass on what comes, unless silent."""
        try:
            while data := source.recv(65536):
                self.speaks.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self):
        """Break all connections."""
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture(scope="session")
def proxy():
    """Leads to the cluster."""
    cluster = yaml.safe_load(Path(KUBECONFIG).read_text())["clusters"][0]["cluster"]
    with contextlib.closing(Proxy(int(cluster["server"].rpartition(":")[2]))) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def podshare_kubeconfig(proxy, tmp_path_factory):
    """The cluster's own, but for the proxy."""
    kubeconfig = yaml.safe_load(Path(KUBECONFIG).read_text())
    port = proxy.listener.getsockname()[1]
    kubeconfig["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    path = tmp_path_factory.mktemp("proxied") / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    return path


def signalled(name):
    """Send the API server a signal."""
    command = ["docker", "exec", NODE, "pkill", f"-{name}", "-x", "kube-apiserver"]
    subprocess.run(command, check=True)


@pytest.fixture
def hush(podshare, proxy):
    """Silences the API server, and writes down how long it took until the test was reported."""
    begun = []
    ways = {
        "silent": (proxy.speaks.clear, proxy.speaks.set),
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
        Path(os.environ["SILENCED_SECONDS"]).write_text(f"{time.monotonic() - begun[0]}")
        end()
        poll(lambda: _ready(podshare), until=bool, deadline=Deadline(120), most=1)


def _ready(podshare):
    try:
        return podshare.cluster.api.text("/readyz", patience=1) == "ok"
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
    hush()

    assert_file_visible(pod, from_c="c1", to_c="c2")
