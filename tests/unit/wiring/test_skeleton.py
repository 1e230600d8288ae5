"""What is left of a Pod template when its applications are taken out."""

import copy
from pathlib import Path

import pytest
import yaml

from pytest_podshare.manifests import source
from pytest_podshare.wiring import expectations, templates
from pytest_podshare.wiring.single_pod import alone
from pytest_podshare.wiring.skeleton import skeleton

CHARTS = Path("../shared/charts")
IMAGE = "probe:1"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {owner: us}
spec:
  replicas: 3
  paused: true
  minReadySeconds: 30
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {vault.hashicorp.com/agent-inject: "true"}
    spec:
      serviceAccountName: web
      imagePullSecrets: [{name: pull}]
      nodeSelector: {disk: ssd}
      affinity: {nodeAffinity: {}}
      tolerations: [{operator: Exists}]
      priorityClassName: high
      schedulerName: other
      runtimeClassName: gvisor
      topologySpreadConstraints: []
      hostNetwork: true
      readinessGates: [{conditionType: lb}]
      schedulingGates: [{name: wait}]
      shareProcessNamespace: true
      terminationGracePeriodSeconds: 600
      securityContext:
        fsGroup: 2000
        runAsNonRoot: true
        sysctls: [{name: net.core.somaxconn, value: "1"}]
        seccompProfile: {type: Localhost, localhostProfile: web.json}
      initContainers:
        - name: prepare
          image: private/prepare
          command: [prepare]
          volumeMounts: [{name: data, mountPath: /data}]
        - name: shipper
          image: private/shipper
          restartPolicy: Always
          startupProbe: {exec: {command: [ready]}}
          securityContext: {runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
          volumeMounts: [{name: data, mountPath: /logs, subPath: logs, readOnly: true}]
      containers:
        - name: app
          image: private/app
          args: [serve]
          workingDir: /srv
          env: [{name: KEY, valueFrom: {secretKeyRef: {name: keys, key: k}}}]
          envFrom: [{configMapRef: {name: settings}}]
          ports: [{containerPort: 80, hostPort: 80}]
          livenessProbe: {httpGet: {port: 80}}
          lifecycle: {preStop: {exec: {command: [stop]}}}
          terminationMessagePath: /data/last
          securityContext: {readOnlyRootFilesystem: true}
          resources:
            requests: {cpu: "8", memory: 1Gi}
            limits: {cpu: "8", memory: 2Gi, nvidia.com/gpu: "1"}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes:
        - name: data
          emptyDir: {sizeLimit: 1Gi}
"""


def of(text, image=IMAGE):
    """The skeleton of the one template of a manifest."""
    (template,) = templates.templates(source.read(text, origin="web.yaml"))
    return skeleton(template, image)


def pod(volumes="[]", *, container="", more=""):
    """A Pod of one container, with volumes and further objects."""
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
        f"  containers: [{{name: c, image: i, {container}}}]\n  volumes: {volumes}\n{more}"
    )


def test_the_wiring_stays_and_the_applications_go():
    """The whole of it: what decides who sees which file, and nothing else."""
    waits = ["sh", "-c", "trap 'kill $!; exit 143' TERM; while :; do sleep 3600 & wait; done"]

    made = of(DEPLOYMENT)

    assert (made.origin, made.others, made.stand_in) == ("web.yaml", (), IMAGE)
    assert made.subject == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "shareProcessNamespace": True,
                    "securityContext": {"fsGroup": 2000, "runAsNonRoot": True},
                    "initContainers": [
                        {
                            "name": "prepare",
                            "image": IMAGE,
                            "imagePullPolicy": "IfNotPresent",
                            "command": ["sh", "-c", "exit 0"],
                            "securityContext": {"runAsUser": 65534},
                            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        },
                        {
                            "name": "shipper",
                            "image": IMAGE,
                            "imagePullPolicy": "IfNotPresent",
                            "command": waits,
                            "restartPolicy": "Always",
                            "securityContext": {
                                "runAsUser": 1000,
                                "seccompProfile": {"type": "RuntimeDefault"},
                            },
                            "volumeMounts": [
                                {
                                    "name": "data",
                                    "mountPath": "/logs",
                                    "subPath": "logs",
                                    "readOnly": True,
                                }
                            ],
                        },
                    ],
                    "containers": [
                        {
                            "name": "app",
                            "image": IMAGE,
                            "imagePullPolicy": "IfNotPresent",
                            "command": waits,
                            "terminationMessagePath": "/data/last",
                            "securityContext": {
                                "readOnlyRootFilesystem": True,
                                "runAsUser": 65534,
                            },
                            "resources": {
                                "limits": {"memory": "2Gi"},
                                "requests": {"memory": "0"},
                            },
                            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        }
                    ],
                    "volumes": [{"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}],
                },
            },
        },
    }


def test_the_template_is_not_changed():
    """It is judged, and its promises are asked, as it stands in its file."""
    (template,) = templates.templates(source.read(DEPLOYMENT))
    before = copy.deepcopy(template.subject)

    skeleton(template, IMAGE)

    assert template.subject == before == yaml.safe_load(DEPLOYMENT)


def test_a_mount_keeps_its_line():
    """A failure in a skeleton leads to the manifest as well."""
    made = of(DEPLOYMENT)

    assert made.line_of("app", "/data") == 61
    assert DEPLOYMENT.splitlines()[60].strip().startswith("volumeMounts: [{name: data")


@pytest.mark.parametrize(
    ("given", "made"),
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
def test_what_a_volume_becomes(given, made):
    """It is kept; what only the real cluster has is made of what every cluster has."""
    here = "---\nkind: {}\napiVersion: v1\nmetadata: {{name: here}}\n"
    sub_path = "subPath: x" if "/s" in given else ""
    mounts = f"volumeMounts: [{{name: v, mountPath: /v, {sub_path}}}]"
    more = here.format("ConfigMap") + here.format("Secret")
    text = pod(f"[{{name: v, {given[1:]}]", container=mounts, more=more)

    (volume,) = of(text).subject["spec"]["volumes"]

    assert volume == {"name": "v", **made}


def test_only_what_the_volumes_need_comes_along():
    """The ConfigMaps and Secrets that the manifest brings, without what ties them to others."""
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

    made = of(
        pod("[{name: v, configMap: {name: c}}, {name: w, secret: {secretName: s}}]", more=more)
    )

    assert made.others == (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "v"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}},
    )


def test_claims_are_of_the_default_class():
    """Those that the manifest brings as large as they are, and those that it does not at all."""
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

    made = of(pod(volumes, container="volumeMounts: [{name: w, mountPath: /w}]", more=more))

    assert [(each["metadata"]["name"], each["spec"]) for each in made.others] == [
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
    assert made.wiring.containers[0].mounts[0].read_only


def test_the_claim_templates_of_a_statefulset_stay():
    """Its controller makes the claims; there is one Pod."""
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

    spec = of(text).subject["spec"]

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


@pytest.mark.parametrize("kind", ["Job", "DaemonSet"])
def test_the_pod_of_a_job_or_a_daemonset_is_made_by_itself(kind):
    """A Job may count a deleted Pod as a failure; a DaemonSet has one on every node."""
    text = DEPLOYMENT.replace("kind: Deployment", f"kind: {kind}")

    made = of(text)

    assert made.is_bare
    assert made.subject["metadata"] == {"name": "web", "labels": {"app": "web"}}


def test_the_variables_of_a_subpath_stay():
    """The mount is nowhere without them; a value that is secret gets another."""
    container = """\
env: [
  {name: BASE, value: in/$(ZONE)},
  {name: ZONE, valueFrom: {configMapKeyRef: {name: z, key: k}}},
  {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}},
  {name: OTHER, value: x}],
  envFrom: [{configMapRef: {name: s}}],
  volumeMounts: [{name: v, mountPath: /v, subPathExpr: $(BASE)/$(NAME)/$(TIER)}]"""

    (made,) = of(pod("[{name: v}]", container=container)).subject["spec"]["containers"]

    assert made["env"] == [
        {"name": "TIER", "value": "podshare"},
        {"name": "BASE", "value": "in/$(ZONE)"},
        {"name": "ZONE", "value": "podshare"},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]


@pytest.mark.parametrize(
    ("pods", "own", "user"),
    [
        ("{}", "{}", None),
        ("{runAsNonRoot: true}", "{}", 65534),
        ("{}", "{runAsNonRoot: true}", 65534),
        ("{runAsNonRoot: true}", "{runAsNonRoot: false}", None),
        ("{runAsNonRoot: true, runAsUser: 7}", "{}", None),
        ("{runAsNonRoot: true}", "{runAsUser: 8}", 8),
    ],
)
def test_who_may_not_be_root_gets_a_user_where_its_image_had_one(pods, own, user):
    """The image that stands in would be root, which the kubelet refuses."""
    text = pod(container=f"securityContext: {own}") + f"  securityContext: {pods}\n"

    (made,) = of(text).subject["spec"]["containers"]

    assert made.get("securityContext", {}).get("runAsUser") == user


def test_a_template_alone_takes_along_what_makes_no_pods():
    """With its applications: the other workloads of the manifest stay away."""
    more = """\
