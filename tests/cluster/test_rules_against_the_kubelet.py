"""Findings that the API server accepts: the container does not start, or does not keep running."""

import dataclasses
from pathlib import Path

import pytest

from pytest_podshare.check import rules
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

# every namespace has it
CONFIG = {"name": "config", "configMap": {"name": "kube-root-ca.crt"}}
OUTER = {"name": "outer", "emptyDir": {}}
INNER = {"name": "inner", "emptyDir": {}}


@dataclasses.dataclass(frozen=True)
class Case:
    """A Pod that does not start, the same Pod corrected, and the message about the failure."""

    rule: str
    message: str
    bad: dict
    good: dict


def container(*mounts, **fields):
    """Return a container that sleeps; each mount is a volume, a path and more fields."""
    volume_mounts = [{"name": name, "mountPath": path, **more} for name, path, more in mounts]
    image = {"name": "c", "image": "busybox", "imagePullPolicy": "IfNotPresent"}
    return {**image, "command": ["sleep", "600"], "volumeMounts": volume_mounts, **fields}


def spec(volumes, *mounts, **fields):
    """Return a Pod spec with one container."""
    return {
        "terminationGracePeriodSeconds": 0,
        "containers": [container(*mounts, **fields)],
        "volumes": volumes,
    }


def memory(medium):
    """Return a Pod spec with an emptyDir on that medium."""
    empty_dir = {"medium": medium, "sizeLimit": "1Mi"}
    return spec([{"name": "v", "emptyDir": empty_dir}], ("v", "/v", {}))


def variable(name):
    """Return a Pod spec with a subPathExpr and one variable of that name."""
    env = [{"name": name, "value": "a"}]
    return spec([OUTER], ("outer", "/v", {"subPathExpr": "$(FOLDER)"}), env=env)


def limited(limit):
    """Return a Pod spec whose container writes a line to an emptyDir with a sizeLimit."""
    volumes = [{"name": "v", "emptyDir": {"sizeLimit": limit}}]
    command = ["sh", "-c", "date > /v/now; sleep 600"]
    return spec(volumes, ("v", "/v", {}), command=command)


def created_earlier(path):
    """Return a Pod spec that mounts a file by subPath, which an init container creates."""
    mounts = [("config", "/v", {}), ("outer", path, {"subPath": "in.crt"})]
    creator = container(("outer", "/out", {}), name="init", command=["touch", "/out/in.crt"])
    return {**spec([CONFIG, OUTER], *mounts), "initContainers": [creator]}


READ_ONLY = {"readOnly": True}
FILE = {"subPath": "ca.crt"}
WRONG_FILE = {"subPath": "ca.cert"}


def item(key):
    """Return a Pod spec that mounts a ConfigMap with one item."""
    config = {**CONFIG["configMap"], "items": [{"key": key, "path": "ca.crt"}]}
    return spec([{"name": "config", "configMap": config}], ("config", "/v", {}))


