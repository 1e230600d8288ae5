"""Tests of the volumes of a skeleton."""

import pytest

from pytest_podshare.wiring.skeleton import build_skeleton
from tests.support.manifest_texts import one_container, template_of

IMAGE = "probe:1"


def skeleton_of(text):
    """Return the skeleton of the only template of a manifest."""
    return build_skeleton(template_of(text), IMAGE)


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("{emptyDir: {medium: Memory}}", {"emptyDir": {"medium": "Memory"}}),
        ("{}", {"emptyDir": {}}),
        ("{downwardAPI: {items: []}}", {"downwardAPI": {"items": []}}),
        (
            "{configMap: {name: gone, defaultMode: 256}}",
            {"configMap": {"name": "gone", "defaultMode": 256, "optional": True}},
        ),
        ("{configMap: {name: here}}", {"configMap": {"name": "here"}}),
        ("{secret: {secretName: gone}}", {"secret": {"secretName": "gone", "optional": True}}),
        ("{secret: {secretName: here}}", {"secret": {"secretName": "here"}}),
        (
            "{projected: {sources: [{secret: {name: here}}, {configMap: {name: gone}},"
            " {serviceAccountToken: {path: t}}, {podCertificate: {keyType: x}}]}}",
            {
                "projected": {
                    "sources": [
                        {"secret": {"name": "here"}},
                        {"configMap": {"name": "gone", "optional": True}},
                        {"serviceAccountToken": {"path": "t"}},
                    ]
                }
            },
        ),
        ("{hostPath: {path: /d}}", {"hostPath": {"path": "/d"}}),
        (
            "{hostPath: {path: /d, type: Directory}}",
            {"hostPath": {"path": "/d", "type": "DirectoryOrCreate"}},
        ),
        (
            "{hostPath: {path: /s}}",
            {"hostPath": {"path": "/s", "type": "DirectoryOrCreate"}},
        ),
        (
            "{image: {reference: private/data:1, pullPolicy: Always}}",
            {"image": {"reference": IMAGE, "pullPolicy": "IfNotPresent"}},
        ),
        ("{csi: {driver: secrets-store}}", {"emptyDir": {}}),
        (
            "{nfs: {server: s, path: /d}}",
            {"persistentVolumeClaim": {"claimName": "podshare-v"}},
        ),
        (
            "{ephemeral: {volumeClaimTemplate: {spec: {storageClassName: fast,"
            " accessModes: [ReadWriteMany], resources: {requests: {storage: 2Gi}}}}}}",
            {
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "2Gi"}},
                        }
                    }
                }
            },
        ),
    ],
)
def test_a_volume_is_kept_or_replaced(volume, expected):
    """Storage that only the real cluster has is replaced by storage that every cluster has."""
    document = "---\nkind: {}\napiVersion: v1\nmetadata: {{name: here}}\n"
    sub_path = "subPath: x" if "/s" in volume else ""
    mounts = f"volumeMounts: [{{name: v, mountPath: /v, {sub_path}}}]"
    more = document.format("ConfigMap") + document.format("Secret")
    text = one_container(f"[{{name: v, {volume[1:]}]", container=mounts, more=more)

    (replaced,) = skeleton_of(text).subject["spec"]["volumes"]

    assert replaced == {"name": "v", **expected}


def test_only_the_objects_behind_the_volumes_are_kept():
    """ConfigMaps and Secrets of the manifest, without what ties them to other objects."""
    more = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, labels: {a: b}}
data: {k: v}
immutable: true
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {k: v}}
---
apiVersion: v1
kind: Secret
metadata: {name: s, annotations: {kubernetes.io/service-account.name: robot}}
type: kubernetes.io/service-account-token
stringData: {k: v}
---
{apiVersion: v1, kind: Service, metadata: {name: p}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: p}}
"""

    manifest = skeleton_of(
        one_container(
            "[{name: v, configMap: {name: c}}, {name: w, secret: {secretName: s}}]", more=more
        )
    )

    assert manifest.others == (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "v"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}},
    )


def test_claims_have_the_default_storage_class():
    """Claims of the manifest keep their size, and missing claims are added."""
    more = """\
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mine, annotations: {helm.sh/resource-policy: keep}}
spec:
  storageClassName: fast
  volumeName: disk-1
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 8Gi}}
"""
    volumes = "[{name: v, persistentVolumeClaim: {claimName: mine}}, \
{name: w, persistentVolumeClaim: {claimName: theirs, readOnly: true}}]"

    manifest = skeleton_of(
        one_container(volumes, container="volumeMounts: [{name: w, mountPath: /w}]", more=more)
    )

    assert [(claim["metadata"]["name"], claim["spec"]) for claim in manifest.others] == [
        (
            "mine",
            {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "8Gi"}},
            },
        ),
        (
            "theirs",
            {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "16Mi"}},
            },
        ),
    ]
    assert manifest.wiring.containers[0].mounts[0].read_only


def test_a_statefulset_keeps_its_claim_templates():
    """Its controller creates the claims of its only Pod."""
    text = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db-headless
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {storageClassName: fast, resources: {requests: {storage: 1Gi}}}
"""

    spec = skeleton_of(text).subject["spec"]

    assert (spec["replicas"], spec["serviceName"]) == (1, "db-headless")
    assert spec["volumeClaimTemplates"] == [
        {
            "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
    ]
