"""The rules and the real API server: what it refuses is an error, what it takes is none.

What it takes and the kubelet then refuses is in `test_rules_against_the_kubelet.py`.
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
    """A Pod of one container, with what is worth a change."""
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
    """A Pod with one mount, of which some fields are other ones."""
    return pod(mounts=[{**MOUNT, **fields}])


def made_of(**sources):
    """A Pod with one volume, of these sources."""
    return pod(volumes=[{"name": "v", **sources}])


def empty_dir(**fields):
    """A Pod with one emptyDir."""
    return made_of(emptyDir=fields)


def config_map(**fields):
    """A Pod with one ConfigMap's volume."""
    return made_of(configMap={"name": "settings", **fields})


def projected(*sources):
    """A Pod with one projected volume."""
    return made_of(projected={"sources": list(sources)})


def device(*, volumes=(CLAIM,), mounts=(), path="/dev/x", name="claim"):
    """A Pod with a block device."""
    devices = [{"name": name, "devicePath": path}]
    return pod(volumes=volumes, mounts=mounts, volumeDevices=devices)


def file_key(volume, *more):
    """A Pod with a variable from a file in a volume."""
    reference = {"volumeName": volume, "path": "env", "key": "GREETING"}
    env = [{"name": "GREETING", "valueFrom": {"fileKeyRef": reference}}]
    return pod(volumes=[EMPTY, *more], env=env)


ITEM = {"key": "k", "path": "f"}

REFUSED = {
    "mount of no volume": mounted(name="w"),
    "two volumes of one name": pod(volumes=[EMPTY, EMPTY]),
    "two mounts at one path": pod(mounts=[MOUNT, MOUNT]),
    "two volumes at one path": pod(
        volumes=[EMPTY, {"name": "w", "emptyDir": {}}], mounts=[MOUNT, {**MOUNT, "name": "w"}]
    ),
    "an empty mountPath": mounted(mountPath=""),
    "an absolute subPath": mounted(subPath="/a"),
    "a subPath that steps out": mounted(subPath="../a"),
    "a subPath that steps back": mounted(subPath="a/../b"),
    "a subPath beside a subPathExpr": mounted(subPath="a", subPathExpr="$(HOME)"),
    "an absolute subPathExpr": mounted(subPathExpr="/$(HOME)"),
    "a subPathExpr that steps out": mounted(subPathExpr="../$(HOME)"),
    "a propagation that there is not": mounted(mountPropagation="Both"),
    "Bidirectional without privileges": mounted(mountPropagation="Bidirectional"),
    "a recursiveReadOnly that there is not": mounted(readOnly=True, recursiveReadOnly="Yes"),
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
    "two sources": made_of(emptyDir={}, configMap={"name": "settings"}),
    "a ConfigMap without a name": made_of(configMap={}),
    "a Secret by name": made_of(secret={"name": "token"}),
    "a claim by name": made_of(persistentVolumeClaim={"name": "data"}),
    "a hostPath without a path": made_of(hostPath={"type": "Directory"}),
    "a hostPath that steps back": made_of(hostPath={"path": "/a/../b"}),
    "a hostPath of no type that there is": made_of(hostPath={"path": "/a", "type": "Folder"}),
    "nfs at a relative path": made_of(nfs={"server": "s", "path": "a"}),
    "csi without a driver": made_of(csi={}),
    "an image without a reference": made_of(image={"pullPolicy": "Always"}),
    "an ephemeral volume without a template": made_of(ephemeral={}),
    "a mode in decimal": config_map(defaultMode=644),
    "a negative mode": config_map(defaultMode=-1),
    "a mode as a string": config_map(defaultMode="0644"),
    "an item's mode in decimal": config_map(items=[{**ITEM, "mode": 755}]),
    "an item without a path": config_map(items=[{"key": "k"}]),
    "an item without a key": config_map(items=[{"path": "f"}]),
    "an item at an absolute path": config_map(items=[{"key": "k", "path": "/f"}]),
    "an item that steps back": config_map(items=[{"key": "k", "path": "a/../f"}]),
    "an item with a reserved name": config_map(items=[{"key": "k", "path": "..f"}]),
    "a projection of two sources at once": projected(
        {"configMap": {"name": "a"}, "secret": {"name": "b"}}
    ),
    "a projection of no name": projected({"configMap": {"items": [ITEM]}}),
    "two projections at one path": projected(
        {"configMap": {"name": "a", "items": [ITEM]}}, {"secret": {"name": "b", "items": [ITEM]}}
    ),
    "a token for a minute": projected(
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 60}}
    ),
    "a downward item of nothing": made_of(downwardAPI={"items": [{"path": "labels"}]}),
    "a negative sizeLimit": empty_dir(sizeLimit="-1Mi"),
    "a sizeLimit in MB": empty_dir(sizeLimit="10MB"),
    "a sizeLimit in mi": empty_dir(sizeLimit="10mi"),
    "a device of no volume": device(name="w"),
    "a device of no claim": device(volumes=[EMPTY], name="v"),
    "a device that is mounted": device(mounts=[{"name": "claim", "mountPath": "/data"}]),
    "a device at a mount's path": device(volumes=[CLAIM, EMPTY], mounts=[MOUNT], path="/v"),
    "a device at no path": device(path=""),
    "a device that steps back": device(path="/dev/../x"),
    "a variable from no volume": file_key("w"),
    "a variable from no emptyDir": file_key("claim", CLAIM),
}