CASES = [
    Case("unknown-medium", "unknown storage medium", memory("memory"), memory("Memory")),
    Case("unknown-variable", "missing value for FOLDER", variable("FOLDERS"), variable("FOLDER")),
    Case(
        "invalid-mount-path",
        'to rootfs at "/"',
        spec([OUTER], ("outer", "/", {})),
        spec([OUTER], ("outer", "/v", {})),
    ),
    Case(
        "system-path-hidden",
        "executable file not found",
        spec([OUTER], ("outer", "/bin", {})),
        spec([OUTER], ("outer", "/v/bin", {})),
    ),
    Case(
        "nested-in-read-only",
        "create mountpoint for /v/in mount",
        spec([OUTER, INNER], ("outer", "/v", READ_ONLY), ("inner", "/v/in", {})),
        spec([OUTER, INNER], ("outer", "/v", {}), ("inner", "/v/in", {})),
    ),
    Case(
        "nested-in-read-only",
        "read-only file system",
        spec([OUTER], ("outer", "/v", READ_ONLY), terminationMessagePath="/v/message"),
        spec([OUTER], ("outer", "/v", {}), terminationMessagePath="/v/message"),
    ),
    Case(
        "file-in-config",
        "not a directory",
        spec([CONFIG], ("config", "/v", {}), ("config", "/v/in.crt", FILE)),
        spec([CONFIG], ("config", "/v", {}), ("config", "/w/in.crt", FILE)),
    ),
    Case(
        "file-in-config",
        "not a directory",
        created_earlier("/v/in.crt"),
        created_earlier("/w/in.crt"),
    ),
    Case("missing-key", "non-existent config key: ca.cert", item("ca.cert"), item("ca.crt")),
    Case(
        "missing-key",
        "not a directory",
        spec([CONFIG], ("config", "/etc/passwd", WRONG_FILE)),
        spec([CONFIG], ("config", "/etc/passwd", FILE)),
    ),
    Case("size-limit-too-small", 'exceeds the limit "512m"', limited("512m"), limited("512Mi")),
]
BY_NAME = {f"{case.rule}-{number}": case for number, case in enumerate(CASES)}


def pod(name, pod_spec):
    """Return a Pod with that spec."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": pod_spec}


def rules_violated(manifest):
    """Return the rules that find something in a Pod."""
    (template,) = find_templates(read(manifest))
    return {finding.rule for finding in rules.check(template)}


@pytest.fixture(scope="module")
def deployed(podshare_factory):
    """Return a `Podshare` that has created all Pods, so that they start at the same time."""
    with podshare_factory.make() as podshare:
        for name, case in BY_NAME.items():
            podshare.objects.create(pod(f"{name}-bad", case.bad), name)
            podshare.objects.create(pod(f"{name}-good", case.good), name)
        yield podshare


def live(deployed, name):
    """Return the current state of a Pod."""
    return deployed.cluster.api.get(pod_path(deployed.namespace, name))


def messages_about(deployed, name):
    """Return the Pod's events, and why its container is waiting or terminated."""
    selector = f"involvedObject.name={name}"
    events = deployed.cluster.api.get(
        f"/api/v1/namespaces/{deployed.namespace}/events", fieldSelector=selector
    )
    status = live(deployed, name)["status"]
    states = [container["state"] for container in status.get("containerStatuses", ())]
    messages = [details.get("message", "") for state in states for details in state.values()]
    messages.append(status.get("message", ""))
    return "\n".join([*(event.get("message", "") for event in events["items"]), *messages])


@pytest.mark.parametrize("name", BY_NAME)
def test_a_finding_keeps_the_pod_from_running(deployed, name):
    """The kubelet or the runtime reports why; the corrected Pod runs."""
    case = BY_NAME[name]
    messages = poll(
        lambda: messages_about(deployed, f"{name}-bad"),
        until=lambda text: case.message in text,
        deadline=Deadline(180),
    )
    phase = poll(
        lambda: live(deployed, f"{name}-good")["status"]["phase"],
        until=lambda phase: phase == "Running",
        deadline=Deadline(180),
    )

    assert case.message in messages
    assert case.rule in rules_violated(pod("bad", case.bad))
    assert phase == "Running"
    assert case.rule not in rules_violated(pod("good", case.good))


def test_a_claim_replaces_a_volume_of_the_same_name(deployed):
    """The Pod of a StatefulSet has the claim, and not the emptyDir of the same name."""
    (manifest,) = read(Path("manifests/rules/bad/claim-hides-volume.yaml")).objects
    deployed.objects.create(manifest, "a manifest")

    pods = poll(
        lambda: deployed.cluster.api.get(
            pod_path(deployed.namespace), labelSelector="app=claim-hides-volume"
        )["items"],
        until=bool,
        deadline=Deadline(180),
    )

    (volume,) = [volume for volume in pods[0]["spec"]["volumes"] if volume["name"] == "data"]
    assert volume == {
        "name": "data",
        "persistentVolumeClaim": {"claimName": "data-claim-hides-volume-0"},
    }
