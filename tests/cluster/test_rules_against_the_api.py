"""The rules compared with a real API server: what it rejects, and only that, is an error.

What it accepts but the kubelet rejects is in `test_rules_against_the_kubelet.py`.
"""

import json

import pytest

from pytest_podshare.check import rules
from pytest_podshare.errors import ApiError, ManifestError
from pytest_podshare.kube.client import pod_path
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

EMPTY = {"name": "v", "emptyDir": {}}
CLAIM = {"name": "claim", "persistentVolumeClaim": {"claimName": "data"}}
MOUNT = {"name": "v", "mountPath": "/v"}


def pod(*, volumes=(EMPTY,), mounts=(MOUNT,), **container):
    """Return a Pod of one container, in which the tests change one thing."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {
            "containers": [
                {"name": "c", "image": "busybox", "volumeMounts": list(mounts), **container}
            ],
            "volumes": list(volumes),
        },
    }


def mounted(**fields):
    """Return a Pod with one mount that has these fields."""
    return pod(mounts=[{**MOUNT, **fields}])


def volume(**sources):
    """Return a Pod with one volume that has these sources."""
    return pod(volumes=[{"name": "v", **sources}])


def empty_dir(**fields):
    """Return a Pod with one emptyDir."""
    return volume(emptyDir=fields)


def config_map(**fields):
    """Return a Pod with one volume of a ConfigMap."""
    return volume(configMap={"name": "settings", **fields})


def projected(*sources):
    """Return a Pod with one projected volume."""
    return volume(projected={"sources": list(sources)})


def device(*, volumes=(CLAIM,), mounts=(), path="/dev/x", name="claim"):
    """Return a Pod with a block device."""
    devices = [{"name": name, "devicePath": path}]
    return pod(volumes=volumes, mounts=mounts, volumeDevices=devices)


def file_key(name, *more):
    """Return a Pod with a variable from a file in a volume."""
    reference = {"volumeName": name, "path": "env", "key": "GREETING"}
    env = [{"name": "GREETING", "valueFrom": {"fileKeyRef": reference}}]
    return pod(volumes=[EMPTY, *more], env=env)


ITEM = {"key": "k", "path": "f"}

REJECTED = {
    "mount of a volume that does not exist": mounted(name="w"),
    "two volumes with the same name": pod(volumes=[EMPTY, EMPTY]),
    "two mounts at the same path": pod(mounts=[MOUNT, MOUNT]),
    "two volumes at the same path": pod(
        volumes=[EMPTY, {"name": "w", "emptyDir": {}}], mounts=[MOUNT, {**MOUNT, "name": "w"}]
    ),
    "an empty mountPath": mounted(mountPath=""),
    "an absolute subPath": mounted(subPath="/a"),
    "a subPath that begins with ..": mounted(subPath="../a"),
    "a subPath with .. inside": mounted(subPath="a/../b"),
    "a subPath and a subPathExpr": mounted(subPath="a", subPathExpr="$(HOME)"),
    "an absolute subPathExpr": mounted(subPathExpr="/$(HOME)"),
    "a subPathExpr that begins with ..": mounted(subPathExpr="../$(HOME)"),
    "an unknown mountPropagation": mounted(mountPropagation="Both"),
    "Bidirectional without privileges": mounted(mountPropagation="Bidirectional"),
    "an unknown recursiveReadOnly": mounted(readOnly=True, recursiveReadOnly="Yes"),
    "recursiveReadOnly of a writable mount": mounted(recursiveReadOnly="Enabled"),
    "recursiveReadOnly with propagation": mounted(
        readOnly=True, recursiveReadOnly="IfPossible", mountPropagation="HostToContainer"
    ),
    "a name with capitals": pod(
        volumes=[{**EMPTY, "name": "Data"}], mounts=[{**MOUNT, "name": "Data"}]
    ),
    "a name with dots": pod(volumes=[{**EMPTY, "name": "a.b"}], mounts=[{**MOUNT, "name": "a.b"}]),
    "a name of 64 letters": pod(volumes=[{**EMPTY, "name": "a" * 64}], mounts=[]),
    "an empty name": pod(volumes=[{**EMPTY, "name": ""}], mounts=[]),
    "two sources": volume(emptyDir={}, configMap={"name": "settings"}),
    "a ConfigMap without a name": volume(configMap={}),
    "a Secret by name": volume(secret={"name": "token"}),
    "a claim by name": volume(persistentVolumeClaim={"name": "data"}),
    "a hostPath without a path": volume(hostPath={"type": "Directory"}),
    "a hostPath with .. inside": volume(hostPath={"path": "/a/../b"}),
    "a hostPath of an unknown type": volume(hostPath={"path": "/a", "type": "Folder"}),
    "nfs at a relative path": volume(nfs={"server": "s", "path": "a"}),
    "csi without a driver": volume(csi={}),
    "an image without a reference": volume(image={"pullPolicy": "Always"}),
    "an ephemeral volume without a template": volume(ephemeral={}),
    "a mode in decimal": config_map(defaultMode=644),
    "a negative mode": config_map(defaultMode=-1),
    "a mode as a string": config_map(defaultMode="0644"),
    "an item's mode in decimal": config_map(items=[{**ITEM, "mode": 755}]),
    "an item without a path": config_map(items=[{"key": "k"}]),
    "an item without a key": config_map(items=[{"path": "f"}]),
    "an item at an absolute path": config_map(items=[{"key": "k", "path": "/f"}]),
    "an item with .. inside": config_map(items=[{"key": "k", "path": "a/../f"}]),
    "an item with a reserved name": config_map(items=[{"key": "k", "path": "..f"}]),
    "a projection of two sources in one entry": projected(
        {"configMap": {"name": "a"}, "secret": {"name": "b"}}
    ),
    "a projection without a name": projected({"configMap": {"items": [ITEM]}}),
    "two projections at the same path": projected(
        {"configMap": {"name": "a", "items": [ITEM]}}, {"secret": {"name": "b", "items": [ITEM]}}
    ),
    "a token for a minute": projected(
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 60}}
    ),
    "a downward API item without a reference": volume(downwardAPI={"items": [{"path": "labels"}]}),
    "a negative sizeLimit": empty_dir(sizeLimit="-1Mi"),
    "a sizeLimit in MB": empty_dir(sizeLimit="10MB"),
    "a sizeLimit in mi": empty_dir(sizeLimit="10mi"),
    "a device of a volume that does not exist": device(name="w"),
    "a device of a volume that is not a claim": device(volumes=[EMPTY], name="v"),
    "a device that is mounted": device(mounts=[{"name": "claim", "mountPath": "/data"}]),
    "a device at a mount's path": device(volumes=[CLAIM, EMPTY], mounts=[MOUNT], path="/v"),
    "a device without a path": device(path=""),
    "a device with .. inside": device(path="/dev/../x"),
    "a variable from a volume that does not exist": file_key("w"),
    "a variable from a volume that is not an emptyDir": file_key("claim", CLAIM),
}

ACCEPTED = {
    "a Pod with nothing wrong": pod(),
    "a relative mountPath": mounted(mountPath="data"),
    "a colon in a mountPath": mounted(mountPath="/a:b"),
    "a list as a mountPath": mounted(mountPath="/a.log,/b.log"),
    "one path in two spellings": pod(mounts=[MOUNT, {**MOUNT, "mountPath": "/v/"}]),
    "nested mounts": pod(mounts=[MOUNT, {**MOUNT, "mountPath": "/v/w"}]),
    "a volume that is not mounted": pod(mounts=[]),
    "an emptyDir without a writer": mounted(readOnly=True),
    "a subPath with dots": mounted(subPath="a..b/..c"),
    "a subPath with a variable": mounted(subPath="$(HOME)"),
    "a subPathExpr of an unknown variable": mounted(subPathExpr="$(NONE)"),
    "Bidirectional with privileges": pod(
        mounts=[{**MOUNT, "mountPropagation": "Bidirectional"}],
        securityContext={"privileged": True},
    ),
    "HostToContainer": mounted(mountPropagation="HostToContainer"),
    "recursiveReadOnly": mounted(
        readOnly=True, recursiveReadOnly="Enabled", mountPropagation="None"
    ),
    "recursiveReadOnly that is disabled": mounted(recursiveReadOnly="Disabled"),
    "a misspelt field of a mount": mounted(readonly=True),
    "a volume without a source": volume(),
    "a source that is null": volume(configMap=None),
    "a source and a null source": volume(configMap=None, emptyDir={}),
    "a misspelt source": volume(configmap={"name": "settings"}),
    "a ConfigMap that may be missing": config_map(optional=True, items=[ITEM]),
    "a mode in octal": config_map(defaultMode=0o644),
    "a mode in decimal that fits": config_map(defaultMode=444),
    "no mode at all": config_map(defaultMode=0),
    "an item in a folder": config_map(items=[{"key": "k", "path": "a/b"}]),
    "a hostPath with a type": volume(hostPath={"path": "/a", "type": "DirectoryOrCreate"}),
    "a hostPath with an empty type": volume(hostPath={"path": "/a", "type": ""}),
    "a relative hostPath": volume(hostPath={"path": "a"}),
    "an image": volume(image={"reference": "busybox"}),
    "an empty projection": projected(),
    "a token": projected({"serviceAccountToken": {"path": "token"}}),
    "labels": volume(
        downwardAPI={"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}
    ),
    "memory": empty_dir(medium="Memory", sizeLimit="10Mi"),
    "a sizeLimit of a thousandth": empty_dir(sizeLimit="512m"),
    "a sizeLimit with an exponent": empty_dir(sizeLimit="1e6"),
    "a sizeLimit in E": empty_dir(sizeLimit="1E"),
    "a sizeLimit that begins with a point": empty_dir(sizeLimit=".5Gi"),
    "a sizeLimit that is a number": empty_dir(sizeLimit=1048576),
    "a sizeLimit of zero": empty_dir(sizeLimit="0"),
    "a claim as a device": device(),
    "a variable from an emptyDir": file_key("v"),
    "a termination message in a volume": pod(terminationMessagePath="/v/message"),
}


@pytest.fixture(scope="module")
def namespace(podshare_factory):
    """Return a namespace for dry runs, which create nothing."""
    with podshare_factory.make() as podshare:
        yield podshare.namespace


# what an API server may not know: a sign of it in a manifest, a valid Pod with it, and the field
# that its answer contains if it knows it
GATED = {
    "volumes of images": ('"pullPolicy"', volume(image={"reference": "i"}), '"reference"'),
    "variables from files": ('"fileKeyRef"', file_key("v"), '"fileKeyRef"'),
}


@pytest.fixture
def rejection(podshare_cluster, namespace, manifest):
    """Return the error with which the API server rejects the Pod; None if it accepts it."""

    def answer(pod):
        try:
            return podshare_cluster.api.post(pod_path(namespace), pod, dryRun="All")
        except ApiError as error:
            return error

    for feature, (sign, valid, field) in GATED.items():
        if sign in json.dumps(manifest) and field not in json.dumps(answer(valid), default=str):
            pytest.skip(f"the cluster lacks {feature}")
    result = answer(manifest)
    return result if isinstance(result, ApiError) else None


def errors_of(manifest):
    """Return the errors that the check finds in a Pod."""
    try:
        (template,) = find_templates(read(manifest))
    except ManifestError as error:
        return [str(error)]
    return [finding.message for finding in rules.check(template) if finding.severity == "error"]


@pytest.mark.parametrize("manifest", REJECTED.values(), ids=REJECTED)
def test_what_the_api_server_rejects_is_an_error(rejection, manifest):
    """The API server rejects it because of its volumes or mounts, not for another reason."""
    assert rejection is not None
    assert rejection.status in (400, 422)
    assert any(word in rejection.details.lower() for word in ("volume", "mount", "quantit"))
    assert errors_of(manifest) != []


@pytest.mark.parametrize("manifest", ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_api_server_accepts_is_not_an_error(rejection, manifest):
    """It may still be a warning."""
    assert rejection is None
    assert errors_of(manifest) == []