TAKEN = {
    "a Pod with nothing wrong": pod(),
    "a relative mountPath": mounted(mountPath="data"),
    "a colon in a mountPath": mounted(mountPath="/a:b"),
    "a list as a mountPath": mounted(mountPath="/a.log,/b.log"),
    "one path, spelt in two ways": pod(mounts=[MOUNT, {**MOUNT, "mountPath": "/v/"}]),
    "nested mounts": pod(mounts=[MOUNT, {**MOUNT, "mountPath": "/v/w"}]),
    "a volume nobody mounts": pod(mounts=[]),
    "an emptyDir nobody may write to": mounted(readOnly=True),
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
    "a volume of no source": made_of(),
    "a source that is null": made_of(configMap=None),
    "one source beside a null": made_of(configMap=None, emptyDir={}),
    "a misspelt source": made_of(configmap={"name": "settings"}),
    "a ConfigMap that may be missing": config_map(optional=True, items=[ITEM]),
    "a mode in octal": config_map(defaultMode=0o644),
    "a mode in decimal that fits": config_map(defaultMode=444),
    "no mode at all": config_map(defaultMode=0),
    "an item in a folder": config_map(items=[{"key": "k", "path": "a/b"}]),
    "a hostPath with a type": made_of(hostPath={"path": "/a", "type": "DirectoryOrCreate"}),
    "a hostPath with an empty type": made_of(hostPath={"path": "/a", "type": ""}),
    "a relative hostPath": made_of(hostPath={"path": "a"}),
    "an image": made_of(image={"reference": "busybox"}),
    "an empty projection": projected(),
    "a token": projected({"serviceAccountToken": {"path": "token"}}),
    "labels": made_of(
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
    """A namespace in which nothing comes to be."""
    with podshare_factory.make() as podshare:
        yield podshare.namespace


# what an API server may not know, or drop: how a manifest has it, a sound Pod with it, what stays
GATED = {
    "volumes of images": ('"pullPolicy"', made_of(image={"reference": "i"}), '"reference"'),
    "variables from files": ('"fileKeyRef"', file_key("v"), '"fileKeyRef"'),
}


@pytest.fixture
def refused(podshare_cluster, namespace, manifest):
    """What the API server says against the Pod, which has nothing that it does not know."""

    def answer(it):
        try:
            return podshare_cluster.api.post(pod_path(namespace), it, dryRun="All")
        except ApiError as error:
            return error

    for what, (has, sound, stays) in GATED.items():
        if has in json.dumps(manifest) and stays not in json.dumps(answer(sound), default=str):
            pytest.skip(f"the cluster lacks {what}")
    answered = answer(manifest)
    return answered if isinstance(answered, ApiError) else None


def errors_of(manifest):
    """What the check says against a Pod that an API server or a kubelet would say as well."""
    try:
        (template,) = find_templates(read(manifest))
    except ManifestError as error:
        return [str(error)]
    return [each.message for each in rules.check(template) if each.severity == "error"]


@pytest.mark.parametrize("manifest", REFUSED.values(), ids=REFUSED)
def test_what_the_api_server_refuses_is_an_error(refused, manifest):
    """For a reason of volumes or mounts, and not for another."""
    assert refused is not None
    assert refused.status in (400, 422)
    assert any(word in refused.details.lower() for word in ("volume", "mount", "quantit"))
    assert errors_of(manifest) != []


@pytest.mark.parametrize("manifest", TAKEN.values(), ids=TAKEN)
def test_what_the_api_server_takes_is_no_error(refused, manifest):
    """It may be worth a warning all the same."""
    assert refused is None
    assert errors_of(manifest) == []
