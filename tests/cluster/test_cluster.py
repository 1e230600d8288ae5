"""The cluster itself: Pods, claims, Services and the network between two nodes work on it."""

import pytest

from pytest_podshare import assert_file_visible
from pytest_podshare.deadline import Deadline, poll

pytestmark = pytest.mark.two_nodes


def sleeper(name, **spec):
    """Return a Pod whose only container sleeps."""
    container = {"name": "c", "image": "busybox", "command": ["sleep", "10000"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [{**container, **spec.pop("container", {})}], **spec},
    }


@pytest.fixture
def nodes(podshare_cluster):
    """Return the names of the nodes."""
    return [node["metadata"]["name"] for node in podshare_cluster.api.get("/api/v1/nodes")["items"]]


def test_every_pod_of_the_system_is_ready(podshare_cluster):
    """They are the control plane, kube-proxy, DNS and the network."""

    def unready():
        listed = podshare_cluster.api.get("/api/v1/pods")["items"]
        return [
            pod["metadata"]["name"]
            for pod in listed
            if not pod["metadata"]["namespace"].startswith("podshare-")
            and not any(
                condition["type"] == "Ready" and condition["status"] == "True"
                for condition in pod["status"].get("conditions", ())
            )
        ]

    assert poll(unready, until=lambda names: not names, deadline=Deadline(120)) == []
    names = [
        pod["metadata"]["name"]
        for pod in podshare_cluster.api.get("/api/v1/namespaces/kube-system/pods")["items"]
    ]
    for component in ("etcd", "kube-apiserver", "kube-scheduler", "kube-proxy", "coredns"):
        assert any(name.startswith(component) for name in names), component


def test_a_claim_is_bound_and_its_volume_shared(podshare):
    """The default StorageClass provisions it for its first Pod."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "16Mi"}},
        },
    }
    pod = sleeper(
        "claimer", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    )
    first = pod["spec"]["containers"][0]
    first["volumeMounts"] = [{"name": "d", "mountPath": "/data"}]
    pod["spec"]["containers"].append({**first, "name": "c2"})

    deployed = podshare.deploy({"kind": "List", "items": [claim, pod]})

    assert_file_visible(deployed, from_c="c", to_c="c2", volume="d")
    path = f"/api/v1/namespaces/{podshare.namespace}/persistentvolumeclaims/data"
    bound = podshare.cluster.api.get(path)
    assert bound["status"]["phase"] == "Bound"
    assert bound["spec"]["storageClassName"] == "standard"


def test_a_service_is_reached_by_name_from_another_node(podshare, nodes):
    """This needs DNS, kube-proxy, and the network between the nodes."""
    server = sleeper(
        "server",
        nodeName=nodes[-1],
        container={
            "command": ["sh", "-c", "echo hello > /tmp/index.html; httpd -f -p 8080 -h /tmp"],
            "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
        },
    )
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "hello"},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    podshare.deploy({"kind": "List", "items": [service, server]})
    client = podshare.deploy(sleeper("client", nodeName=nodes[0]))

    def fetch(name):
        command = ["wget", "-q", "-T", "5", "-O", "-", f"http://{name}/"]
        # until the DNS server answers, wget tries many names for seconds
        return client["c"].exec(command, timeout=120).stdout

    for name in ("hello", f"hello.{podshare.namespace}.svc.cluster.local"):
        body = poll(
            lambda name=name: fetch(name),
            until=lambda body: body == b"hello\n",
            deadline=Deadline(120),
        )
        assert body == b"hello\n"
    assert client["c"].exec(["nslookup", "no-such-service"]).returncode != 0


@pytest.mark.podshare_needs("two-nodes")
def test_pods_reach_each_other_across_nodes(podshare, nodes):
    """Each node has its own range of IP addresses."""
    first = podshare.deploy(sleeper("first", nodeName=nodes[0]))
    second = podshare.deploy(sleeper("second", nodeName=nodes[1]))
    addresses = {pod.name: pod.check_still_there()["status"]["podIP"] for pod in (first, second)}

    for pod, other in ((first, "second"), (second, "first")):
        done = pod["c"].exec(["ping", "-c", "1", "-W", "5", addresses[other]])
        assert done.returncode == 0, done.stdout + done.stderr
    assert len({address.rsplit(".", 1)[0] for address in addresses.values()}) == 2


def test_user_namespaces_work(podshare):
    """With hostUsers: false, root in a container is unprivileged on the node."""
    pod = sleeper("userns", hostUsers=False, volumes=[{"name": "v", "emptyDir": {}}])
    first = pod["spec"]["containers"][0]
    first["volumeMounts"] = [{"name": "v", "mountPath": "/v"}]
    pod["spec"]["containers"].append({**first, "name": "c2"})

    deployed = podshare.deploy(pod)

    inside, outside, _ = deployed["c"].exec(["cat", "/proc/self/uid_map"]).stdout.split()
    assert inside == b"0"
    assert int(outside) > 0
    assert_file_visible(deployed, from_c="c", to_c="c2")


@pytest.mark.parametrize(
    "image", ["busybox", "busybox:latest", "alpine", "centos:7", "nginx", "redis"]
)
def test_the_images_of_the_manifests_can_be_used(podshare, image):
    """Their names have a tag or none."""
    pod = podshare.deploy(sleeper("image", container={"image": image}))

    assert pod["c"].exec(["sh", "-c", "echo $((6 * 7))"]).stdout == b"42\n"
