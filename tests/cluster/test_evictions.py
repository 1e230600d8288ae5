"""Evictions of containers that handle SIGTERM: the Pod ends as `Succeeded`; only an Event tells."""

import pytest

from pytest_podshare import assert_file_visible, assert_size_limited, assert_writable, errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import pod_status
from pytest_podshare.pods.incident_search import find_incidents
from tests.support.two_containers import with_name

pytestmark = pytest.mark.usefixtures("at_leisure")

# ends within the second that an eviction leaves it, but not at once: the kubelet forgets a
# container that ends before the others, and then counts it as failed
STAY = "trap 'exit 0' TERM; while :; do sleep 1; done"
FILL = "dd if=/dev/zero of=/v/rows bs=1M count=8"
EVICTION = 'Usage of EmptyDir volume "v" exceeds the limit "2Mi".'


def pod(script, **container):
    """Return a Pod of two containers that share a volume of 2 MiB; the first runs a script."""
    containers = [
        {
            "name": name,
            "image": "busybox",
            "command": ["sh", "-c", command],
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            **more,
        }
        for name, command, more in [("app", script, container), ("uploader", STAY, {})]
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "evicted", "labels": {"app": "evicted"}},
        "spec": {
            "terminationGracePeriodSeconds": 2,
            "containers": containers,
            "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "2Mi"}}],
        },
    }


def test_a_check_says_that_the_pod_was_evicted(podshare):
    """The control: its status does not. The incidents of the test say so as well."""
    # the kubelet may find out too late how a container has ended; then the Pod has failed
    manifests = [with_name(f"evicted-{n}", pod(f"sleep 5; {FILL}; {STAY}")) for n in range(3)]
    for manifest in manifests:
        del manifest["spec"]["containers"][1]
    ended = {}
    for deployed in podshare.deploy_all(manifests):
        ended[deployed] = deployed.live.watch.wait_for(
            deployed.name, lambda raw: raw is None or pod_status.is_over(raw), Deadline(120)
        )
    handled = [one for one, raw in ended.items() if raw["status"]["phase"] == "Succeeded"]
    assert handled, [raw["status"] for raw in ended.values()]
    assert "reason" not in ended[handled[0]]["status"]

    with pytest.raises(errors.PodGone) as caught:
        assert_writable(handled[0], container="app", volume="v")

    assert (caught.value.eviction, caught.value.cause) == (EVICTION, "evicted")
    assert "Raise the sizeLimit of volume v above 2Mi" in str(caught.value)
    incidents, _ = find_incidents(podshare)
    assert sorted(str(one) for one in incidents) == sorted(
        f"Pod {one} was evicted: {EVICTION.rstrip('.')}" for one in ended
    )


def test_a_pod_that_is_evicted_before_it_is_ready_is_not_deployed(podshare):
    """Its phase `Succeeded` does not mean that it has done its work."""
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}

    with pytest.raises(errors.PodGone, match="Pod evicted was evicted: Usage of EmptyDir"):
        podshare.deploy(pod(f"{FILL}; {STAY}", readinessProbe=never))


def test_the_size_limit_of_a_pod_that_its_controller_deletes_is_proved(podshare):
    """The controller of a StatefulSet deletes an evicted Pod before anybody else can."""
    template = pod(STAY)
    stateful = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db",
            "selector": {"matchLabels": {"app": "evicted"}},
            "template": {"metadata": {"labels": {"app": "evicted"}}, "spec": template["spec"]},
        },
    }
    running = podshare.deploy(stateful)
    before = running.uid

    evidence = assert_size_limited(running, container="app", volume="v")

    assert f"Evicted: {EVICTION}" in evidence.proofs
    assert running.uid != before
    assert_file_visible(running, from_c="app", to_c="uploader")
