"""Sidecars that start first, ephemeral claims, host paths, and rules that restart all."""

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
    """What the API server says of a container of any sort."""
    status = pod.check_still_there()["status"]
    both = status.get("initContainerStatuses", []) + status["containerStatuses"]
    return next(each for each in both if each["name"] == container)


def test_an_app_finds_what_its_sidecar_made_before_it_started(podshare):
    """At its first start; the sidecar goes on beside it, and restarts without it."""
    pod = podshare.deploy("manifests/native-sidecar.yaml")

    assert_log_contains(pod, container="app", text="a certificate")
    assert status_of(pod, "app")["restartCount"] == 0
    assert "running" in status_of(pod, "agent")["state"]
    assert_file_visible(pod, from_c="agent", to_c="app")
    assert_survives_restart(pod, container="agent", path="/certs/tls.crt")


def test_without_the_probe_the_app_starts_too_early(twin):
    """The mutated twin: the file is not there yet, and the app fails until it is."""

    def change(spec):
        agent, app = container_of(spec, "agent"), container_of(spec, "app")
        agent.pop("startupProbe")
        # Two seconds are too early on some machines only, so that the agent waits for the app to
        # have looked: with the probe it would wait for ever.
        wait = "until [ -e /certs/looked ]; do sleep 0.1; done"
        agent["command"][-1] = agent["command"][-1].replace("sleep 2\n", f"{wait}\n")
        app["command"][-1] += "; touch /etc/certs/looked; exit 1"
        app["volumeMounts"][0].pop("readOnly")

    pod = twin("native-sidecar", change)

    restarts = poll(
        lambda: status_of(pod, "app")["restartCount"], until=bool, deadline=Deadline(30)
    )

    assert restarts > 0


def test_a_claim_of_the_pods_own_is_shared_like_an_empty_dir_and_goes_with_the_pod(podshare):
    """It survives a container's restart; the next Pod has another claim of the same name."""
    pod = podshare.deploy("manifests/generic-ephemeral.yaml")
    path = f"/api/v1/namespaces/{pod.namespace}/persistentvolumeclaims/generic-ephemeral-scratch"
    first = pod.api.get(path)["metadata"]
    assert [each["uid"] for each in first["ownerReferences"]] == [pod.uid]

    assert_file_visible(pod, from_c="c1", to_c="c2")
    assert_survives_restart(pod, container="c1")
    assert_lost_on_delete(pod, volume="scratch")

    second = pod.api.get(path)["metadata"]
    assert second["uid"] != first["uid"]
    assert [each["uid"] for each in second["ownerReferences"]] == [pod.uid]


@pytest.fixture
def on_node(podshare, podshare_cluster):
    """A function that deploys a Pod with a folder of the node's onto one of the nodes."""
    if not podshare_cluster.own:
        pytest.skip("the test leaves a folder on the node, and only cleans up its own nodes")
    names = sorted(
        each["metadata"]["name"] for each in podshare_cluster.api.get("/api/v1/nodes")["items"]
    )

    def deploy(which):
        if which >= len(names):
            pytest.skip("the cluster has one node; --podshare-kind-nodes=2 makes two")
        manifest = copy.deepcopy(HOSTPATH)
        manifest["metadata"]["name"] += f"-{which}"
        manifest["spec"]["nodeName"] = names[which]
        return podshare.deploy(manifest)

    yield deploy
    for name in names:
        nodes.run(name, "rm", "-rf", HOSTPATH["spec"]["volumes"][0]["hostPath"]["path"])


@pytest.mark.engine
def test_a_folder_of_the_node_outlives_the_pod(on_node):
    """The Pod that comes to the same node finds what the first one left."""
    pod = on_node(0)
    node = pod.node
    assert_file_visible(pod, from_c="c1", to_c="c2")

    assert_survives_delete(pod)

    assert pod.node == node


@pytest.mark.engine
@pytest.mark.two_nodes
def test_a_folder_of_the_node_is_that_nodes_alone(on_node):
    """A Pod on the other node sees nothing of it; the control is what it writes itself."""
    here, there = on_node(0), on_node(1)

    assert here["c1"].exec(["touch", "/folder/here"]).returncode == 0
    assert there["c1"].exec(["touch", "/folder/there"]).returncode == 0

    assert here["c2"].exec(["ls", "-A", "/data"]).stdout == b"here\n"
    assert there["c2"].exec(["ls", "-A", "/data"]).stdout == b"there\n"


@pytest.mark.podshare_needs("restart-all-containers")
@pytest.mark.parametrize("code", ["88", "1"], ids=["the rule's code", "another code"])
def test_an_exit_code_restarts_all_containers(twin, code):
    """All anew, init again, same Pod and volume; the twin's code restarts the one that ended."""

    def change(spec):
        container_of(spec, "worker")["env"][0]["value"] = code

    pod = twin("restart-all-containers", change)
    before = pod.identity
    assert pod["neighbour"].exec(["touch", "/shared/kept", "/shared/broken"]).returncode == 0

    def settled():
        live = pod.check_still_there()
        now = pod_status.read_identity(live)
        anew = {name for name, each in now.containers if each != dict(before.containers)[name]}
        ready = all(each["ready"] for each in live["status"]["containerStatuses"])
        return anew if ready and "worker" in anew else None

    anew = poll(settled, until=bool, deadline=Deadline(120))

    all_of_them = code == "88"
    assert anew == ({"init", "worker", "neighbour"} if all_of_them else {"worker"})
    assert pod.refresh().uid == before.uid
    journal = pod["neighbour"].exec(["cat", "/shared/journal", "/shared/kept"])
    assert (journal.returncode, journal.stdout) == (0, b"prepared\n" * (2 if all_of_them else 1))
