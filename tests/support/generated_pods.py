"""Pods of a writer and a reader in which every two values of two factors occur together.

A factor is a field of the manifest that decides who sees which file. The sets are pairwise: for any
two factors, each value of one occurs with each value of the other in at least one Pod.
"""

from __future__ import annotations

import random

from allpairspy import AllPairs

from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

NAME = "generated"
# a folder on the node; each Pod has its own folder in it
HOST_FOLDER = "/tmp/podshare-matrix"
WRITER, READER = "/w", "/r"
STAY = "trap 'exit 143' TERM; while :; do sleep 1 & wait $!; done"
KEY = "key"
FOLDER = {"name": "FOLDER", "value": "in"}
_BUSYBOX = {"image": "busybox", "imagePullPolicy": "IfNotPresent"}

_ITEMS = [{"key": KEY, "path": KEY}]
_LABELS = {"path": KEY, "fieldRef": {"fieldPath": "metadata.labels['app']"}}
_CONFIG, _SECRET = {"name": NAME}, {"secretName": NAME}
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}

VOLUMES = {
    "emptyDir": {"emptyDir": {}},
    "emptyDir in memory": {"emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}},
    "hostPath": {"hostPath": {"path": HOST_FOLDER, "type": "DirectoryOrCreate"}},
    "claim": {"persistentVolumeClaim": {"claimName": NAME}},
    "ephemeral": {"ephemeral": {"volumeClaimTemplate": {"spec": _CLAIM}}},
    "configMap": {"configMap": _CONFIG},
    "configMap with items": {"configMap": {**_CONFIG, "items": [{**_ITEMS[0], "mode": 0o440}]}},
    "secret": {"secret": _SECRET},
    "secret, mode 0400": {"secret": {**_SECRET, "defaultMode": 0o400}},
    "downwardAPI": {"downwardAPI": {"items": [_LABELS]}},
    "projected": {"projected": {"sources": [{"configMap": {**_CONFIG, "items": _ITEMS}}]}},
    "projected, mode 0400": {
        "projected": {"sources": [{"secret": {"name": NAME}}], "defaultMode": 0o400}
    },
}
_SUB_PATHS = {"none": {}, "subPath": {"subPath": "in"}, "subPathExpr": {"subPathExpr": "$(FOLDER)"}}
_PROPAGATION = {
    "writable": {},
    "HostToContainer": {"mountPropagation": "HostToContainer"},
    "Bidirectional": {"mountPropagation": "Bidirectional"},
}
FACTORS = {
    "volume": VOLUMES,
    "writer's path in it": _SUB_PATHS,
    "reader's path in it": {**_SUB_PATHS, "another subPath": {"subPath": "other"}},
    "writer's mount": _PROPAGATION,
    "reader's mount": {
        **_PROPAGATION,
        "readOnly": {"readOnly": True},
        "readOnly, HostToContainer": {"readOnly": True, **_PROPAGATION["HostToContainer"]},
        "recursiveReadOnly": {"readOnly": True, "recursiveReadOnly": "IfPossible"},
    },
    "writer's user": {"root": {}, "1000": {"runAsUser": 1000}},
    "reader's user": {"root": {}, "1000": {"runAsUser": 1000}, "2000": {"runAsUser": 2000}},
    "fsGroup": {"none": {}, "3000": {"fsGroup": 3000}},
    "writer's role": {"container": {}, "init": {}, "sidecar": {"restartPolicy": "Always"}},
    "reader's role": {"container": {}, "init": {}, "sidecar": {"restartPolicy": "Always"}},
    "restartPolicy": {"Always": {}, "OnFailure": {}, "Never": {}},
}


def pairwise(seed):
    """Return a pairwise set of choices: factor → name of a value; each seed has another set."""
    values = [list(factor) for factor in FACTORS.values()]
    shuffle = random.Random(seed).shuffle
    for factor in values:
        shuffle(factor)
    return [dict(zip(FACTORS, row, strict=True)) for row in AllPairs(values)]


def describe(choice):
    """Return the values of a Pod, for a message."""
    return ", ".join(f"{factor} {value}" for factor, value in choice.items())


def build(choice, name, node):
    """Return the objects of a Pod with these values, on a node; the commands are the test's own."""
    init, containers = [], []
    for container in (_container("writer", WRITER, choice), _container("reader", READER, choice)):
        is_main = choice[f"{container['name']}'s role"] == "container"
        (containers if is_main else init).append(container)
    if not containers:
        containers.append({**_BUSYBOX, "name": "main", "command": ["sh", "-c", STAY]})
    spec = {
        "nodeSelector": {"kubernetes.io/hostname": node},
        "restartPolicy": choice["restartPolicy"],
        "terminationGracePeriodSeconds": 1,
        "securityContext": dict(FACTORS["fsGroup"][choice["fsGroup"]]),
        "initContainers": init,
        "containers": containers,
        "volumes": [{"name": "v", **_rename(VOLUMES[choice["volume"]], name)}],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": NAME}}}
    return [*_storage(choice, name), {**pod, "spec": spec}]


def template_of(objects):
    """Return the Pod template of these objects."""
    (template,) = find_templates(read({"apiVersion": "v1", "kind": "List", "items": objects}))
    return template


def sub_path_of(choice, name):
    """Return the folder of the volume that a container mounts; "" for the whole volume."""
    value = choice[f"{name}'s path in it"]
    return {"none": "", "another subPath": "other"}.get(value, "in")


def probe_script(name, path, *, whole):
    """Return a script that writes files in a folder, and prints what it reads there.

    It prints `wrote` and the container's name, and a line `read FILE CONTENT` for each file that it
    can read, even if its content is empty.

    Args:
        name: the container.
        path: the path of its mount.
        whole: whether it mounts the whole volume, of which others may mount the folders.
    """
    folders = ". in other" if whole else "."
    return (
        # the kubelet creates the folder of a subPath with the mode of the folder above
        f"cd {path} || exit 0; mode=$(stat -c %a .); for folder in {folders}; do "
        "[ -d $folder ] || mkdir -m $mode $folder; "
        f"echo {name} > $folder/from-{name} && echo wrote {name}; done; "
        f"for file in from-* */from-* {KEY}; do "
        "content=$(cat $file) && echo read $file $content; done; true"
    )


def _container(name, path, choice):
    role = choice[f"{name}'s role"]
    mount = {"name": "v", "mountPath": path}
    mount |= FACTORS[f"{name}'s path in it"][choice[f"{name}'s path in it"]]
    mount |= FACTORS[f"{name}'s mount"][choice[f"{name}'s mount"]]
    security = dict(FACTORS[f"{name}'s user"][choice[f"{name}'s user"]])
    if mount.get("mountPropagation") == "Bidirectional":
        security["privileged"] = True
    whole = not sub_path_of(choice, name)
    script = f"({probe_script(name, path, whole=whole)}) 2>&1; touch /tmp/done"
    container = {
        "name": name,
        **_BUSYBOX,
        "command": ["sh", "-c", script if role == "init" else f"{script}; {STAY}"],
        "env": [FOLDER],
        "securityContext": security,
        "volumeMounts": [mount],
        **FACTORS[f"{name}'s role"][role],
    }
    if role != "init":
        # the next container starts when this one has written
        probe = {
            "exec": {"command": ["test", "-e", "/tmp/done"]},
            "periodSeconds": 1,
            "failureThreshold": 60,
        }
        container["startupProbe"] = probe
    return container


def _rename(source, name):
    """Return a volume's source with what only this Pod uses: a folder, or an object's name."""
    if isinstance(source, dict):
        return {key: _rename(value, name) for key, value in source.items()}
    if isinstance(source, list):
        return [_rename(value, name) for value in source]
    return {NAME: name, HOST_FOLDER: f"{HOST_FOLDER}/{name}"}.get(source, source)


def _storage(choice, name):
    """Return the object behind the volume, in a list; an empty list if there is none."""
    head = {"apiVersion": "v1", "metadata": {"name": name}}
    if choice["volume"] == "claim":
        return [{**head, "kind": "PersistentVolumeClaim", "spec": _CLAIM}]
    if choice["volume"] in ("secret", "secret, mode 0400", "projected, mode 0400"):
        return [{**head, "kind": "Secret", "stringData": {KEY: "value"}}]
    if choice["volume"] in ("configMap", "configMap with items", "projected"):
        return [{**head, "kind": "ConfigMap", "data": {KEY: "value"}}]
    return []