---
{apiVersion: v1, kind: Service, metadata: {name: p}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: j}
spec: {template: {spec: {containers: [{name: c}]}}}
---
{apiVersion: example.com/v1, kind: Job, metadata: {name: theirs}}
"""
    first, second = templates.templates(source.read(pod(more=more)))

    made, other = alone(first), alone(second)

    assert made.subject is first.subject
    assert [each["metadata"]["name"] for each in made.others] == ["p", "theirs"]
    assert other.subject is second.subject
    assert [each["metadata"]["name"] for each in other.others] == ["p", "theirs"]


def test_the_pod_of_a_cronjob_is_made_at_once():
    """Nobody waits until it is time."""
    text = """\
apiVersion: batch/v1
kind: CronJob
metadata: {generateName: nightly-}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: nightly}}
        spec: {restartPolicy: Never, containers: [{name: c, image: i}]}
"""
    (template,) = templates.templates(source.read(text))

    made = alone(template)

    assert made.is_bare
    assert made.subject["metadata"] == {"labels": {"app": "nightly"}, "generateName": "nightly-"}
    assert made.subject["spec"] == template.pod["spec"]


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the rendered charts are not here")
def test_the_skeletons_of_real_charts_promise_what_the_charts_do():
    """The same containers, mounts and promises; a volume may be made of something else."""
    seen = 0
    for path in sorted(CHARTS.glob("*.yaml")):
        for template in templates.templates(source.read(path)):
            made = skeleton(template, IMAGE)
            ours, theirs = made.wiring, template.wiring

            assert [(each.name, each.role) for each in ours.containers] == [
                (each.name, each.role) for each in theirs.containers
            ]
            assert [each.mounts for each in ours.containers] == [
                each.mounts for each in theirs.containers
            ]
            assert {each.image for each in ours.containers} == {IMAGE}
            seen += len(expectations.promised(template))

    assert seen > 100
