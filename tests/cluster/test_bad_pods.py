"""Pods that will not become ready: each fails at once, in two lines, with the kubelet's words."""

import copy
import re
import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.kube.client import pod_path

SHAREVOL = yaml.safe_load(Path("manifests/sharevol.yaml").read_text())
# a permanent state is told as soon as the kubelet tells it: within seconds, or half a minute and
# more on a busy machine; the wait itself would go on for two minutes
AT_ONCE = 100


@pytest.fixture
def rejected(podshare):
    """A function that deploys a changed sharevol Pod and gives the error, timed."""

    def deploy(change, error, **how):
        manifest = copy.deepcopy(SHAREVOL)
        change(manifest["spec"], manifest["spec"]["containers"][0])
        begun = time.monotonic()
        with pytest.raises(error) as caught:
            podshare.deploy(manifest, **how)
        assert time.monotonic() - begun < AT_ONCE
        return str(caught.value).splitlines()

    return deploy


def test_an_image_that_cannot_be_pulled(rejected):
    """After the first back-off, with the image's name and the reason."""

    def change(_spec, c1):
        # nothing listens there, so that the answer comes from the node itself
        c1["image"] = "127.0.0.1:1/no/such:1"

    what, remedy = rejected(change, errors.ImagePullFailed)

    assert what.startswith(
        "Container c1 of Pod sharevol has no image 127.0.0.1:1/no/such:1: ImagePullBackOff: "
    )
    assert "connection refused" in what
    assert remedy == (
        "Check the name, load a local image with --podshare-image, "
        "or give the cluster a way to pull it."
    )


def test_a_pod_that_no_node_can_take(rejected):
    """With the scheduler's own words."""

    def change(spec, _c1):
        spec["nodeSelector"] = {"no": "such"}

    what, remedy = rejected(change, errors.PodUnschedulable)

    assert re.match(r"Pod sharevol cannot be scheduled: 0/\d nodes are available: ", what)
    assert remedy == "Mend its nodeSelector, affinity, tolerations, claims or resource requests."


def test_a_config_map_that_is_not_there(rejected):
    """The kubelet would wait for it for ever."""

    def change(_spec, c1):
        key = {"name": "no-such", "key": "k"}
        c1["env"] = [{"name": "E", "valueFrom": {"configMapKeyRef": key}}]

    what, _ = rejected(change, errors.ContainerConfigFailed)

    assert what == (
        "Container c1 of Pod sharevol cannot be started: "
        'CreateContainerConfigError: configmap "no-such" not found'
    )


def test_a_command_that_is_not_in_the_image(rejected):
    """The runtime cannot start it, however often it tries."""

    def change(_spec, c1):
        c1["command"] = ["/no/such/program"]

    what, _ = rejected(change, errors.ContainerConfigFailed)

    assert what.startswith("Container c1 of Pod sharevol cannot be started: ")
    assert "/no/such/program" in what


def test_a_container_that_keeps_ending(rejected):
    """Its last words go with the error; a probe keeps it from being ready in between."""

    def change(_spec, c1):
        # the kubelet keeps one instance that has ended: this leaves time to ask for its last words
        c1["command"] = ["sh", "-c", "echo cannot find my config; sleep 2; exit 3"]
        c1["readinessProbe"] = {"exec": {"command": ["true"]}, "initialDelaySeconds": 60}

    what, remedy, *words = rejected(change, errors.ContainerCrashing)

    assert re.fullmatch(
        r"Container c1 of Pod sharevol keeps ending: "
        r"waiting \(CrashLoopBackOff, last exit code 3\), [3-9] restarts\.",
        what,
    )
    assert remedy.startswith("Read its last words (kubectl logs --previous)")
    assert words == ["  c1: cannot find my config"]


def test_a_pod_that_fails_and_is_not_started_again(rejected):
    """A Pod with restartPolicy Never ends once and for all."""

    def change(spec, c1):
        spec["restartPolicy"] = "Never"
        spec["containers"] = [c1]
        c1["command"] = ["sh", "-c", "echo done for; exit 4"]
        c1["readinessProbe"] = {"exec": {"command": ["true"]}, "initialDelaySeconds": 60}

    what, _, *words = rejected(change, errors.ContainerCrashing)

    assert what == "Pod sharevol failed: c1 ended with exit code 4 (Error)."
    assert words == ["  c1: done for"]


def test_a_pod_that_is_never_ready(rejected, podshare):
    """The deadline's error says what was seen last."""

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
    )
    assert remedy == "Mend what holds it up, or raise --podshare-ready-timeout."


def test_a_manifest_that_the_api_server_rejects(rejected):
    """With the server's own message, which names the field."""

    def change(_spec, c1):
        c1["volumeMounts"][0]["name"] = "xchnage"

    what, remedy = rejected(change, errors.DeployRejected)

    assert what == (
        '<dict>: the API server rejects Pod sharevol: Pod "sharevol" is invalid: '
        'spec.containers[0].volumeMounts[0].name: Not found: "xchnage"'
    )
    assert remedy == "Mend the field the API server names."


def test_a_kind_that_the_api_server_does_not_know(podshare):
    """A custom resource needs its definition."""
    text = yaml.safe_dump_all([{"apiVersion": "no.such/v1", "kind": "Thing"}, SHAREVOL])

    with pytest.raises(errors.DeployRejected, match="the API server rejects Thing"):
        podshare.deploy(text)


def test_a_pod_that_somebody_deletes(podshare):
    """The next check says so, instead of something about a file."""
    pod = podshare.deploy("manifests/sharevol.yaml")
    pod.api.delete(f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}", gracePeriodSeconds=0)

    with pytest.raises(errors.PodGone, match="Pod sharevol was deleted"):
        pod.refresh()
    with pytest.raises(errors.PodGone, match="Pod sharevol was deleted"):
        pod["c1"].exec(["true"])
