"""Pods that do not start: what passes is awaited, and what is final fails early, with its words."""

import copy
import threading
import time
from pathlib import Path

import pytest

from pytest_podshare import errors
from tests.support import golden_texts
from tests.support.schedulable_node import find_schedulable_node

# manifests that cannot be deployed, and the texts of their errors
GOLDEN = Path("tests/cluster/golden")

CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}
OF_CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}
SETTINGS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings"},
    "data": {"app.conf": "a=1\n"},
}
# seconds after which what cannot succeed has failed, also on a busy machine; the timeout is 120
EARLY = 90


def pod(volume=None, **container):
    """Return a Pod of one container that may mount a volume."""
    mounts = [] if volume is None else [{"name": "data", "mountPath": "/data"}]
    volumes = [] if volume is None else [{"name": "data", **volume}]
    c = {"name": "c", "image": "busybox", "command": ["sleep", "100000"], "volumeMounts": mounts}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "volumes": volumes,
            "containers": [{**c, **container}],
        },
    }


def with_objects(main, *others):
    """Return a manifest of a Pod or a workload, and other objects."""
    return {"apiVersion": "v1", "kind": "List", "items": [*others, main]}


def workload(kind, spec):
    """Return a workload with a Pod template."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": copy.deepcopy(spec)}
    if kind == "Job":
        template["spec"]["restartPolicy"] = "Never"
        return {
            "apiVersion": "batch/v1",
            "kind": kind,
            "metadata": {"name": "web"},
            "spec": {"template": template},
        }
    selector = {"matchLabels": {"app": "web"}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": {"selector": selector, "template": template},
    }


@pytest.fixture
def create_later(podshare):
    """Return a function that creates an object in the test's namespace after some seconds."""
    timers = []
    namespace = f"/api/v1/namespaces/{podshare.namespace}"

    def start(resource, document, seconds):
        post = podshare.cluster.api.post
        timers.append(threading.Timer(seconds, post, (f"{namespace}/{resource}", document)))
        timers[-1].start()

    yield start
    for timer in timers:
        timer.join()


@pytest.fixture
def fails(podshare):
    """Return a function that deploys a manifest, and returns the first line of the error."""

    def deploy(manifest, error, *, before=EARLY, **options):
        start = time.monotonic()
        with pytest.raises(error) as caught:
            podshare.deploy(manifest, **options)
        assert time.monotonic() - start < before
        assert len(str(caught.value).splitlines()) <= 12
        return caught.value.what

    return deploy


@pytest.mark.slow
def test_a_claim_that_is_created_a_minute_later_is_awaited(podshare, create_later):
    """As by a controller on a busy machine: the scheduler's "not found" is not final."""
    create_later("persistentvolumeclaims", CLAIM, 60)
    start = time.monotonic()

    deployed = podshare.deploy(pod(OF_CLAIM))

    assert time.monotonic() - start > 60
    assert deployed["c"].exec(["true"]).returncode == 0


def test_a_claim_that_never_comes_fails_at_the_deadline(fails):
    """With the scheduler's words."""
    what = fails(pod(OF_CLAIM), errors.PodUnschedulable, timeout=12)

    assert what.startswith("Pod web was not scheduled within 12 s: 0/")
    assert 'persistentvolumeclaim "data" not found' in what


def test_more_than_any_node_has_fails_early(fails):
    """No Pod that ends would help."""
    huge = pod(resources={"requests": {"memory": "90Ti"}})

    what = fails(huge, errors.PodUnschedulable)

    assert what.startswith("Pod web cannot be scheduled: 0/")
    assert "Insufficient memory" in what


def test_a_folder_that_the_node_lacks_fails_early(fails, podshare):
    """The kubelet would try forever; its twin lets it create the folder."""
    path = f"/tmp/podshare-{podshare.namespace}/missing"
    missing = {"hostPath": {"path": path, "type": "Directory"}}

    what = fails(pod(missing), errors.MountFailed)

    assert what.endswith(f": hostPath type check failed: {path} is not a directory.")


