"""Tests in which something happens to a Pod; another test runs them, and reads what is reported."""

import copy

import pytest

from pytest_podshare import Podshare, assert_lost_on_delete, assert_survives_restart
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import pod_path
from pytest_podshare.plugin import stash
from tests.support.fault_proxy import cluster_through_proxy

STAY = "while :; do sleep 1; done"
# exits once for each file /v/die
MORTAL = "echo loading; while ! rm /v/die 2> /dev/null; do sleep 0.2; done; echo bad config; exit 3"
# the process that writes is the container's first, so that the kernel ends the container
GREEDY = "while ! rm /v/go 2> /dev/null; do sleep 0.2; done; exec head -c 48000000 /dev/zero > /v/f"


def manifest(command=STAY, name="p", policy="Always", **app):
    """Return a Pod of a container `app` with that command and a container `web` that stays."""
    container = {"image": "busybox", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    commands = {"app": command, "web": STAY}
    containers = [
        {**copy.deepcopy(container), "name": name, "command": ["sh", "-c", text]}
        for name, text in commands.items()
    ]
    containers[0].update(app)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "restartPolicy": policy,
            "containers": containers,
            "volumes": [{"name": "v", "emptyDir": {}}],
        },
    }


def wait_until(pod, condition):
    """Wait until the API server reports that condition of the container `app`."""

    def is_met(raw):
        return condition(pod_status.find_container_status(raw, "app"))

    deadline = Deadline(90)
    assert is_met(pod.live.watch.wait_for(pod.name, is_met, deadline))


def kill(pod, restarts):
    """Let `app` exit by itself, and wait until it has been restarted so many times."""
    pod["web"].exec(["touch", "/v/die"])
    wait_until(pod, lambda status: status["restartCount"] == restarts and status["ready"])


@pytest.fixture(scope="module")
def shared(podshare_factory):
    """Deploy a Pod that several tests use."""
    with podshare_factory.make() as podshare:
        yield podshare.deploy(manifest(MORTAL, "shared"))


def test_quiet(podshare):
    """Nothing happens."""
    podshare.deploy(manifest())["app"].exec(["true"])


def test_dies(podshare):
    """The application exits twice."""
    pod = podshare.deploy(manifest(MORTAL))
    kill(pod, 1)
    kill(pod, 2)


def test_prints_a_secret(podshare):
    """The last log line of the application contains the value of its Secret."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "keys"},
        "stringData": {"key": "correct-horse"},
    }
    podshare.cluster.api.post(f"/api/v1/namespaces/{podshare.namespace}/secrets", secret)
    reference = {"secretKeyRef": {"name": "keys", "key": "key"}}
    command = MORTAL.replace("bad config", "wrong key $KEY")
    pod = podshare.deploy(manifest(command, env=[{"name": "KEY", "valueFrom": reference}]))
    kill(pod, 1)


def test_fails(podshare):
    """The application exits, and the test fails for another reason."""
    kill(podshare.deploy(manifest(MORTAL)), 1)
    raise ValueError("of its own")


def test_is_killed_for_memory(podshare):
    """What the application writes to a volume in memory counts towards its limit."""
    greedy = manifest(GREEDY, resources={"limits": {"memory": "24Mi"}})
    greedy["spec"]["volumes"][0]["emptyDir"] = {"medium": "Memory"}
    pod = podshare.deploy(greedy)
    pod["web"].exec(["touch", "/v/go"])
    wait_until(pod, lambda status: status["restartCount"] == 1 and status["ready"])


def test_writes_within_its_memory(podshare):
    """The control of the test above: the limit is higher, and the application ends with 0."""
    greedy = manifest(GREEDY, policy="OnFailure", resources={"limits": {"memory": "96Mi"}})
    greedy["spec"]["volumes"][0]["emptyDir"] = {"medium": "Memory"}
    pod = podshare.deploy(greedy)
    pod["web"].exec(["touch", "/v/go"])
    wait_until(pod, lambda status: "terminated" in status["state"])


def probed():
    """Return a Pod whose application is ready unless /v/bad exists."""
    probe = {"exec": {"command": ["test", "!", "-e", "/v/bad"]}}
    return manifest(readinessProbe={**probe, "periodSeconds": 1, "failureThreshold": 1})


def test_becomes_unready(podshare):
    """The probe of the application fails."""
    pod = podshare.deploy(probed())
    pod["web"].exec(["touch", "/v/bad"])
    wait_until(pod, lambda status: not status["ready"])


def test_is_unready_for_a_while(podshare):
    """The probe fails, and then succeeds."""
    pod = podshare.deploy(probed())
    # the times of conditions have whole seconds
    pod["web"].exec(["sh", "-c", "sleep 1; touch /v/bad"])
    wait_until(pod, lambda status: not status["ready"])
    pod["web"].exec(["sh", "-c", "sleep 1; rm /v/bad"])
    wait_until(pod, lambda status: status["ready"])


def test_is_unready_after_our_restart(podshare):
    """The probe fails in a test in which podshare has restarted a container."""
    pod = podshare.deploy(probed())
    pod["web"].restart()
    pod["web"].exec(["touch", "/v/bad"])
    wait_until(pod, lambda status: not status["ready"])


def test_is_deleted(podshare):
    """Something else deletes the Pod."""
    pod = podshare.deploy(manifest())
    pod.api.delete(pod_path(pod.namespace, pod.name), gracePeriodSeconds=0)
    pod.live.watch.wait_for(pod.name, lambda raw: raw is None, Deadline(60))


def test_restarts_and_deletes(podshare):
    """All that happens is podshare's own doing."""
    pod = podshare.deploy(manifest())
    assert_survives_restart(pod, container="app")
    pod.restart_sandbox()
    assert_lost_on_delete(pod)


