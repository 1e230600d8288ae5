"""Pods that cannot become ready: each fails early, in two lines, with the kubelet's message."""

import copy
import re
import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.kube.client import pod_path

SHAREVOL = yaml.safe_load(Path("manifests/sharevol.yaml").read_text())
# seconds until a permanent problem is reported: a few, or half a minute and more on a busy machine;
# the timeout is two minutes
EARLY = 100


@pytest.fixture
def rejected(podshare):
    """Return a function that deploys a changed sharevol Pod, and returns the lines of the error."""

    def deploy(change, error, **options):
        manifest = copy.deepcopy(SHAREVOL)
        change(manifest["spec"], manifest["spec"]["containers"][0])
        start = time.monotonic()
        with pytest.raises(error) as caught:
            podshare.deploy(manifest, **options)
        assert time.monotonic() - start < EARLY
        return str(caught.value).splitlines()

    return deploy


def test_an_image_that_cannot_be_pulled_is_named(rejected):
    """With the reason; at the deadline, since a registry that does not answer may do so later."""

    def change(_spec, c1):
        # nothing listens there, so no network is needed to find out
        c1["image"] = "127.0.0.1:1/no/such:1"

    what, remedy = rejected(change, errors.ImagePullFailed, timeout=25)

    assert re.match(
        r"Container c1 of Pod sharevol cannot get image 127\.0\.0\.1:1/no/such:1: "
        "(ImagePullBackOff|ErrImagePull): ",
        what,
    )
    assert "connection refused" in what
    assert remedy == (
        "Check the name, load a local image with --podshare-image, or let the cluster pull it."
    )


def test_an_unschedulable_pod_is_reported(rejected):
    """With the scheduler's message."""

    def change(spec, _c1):
        spec["nodeSelector"] = {"no": "such"}

    what, remedy = rejected(change, errors.PodUnschedulable)

    assert re.match(r"Pod sharevol cannot be scheduled: 0/\d nodes are available: ", what)
    assert remedy == "Fix its nodeSelector, affinity, tolerations, claims or resource requests."


def test_a_missing_config_map_is_named(rejected):
    """The kubelet would wait for it forever."""

    def change(_spec, c1):
        key = {"name": "no-such", "key": "k"}
        c1["env"] = [{"name": "E", "valueFrom": {"configMapKeyRef": key}}]

    what, _ = rejected(change, errors.ContainerConfigFailed)

    assert what == (
        "Container c1 of Pod sharevol cannot be started: "
        'CreateContainerConfigError: configmap "no-such" not found'
    )


def test_a_command_that_the_image_lacks_is_named(rejected):
    """The container runtime would try again forever."""

    def change(_spec, c1):
        c1["command"] = ["/no/such/program"]

    what, _ = rejected(change, errors.ContainerConfigFailed)

    assert what.startswith("Container c1 of Pod sharevol cannot be started: ")
    assert "/no/such/program" in what


def test_a_crashing_container_is_reported_with_its_last_log_lines(rejected):
    """A probe keeps it from being ready between two crashes."""

    def change(_spec, c1):
        # the kubelet keeps the log of one ended instance only: this leaves time to read it
        c1["command"] = ["sh", "-c", "echo cannot find my config; sleep 2; exit 3"]
        c1["readinessProbe"] = {"exec": {"command": ["true"]}, "initialDelaySeconds": 60}

    what, remedy, *log = rejected(change, errors.ContainerCrashing)

    assert re.fullmatch(
        r"Container c1 of Pod sharevol keeps crashing: "
        r"waiting \(CrashLoopBackOff, last exit code 3\), [3-9] restarts\.",
        what,
    )
    assert remedy.startswith("Read its last log lines (kubectl logs --previous)")
    assert log == ["  c1: cannot find my config"]


def test_a_failed_pod_that_is_not_restarted_is_reported(rejected):
    """With restartPolicy Never its containers are not started again."""

    def change(spec, c1):
        spec["restartPolicy"] = "Never"
        spec["containers"] = [c1]
        c1["command"] = ["sh", "-c", "echo done for; exit 4"]
        c1["readinessProbe"] = {"exec": {"command": ["true"]}, "initialDelaySeconds": 60}

    what, _, *log = rejected(change, errors.ContainerCrashing)

    assert what == "Pod sharevol failed: c1 exited with code 4 (Error)."
    assert log == ["  c1: done for"]


def test_a_pod_that_is_never_ready_is_reported_at_the_deadline(rejected, podshare):
    """The error shows the last state that was seen."""

    def change(_spec, c1):
        c1["readinessProbe"] = {"exec": {"command": ["false"]}, "periodSeconds": 1}

    for seconds in (3, 15, 60):
        what, remedy = rejected(change, errors.PodNotReady, timeout=seconds)
        if "phase Running" in what and "c2 running" in what:
            break
        # a busy machine has not even started its containers by then
        path = pod_path(podshare.namespace, "sharevol")
        podshare.cluster.api.delete(path, gracePeriodSeconds=0)

    assert what == (
        f"Pod sharevol was not ready within {seconds} s:"
        " phase Running, c1 running, not ready, c2 running."
        " The last event: Unhealthy: Readiness probe failed."
    )
    assert remedy == "Fix what keeps it from becoming ready, or raise --podshare-ready-timeout."


def test_a_manifest_that_the_api_server_rejects_is_reported(rejected):
    """With the API server's message, which names the field."""

    def change(_spec, c1):
        c1["volumeMounts"][0]["name"] = "xchnage"

    what, remedy = rejected(change, errors.DeployRejected)

    assert what == (
        '<dict>: the API server rejected Pod sharevol: Pod "sharevol" is invalid: '
        'spec.containers[0].volumeMounts[0].name: Not found: "xchnage"'
    )
    assert remedy == "Fix the field that the API server names."


def test_an_unknown_kind_is_rejected(podshare):
    """A custom resource needs its definition."""
    text = yaml.safe_dump_all([{"apiVersion": "no.such/v1", "kind": "Thing"}, SHAREVOL])

    with pytest.raises(errors.DeployRejected, match="the API server rejected Thing"):
        podshare.deploy(text)


def test_a_pod_that_was_deleted_is_reported_as_gone(podshare):
    """Nothing is claimed about its files."""
    pod = podshare.deploy("manifests/sharevol.yaml")
    pod.api.delete(f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}", gracePeriodSeconds=0)

    with pytest.raises(errors.PodGone, match="Pod sharevol was deleted"):
        pod.live.refresh()
    with pytest.raises(errors.PodGone, match="Pod sharevol was deleted"):
        pod["c1"].exec(["true"])