@pytest.mark.parametrize("name", ["failed-mount", "missing-key"])
def test_the_whole_error_is_the_golden_text(podshare, name):
    """It has the kubelet's words, and the line of the volume."""
    with pytest.raises(errors.MountFailed) as caught:
        podshare.deploy(f"{GOLDEN}/{name}.yaml")

    text = golden_texts.describe(caught.value)
    assert len(text.splitlines()) <= 12
    golden_texts.assert_golden(GOLDEN / f"{name}.txt", text)


def test_a_folder_that_another_pod_creates_is_awaited(podshare):
    """Its twin: the writer of the folder is deployed with it."""
    path = f"/tmp/podshare-{podshare.namespace}"
    folder = {"hostPath": {"path": path, "type": "DirectoryOrCreate"}}
    command = ["sh", "-c", "sleep 15; mkdir /data/late; sleep 100000"]
    writer = pod(folder, command=command)
    reader = pod({"hostPath": {"path": f"{path}/late", "type": "Directory"}})
    reader["metadata"]["name"] = "reader"
    # the folder exists on one node only
    node = find_schedulable_node(podshare.cluster.api)
    for manifest in (writer, reader):
        manifest["spec"]["nodeName"] = node

    _, deployed = podshare.deploy_all([writer, reader])

    assert deployed["c"].exec(["ls", "/data"]).returncode == 0


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
        (
            {"configMap": {"name": "settings", "items": [{"key": "x", "path": "x"}]}},
            "references non-existent config key: x",
        ),
        (
            {"projected": {"sources": [{"configMap": {"name": "none"}}]}},
            'configmap "none" not found',
        ),
    ],
)
def test_a_volume_of_an_object_that_is_missing_fails_early(fails, volume, words):
    """The kubelet has tried again by then."""
    what = fails(with_objects(pod(volume), SETTINGS), errors.MountFailed)

    assert what.startswith("Pod web cannot mount volume data: FailedMount: MountVolume.SetUp")
    assert what.endswith(f"{words}.")


@pytest.mark.parametrize(
    "volume",
    [
        {"configMap": {"name": "none", "optional": True}},
        {"secret": {"secretName": "none", "optional": True}},
        {"configMap": {"name": "settings", "items": [{"key": "app.conf", "path": "x"}]}},
        {"projected": {"sources": [{"configMap": {"name": "settings"}}]}},
    ],
)
def test_a_volume_of_an_object_that_is_there_or_optional_is_mounted(podshare, volume):
    """Their corrected twins."""
    deployed = podshare.deploy(with_objects(pod(volume), SETTINGS))

    assert deployed["c"].exec(["ls", "/data"]).returncode == 0


def test_a_config_map_that_comes_a_moment_later_is_awaited(podshare, create_later):
    """Its Pod is first, as with `kubectl apply` of a folder."""
    create_later("configmaps", SETTINGS, 2)

    deployed = podshare.deploy(pod({"configMap": {"name": "settings"}}))

    assert deployed["c"].exec(["cat", "/data/app.conf"]).stdout == b"a=1\n"


def test_a_variable_whose_config_map_comes_later_is_awaited(podshare, create_later):
    """The kubelet finds it at its second attempt."""
    key = {"name": "settings", "key": "app.conf"}
    create_later("configmaps", SETTINGS, 5)

    deployed = podshare.deploy(pod(env=[{"name": "E", "valueFrom": {"configMapKeyRef": key}}]))

    assert deployed["c"].exec(["sh", "-c", "echo $E"]).stdout == b"a=1\n"


def nested(*, read_only):
    """Return a Pod that mounts a volume within another one, which has no place for it yet."""
    manifest = pod({"emptyDir": {}})
    manifest["spec"]["volumes"].append({"name": "cache", "emptyDir": {}})
    mounts = manifest["spec"]["containers"][0]["volumeMounts"]
    mounts[0]["readOnly"] = read_only
    mounts.append({"name": "cache", "mountPath": "/data/cache"})
    return manifest


def test_a_mount_without_a_place_fails_early(fails):
    """The container runtime cannot create the folder in a volume that is mounted read-only."""
    what = fails(nested(read_only=True), errors.ContainerConfigFailed)

    assert "/data/cache" in what
    assert "read-only file system" in what


def test_a_mount_with_a_place_succeeds(podshare):
    """Its twin: the runtime creates the folder."""
    deployed = podshare.deploy(nested(read_only=False))

    assert deployed["c"].exec(["ls", "/data/cache"]).returncode == 0


