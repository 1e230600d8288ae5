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
    """A function that deploys a manifest with its Pod's spec changed."""

    def deploy(name, change):
        documents = list(yaml.safe_load_all(Path(f"manifests/{name}.yaml").read_text()))
        pod = next(document for document in documents if document["kind"] == "Pod")
        change(pod["spec"])
        return podshare.deploy({"kind": "List", "items": documents})

    return deploy


@pytest.fixture
def fetch(podshare_cluster):
    """A function that GETs a page of a Pod through `kubectl port-forward`: (status, body)."""
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl on PATH, which makes the port-forward")

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
    """A port of 127.0.0.1 that leads to that port of the Pod."""
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "--namespace", pod.namespace]
    command += ["port-forward", "--address=127.0.0.1", f"pod/{pod.name}", f":{port}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said = process.stdout.readline()
            if "is forbidden" in said:
                pytest.skip(f"the test itself needs the right to create pods/portforward: {said}")
            found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+) ->", said)
            assert found, said
            yield int(found[1])
        finally:
            process.terminate()
