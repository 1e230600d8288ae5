"""A Pod that Pod Security admits at the level `restricted`, and one that it does not."""

import copy

_CONTAINER = {
    "image": "busybox",
    "imagePullPolicy": "IfNotPresent",
    "command": ["sh", "-c", "echo ready; trap 'exit 0' TERM; while :; do sleep 1; done"],
    "resources": {"requests": {"cpu": "10m"}},
    "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}],
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
_MOUNTS = ("v", "settings", "credentials", "labels")

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "restricted", "labels": {"changes": "often"}},
    "spec": {
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                **_CONTAINER,
                "name": name,
                "volumeMounts": [{"name": volume, "mountPath": f"/{volume}"} for volume in _MOUNTS],
            }
            for name in ("c1", "c2")
        ],
        "volumes": [
            {"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}},
            {"name": "settings", "configMap": {"name": "settings"}},
            {"name": "credentials", "secret": {"secretName": "credentials"}},
            {
                "name": "labels",
                "downwardAPI": {
                    "items": [
                        {
                            "path": "changes",
                            "fieldRef": {"fieldPath": "metadata.labels['changes']"},
                        }
                    ]
                },
            },
        ],
    },
}
SETTINGS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings"},
    "data": {"colour": "blue"},
}
CREDENTIALS = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "credentials"},
    "stringData": {"password": "not-this-one"},
}
MANIFEST = {"apiVersion": "v1", "kind": "List", "items": [SETTINGS, CREDENTIALS, POD]}


def privileged():
    """Return the manifest with a container that may escalate its privileges."""
    manifest = copy.deepcopy(MANIFEST)
    manifest["items"][2]["spec"]["containers"][0]["securityContext"] = {}
    return manifest


def deployment(manifest):
    """Return the manifest with a Deployment that creates the Pod."""
    result = copy.deepcopy(manifest)
    pod = result["items"][2]
    labels = {"app": "restricted", **pod["metadata"]["labels"]}
    result["items"][2] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "restricted"},
        "spec": {
            "selector": {"matchLabels": {"app": "restricted"}},
            "template": {"metadata": {"labels": labels}, "spec": pod["spec"]},
        },
    }
    return result