def probed(path):
    """Return a Pod that is ready if a file exists."""
    command = ["cat", path]
    return pod(readinessProbe={"exec": {"command": command}, "periodSeconds": 1})


def test_the_output_of_a_failing_probe_is_in_the_error(fails):
    """As the last warning about the Pod."""
    what = fails(probed("/no/such"), errors.PodNotReady, timeout=15)

    assert what.startswith("Pod web was not ready within 15 s: phase Running, c running, not ready")
    assert what.endswith(
        " The last event: Unhealthy: Readiness probe failed: "
        "cat: can't open '/no/such': No such file or directory."
    )


def test_a_probe_that_succeeds_makes_a_pod_ready(podshare):
    """Its twin."""
    assert podshare.deploy(probed("/etc/passwd")).name == "web"


ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "worker"}}


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"])
def test_why_a_controller_creates_no_pod_is_in_the_error(fails, kind):
    """The account of its Pods does not exist."""
    spec = {**pod()["spec"], "serviceAccountName": "worker"}

    what = fails(workload(kind, spec), errors.PodNotReady, timeout=5)

    assert what.startswith(f"{kind} web created no Pod within 5 s. The last event: FailedCreate: ")
    assert 'serviceaccount "worker" not found' in what


def test_a_controller_whose_account_exists_creates_a_pod(podshare):
    """Its twin."""
    spec = {**pod()["spec"], "serviceAccountName": "worker"}

    assert podshare.deploy(with_objects(workload("Deployment", spec), ACCOUNT)).name != "web"


def test_why_a_claim_is_not_provisioned_is_in_the_error(fails):
    """The scheduler says only that it is not bound."""
    claim = {**CLAIM, "spec": {**CLAIM["spec"], "storageClassName": "no-such"}}

    what = fails(with_objects(pod(OF_CLAIM), claim), errors.PodUnschedulable, timeout=10)

    assert "unbound immediate PersistentVolumeClaims" in what
    assert what.endswith(
        ' The last event: ProvisioningFailed: storageclass.storage.k8s.io "no-such" not found.'
    )


def test_a_claim_that_is_provisioned_is_awaited(podshare):
    """Its twin: the provisioner waits for the Pod, and the Pod for the provisioner."""
    assert podshare.deploy(with_objects(pod(OF_CLAIM), CLAIM)).name == "web"


def with_runtime(handler, name):
    """Return a Pod whose containers a certain runtime runs."""
    manifest = pod()
    manifest["spec"]["runtimeClassName"] = name
    runtime = {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": name},
        "handler": handler,
    }
    return with_objects(manifest, runtime)


def test_why_there_is_no_sandbox_is_in_the_error(fails, podshare):
    """The node lacks the container runtime."""
    manifest = with_runtime("no-such", f"{podshare.namespace}-lacking")

    what = fails(manifest, errors.PodNotReady, timeout=12)

    assert " The last event: FailedCreatePodSandBox: Failed to create pod sandbox: " in what
    assert '"no-such"' in what


def test_a_runtime_that_the_node_has_starts_a_sandbox(podshare):
    """Its twin."""
    manifest = with_runtime("runc", f"{podshare.namespace}-present")

    assert podshare.deploy(manifest).name == "web"


PORT = 58231
REGISTRY = f"127.0.0.1:{PORT}"


def test_an_image_that_the_registry_lacks_fails_early(fails, podshare):
    """The registry has answered."""
    registry = pod(command=["httpd", "-f", "-p", REGISTRY, "-h", "/home"])
    registry["spec"]["hostNetwork"] = True
    registry["metadata"]["name"] = "registry"
    podshare.deploy(registry)

    what = fails(pod(image=f"{REGISTRY}/no/such:1"), errors.ImagePullFailed, before=60)

    assert "not found" in what


def test_a_registry_that_does_not_answer_is_awaited_until_the_deadline(fails):
    """It may answer later."""
    start = time.monotonic()

    what = fails(pod(image="127.0.0.1:1/no/such:1"), errors.ImagePullFailed, timeout=25)

    assert time.monotonic() - start > 25
    assert "connection refused" in what
