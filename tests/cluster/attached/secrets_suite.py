"""Failing tests of Pods with secrets; `test_failing_runs.py` runs them."""

from pathlib import Path

import pytest

from pytest_podshare import assert_log_contains
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.errors import ApiError
from pytest_podshare.kube.client import pod_path

HERE = Path(__file__).parent
STUCK = """
kind: Pod
apiVersion: v1
metadata: {name: stuck}
spec: {containers: [{name: app, image: busybox, command: [/no/such/program]}]}
"""
# created by the test, and in no manifest
SECRET = {
    "kind": "Secret",
    "metadata": {"name": "other"},
    "stringData": {"token": "only-in-the-cluster"},
}
HELPER = {
    "name": "helper",
    "image": "busybox",
    "imagePullPolicy": "IfNotPresent",
    "command": ["echo", "helper saw only-in-the-cluster"],
}


def test_leaking(podshare):
    """Fail with a line of the log in the text."""
    pod = podshare.deploy(HERE / "secrets_suite.yaml")
    path = pod_path(pod.namespace, pod.name)
    pod.api.post(f"{path.partition('/pods/')[0]}/secrets", SECRET)
    change = {"spec": {"ephemeralContainers": [HELPER]}}
    pod.api.patch(f"{path}/ephemeralcontainers", change, strategic=True)
    log = poll(lambda: _log(pod, "helper"), until=bool, deadline=Deadline(120))
    print(log)
    assert_log_contains(pod, container="app", text="options")

    assert_log_contains(pod, container="app", text="is not there", timeout=0)


def _log(pod, container):
    path = pod_path(pod.namespace, pod.name, "log")
    try:
        return pod.api.get_text(path, container=container)
    except ApiError:
        return ""


@pytest.fixture
def stuck(podshare):
    """Fail, because no image has that program."""
    return podshare.deploy(STUCK)


def test_stuck(stuck):
    """Never run."""
