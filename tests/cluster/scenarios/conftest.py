"""What these tests share: mutated twins, and HTTP through a port-forward."""

import contextlib
import http.client
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def twin(podshare):
    """Return a function that deploys a manifest with a change to its Pod's spec, or its Job's."""

    def deploy(name, change):
        documents = list(yaml.safe_load_all(Path(f"manifests/{name}.yaml").read_text()))
        spec = next(doc["spec"] for doc in documents if doc["kind"] in ("Pod", "Job"))
        change(spec["template"]["spec"] if "template" in spec else spec)
        return podshare.deploy({"kind": "List", "items": documents})

    return deploy


@pytest.fixture
def fetch(podshare_cluster):
    """Return a function that gets (status, body) of a Pod's page through `kubectl port-forward`."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on PATH; port-forward needs it")

    def get(pod, port, path="/"):
        with _forwarded(podshare_cluster, pod, port) as local:
            connection = http.client.HTTPConnection("127.0.0.1", local, timeout=60)
            with contextlib.closing(connection):
                connection.request("GET", path)
                response = connection.getresponse()
                return response.status, response.read()

    return get


@contextlib.contextmanager
def _forwarded(cluster, pod, port):
    """Forward a port of 127.0.0.1 to a port of the Pod, and yield it."""
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "--namespace", pod.namespace]
    command += ["port-forward", "--address=127.0.0.1", f"pod/{pod.name}", f":{port}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            if "is forbidden" in line:
                pytest.skip(f"the test needs permission to create pods/portforward: {line}")
            match = re.match(r"Forwarding from 127\.0\.0\.1:(\d+) ->", line)
            assert match, line
            yield int(match[1])
        finally:
            process.terminate()
