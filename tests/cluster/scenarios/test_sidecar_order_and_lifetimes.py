"""Sidecars that start first, ephemeral volumes, host paths, and restarts of all containers."""

import copy
from pathlib import Path

import pytest
import yaml

from pytest_podshare import (
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_survives_delete,
    assert_survives_restart,
)
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import pod_status
from tests.support.mutations import container_of

HOSTPATH = yaml.safe_load(Path("manifests/hostpath.yaml").read_text())


def status_of(pod, container):
    """Return the status of a container, which may be an init container."""
    status = pod.live.check_still_there()["status"]
    statuses = status.get("initContainerStatuses", []) + status["containerStatuses"]
    return next(status for status in statuses if status["name"] == container)


def test_an_app_finds_what_its_sidecar_created_before_it_started(podshare):
    """The sidecar keeps running, and restarts alone."""
    pod = podshare.deploy("manifests/native-sidecar.yaml")

    assert_log_contains(pod, container="app", text="a certificate")
    assert status_of(pod, "app")["restartCount"] == 0
    assert "running" in status_of(pod, "agent")["state"]
    assert_file_visible(pod, from_c="agent", to_c="app")
    assert_survives_restart(pod, container="agent", path="/certs/tls.crt")


def test_without_the_probe_the_app_starts_too_early(twin):
    """The mutated twin: the app fails until the file exists."""

    def change(spec):
        agent, app = container_of(spec, "agent"), container_of(spec, "app")
        agent.pop("startupProbe")
        # The agent waits until the app has looked for the file, since two seconds are not too early
        # on every machine. With the probe it would wait forever.
        wait = "until [ -e /certs/looked ]; do sleep 0.1; done"
        agent["command"][-1] = agent["command"][-1].replace("sleep 2\n", f"{wait}\n")
        app["command"][-1] += "; touch /etc/certs/looked; exit 1"
        app["volumeMounts"][0].pop("readOnly")

    pod = twin("native-sidecar", change)

    restarts = poll(
        lambda: status_of(pod, "app")["restartCount"], until=bool, deadline=Deadline(30)
    )

    assert restarts > 0


def test_an_ephemeral_volume_is_shared_and_lost_with_the_pod(podshare):
    """It survives a container's restart; the next Pod has another claim of the same name."""
    pod = podshare.deploy("manifests/generic-ephemeral.yaml")
    path = f"/api/v1/namespaces/{pod.namespace}/persistentvolumeclaims/generic-ephemeral-scratch"
    first = pod.api.get(path)["metadata"]
    assert [owner["uid"] for owner in first["ownerReferences"]] == [pod.uid]

    assert_file_visible(pod, from_c="c1", to_c="c2")
    assert_survives_restart(pod, container="c1")
    assert_lost_on_delete(pod, volume="scratch")

    second = pod.api.get(path)["metadata"]
    assert second["uid"] != first["uid"]
    assert [owner["uid"] for owner in second["ownerReferences"]] == [pod.uid]


@pytest.fixture
def on_node(podshare, podshare_cluster):
    """Return a function that deploys a Pod with a hostPath to the node of that index."""
    if not podshare_cluster.own:
        pytest.skip(
            "the test creates a folder on a node, and can remove it from its own nodes only"
        )
    names = sorted(
        node["metadata"]["name"] for node in podshare_cluster.api.get("/api/v1/nodes")["items"]
    )

    def deploy(index):
        if index >= len(names):
            pytest.skip("the cluster has one node; --podshare-kind-nodes=2 creates two")
        manifest = copy.deepcopy(HOSTPATH)
        manifest["metadata"]["name"] += f"-{index}"
        manifest["spec"]["nodeName"] = names[index]
        return podshare.deploy(manifest)

    yield deploy
    for name in names:
        nodes.run(name, "rm", "-rf", HOSTPATH["spec"]["volumes"][0]["hostPath"]["path"])


@pytest.mark.engine
def test_a_host_path_outlives_the_pod(on_node):
    """Its replacement on the same node finds the files."""
    pod = on_node(0)
    node = pod.node
    assert_file_visible(pod, from_c="c1", to_c="c2")

    assert_survives_delete(pod)

    assert pod.node == node


@pytest.mark.engine
@pytest.mark.two_nodes
def test_a_host_path_is_not_shared_between_nodes(on_node):
    """A Pod on another node does not see the file; the control is its own file."""
    first, second = on_node(0), on_node(1)

    assert first["c1"].exec(["touch", "/folder/first"]).returncode == 0
    assert second["c1"].exec(["touch", "/folder/second"]).returncode == 0

    assert first["c2"].exec(["ls", "-A", "/data"]).stdout == b"first\n"
    assert second["c2"].exec(["ls", "-A", "/data"]).stdout == b"second\n"


@pytest.mark.podshare_needs("restart-all-containers")
@pytest.mark.parametrize("code", ["88", "1"], ids=["the rule's code", "another code"])
def test_an_exit_code_restarts_all_containers(twin, code):
    """Init containers as well, in the same Pod; the twin's exit code restarts one container."""

    def change(spec):
        container_of(spec, "worker")["env"][0]["value"] = code

    pod = twin("restart-all-containers", change)
    before = pod.identity
    assert pod["neighbour"].exec(["touch", "/shared/kept", "/shared/broken"]).returncode == 0

    def restarted_containers():
        live = pod.live.check_still_there()
        now = pod_status.read_identity(live)
        restarted = {name for name, id_ in now.containers if id_ != dict(before.containers)[name]}
        is_ready = all(status["ready"] for status in live["status"]["containerStatuses"])
        return restarted if is_ready and "worker" in restarted else None

    restarted = poll(restarted_containers, until=bool, deadline=Deadline(120))

    is_all = code == "88"
    assert restarted == ({"init", "worker", "neighbour"} if is_all else {"worker"})
    assert pod.live.refresh().uid == before.uid
    journal = pod["neighbour"].exec(["cat", "/shared/journal", "/shared/kept"])
    assert (journal.returncode, journal.stdout) == (0, b"prepared\n" * (2 if is_all else 1))