def test_fails_to_restart(podshare):
    """A restart that is not proved in time is podshare's own doing as well."""
    pod = podshare.deploy(manifest())
    with pytest.raises(Exception, match=r"within 0\.001 s|keeps crashing"):
        pod["app"].restart(timeout=0.001)
    wait_until(pod, lambda status: status["restartCount"] == 1 and status["ready"])


def test_restarts_and_dies(podshare):
    """Of four restarts, the first and the third are the application's."""
    pod = podshare.deploy(manifest(MORTAL))
    kill(pod, 1)
    pod["app"].restart()
    kill(pod, 3)
    pod["app"].restart()


def test_ends(podshare):
    """A worker does its work under restartPolicy Never, beside a sidecar."""
    worker = manifest("while ! rm /v/go 2> /dev/null; do sleep 0.2; done", policy="Never")
    sidecar = {**worker["spec"]["containers"].pop(), "restartPolicy": "Always"}
    worker["spec"]["initContainers"] = [sidecar]
    pod = podshare.deploy(worker)
    pod["web"].exec(["touch", "/v/go"])

    def is_over(raw):
        return raw["status"]["phase"] == "Succeeded"

    assert is_over(pod.live.watch.wait_for(pod.name, is_over, Deadline(90)))


def test_the_shared_pod_dies(shared):
    """It is reported with this test."""
    kill(shared, 1)


def test_the_shared_pod_dies_again(podshare, shared):
    """In a test that has a Pod of its own as well."""
    podshare.deploy(manifest())
    kill(shared, 2)


def test_the_shared_pod_is_quiet(shared):
    """And not with this one."""
    shared["web"].exec(["true"])


@pytest.fixture
def silent(request, podshare, tmp_path):
    """Return a Podshare and what silences its API server; the run takes it for that of the test."""
    with cluster_through_proxy(podshare.cluster, tmp_path) as (cluster, proxy):
        request.node.stash[stash.PODSHARE] = Podshare(
            cluster, podshare.namespace, run_id=podshare.objects.run_id
        )
        yield request.node.stash[stash.PODSHARE], proxy.silence
        proxy.resume()
        request.node.stash[stash.PODSHARE].close()
        request.node.stash[stash.PODSHARE] = podshare


def test_the_api_server_is_silent(silent):
    """It answers no more when the test ends."""
    podshare, silence = silent
    podshare.deploy(manifest())
    silence()
