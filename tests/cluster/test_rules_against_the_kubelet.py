"""What the rules find, and the API server takes: the container does not start, or not for long."""

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
    """A Pod that does not start, the same Pod mended, and who says why."""

    rule: str
    said: str
    bad: dict
    good: dict


def container(*mounts, **fields):
    """A container that sleeps, with mounts given as volume, path, and further fields."""
    given = [{"name": name, "mountPath": path, **more} for name, path, more in mounts]
    image = {"name": "c", "image": "busybox", "imagePullPolicy": "IfNotPresent"}
    return {**image, "command": ["sleep", "600"], "volumeMounts": given, **fields}


def spec(volumes, *mounts, **fields):
    """A Pod's spec with one container."""
    return {
        "terminationGracePeriodSeconds": 0,
        "containers": [container(*mounts, **fields)],
        "volumes": volumes,
    }


def memory(medium):
    """A volume in memory, or in what is meant to be."""
    empty_dir = {"medium": medium, "sizeLimit": "1Mi"}
    return spec([{"name": "v", "emptyDir": empty_dir}], ("v", "/v", {}))


def variable(name):
    """A subPathExpr, and a container with one variable."""
    env = [{"name": name, "value": "a"}]
    return spec([OUTER], ("outer", "/v", {"subPathExpr": "$(FOLDER)"}), env=env)


def written(limit):
    """A volume on disk with a sizeLimit, and a container that writes a line into it."""
    volumes = [{"name": "v", "emptyDir": {"sizeLimit": limit}}]
    command = ["sh", "-c", "date > /v/now; sleep 600"]
    return spec(volumes, ("v", "/v", {}), command=command)


def made_before(path):
    """A file that an init container makes, mounted by subPath."""
    mounts = [("config", "/v", {}), ("outer", path, {"subPath": "in.crt"})]
    maker = container(("outer", "/made", {}), name="init", command=["touch", "/made/in.crt"])
    return {**spec([CONFIG, OUTER], *mounts), "initContainers": [maker]}


READ_ONLY = {"readOnly": True}
FILE = {"subPath": "ca.crt"}

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
    Case("file-in-config", "not a directory", made_before("/v/in.crt"), made_before("/w/in.crt")),
    Case("size-limit-too-small", 'exceeds the limit "512m"', written("512m"), written("512Mi")),
]
BY_NAME = {f"{case.rule}-{number}": case for number, case in enumerate(CASES)}


def pod(name, its_spec):
    """The Pod of that spec."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": its_spec}


def found(manifest):
    """The rules that find something in a Pod."""
    (template,) = find_templates(read(manifest))
    return {each.rule for each in rules.check(template)}


@pytest.fixture(scope="module")
def made(podshare_factory):
    """All the Pods, which start, or do not, at the same time."""
    with podshare_factory.make() as podshare:
        for called, case in BY_NAME.items():
            podshare._create(pod(f"{called}-bad", case.bad), called)
            podshare._create(pod(f"{called}-good", case.good), called)
        yield podshare


def live(made, name):
    """A Pod as it is now."""
    return made.cluster.api.get(pod_path(made.namespace, name))


def told(made, name):
    """All that is told of a Pod: its events, and why its container waits or has ended."""
    selector = f"involvedObject.name={name}"
    events = made.cluster.api.get(
        f"/api/v1/namespaces/{made.namespace}/events", fieldSelector=selector
    )
    status = live(made, name)["status"]
    states = [each["state"] for each in status.get("containerStatuses", ())]
    messages = [each.get("message", "") for state in states for each in state.values()]
    messages.append(status.get("message", ""))
    return "\n".join([*(each.get("message", "") for each in events["items"]), *messages])


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_found_does_not_work(made, name):
    """The kubelet or the runtime says why; the same Pod, mended, runs."""
    case = BY_NAME[name]
    said = poll(
        lambda: told(made, f"{name}-bad"),
        until=lambda text: case.said in text,
        deadline=Deadline(180),
    )
    phase = poll(
        lambda: live(made, f"{name}-good")["status"]["phase"],
        until=lambda phase: phase == "Running",
        deadline=Deadline(180),
    )

    assert case.said in said
    assert case.rule in found(pod("bad", case.bad))
    assert phase == "Running"
    assert case.rule not in found(pod("good", case.good))


def test_a_claim_takes_the_place_of_a_volume(made):
    """The Pod of a StatefulSet has the claim, and not the emptyDir of the same name."""
    (manifest,) = read(Path("manifests/rules/bad/claim-hides-volume.yaml")).objects
    made._create(manifest, "a manifest")

    pods = poll(
        lambda: made.cluster.api.get(
            pod_path(made.namespace), labelSelector="app=claim-hides-volume"
        )["items"],
        until=bool,
        deadline=Deadline(180),
    )

    (volume,) = [each for each in pods[0]["spec"]["volumes"] if each["name"] == "data"]
    assert volume == {
        "name": "data",
        "persistentVolumeClaim": {"claimName": "data-claim-hides-volume-0"},
    }
