"""Tests of Pod templates without their applications."""

import copy
from pathlib import Path

import pytest
import yaml

from pytest_podshare.manifests import source
from pytest_podshare.wiring import expectations, templates
from pytest_podshare.wiring.skeleton import build_skeleton
from pytest_podshare.wiring.skeleton_script import init_script
from tests.support.manifest_texts import one_container, template_of

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


def skeleton_of(text):
    """Return the skeleton of the only template of a manifest."""
    return build_skeleton(template_of(text), IMAGE)


def test_a_skeleton_keeps_the_wiring_only():
    """Everything that decides which container sees which file, and nothing else."""
    wait = ["sh", "-c", "trap 'kill $!; exit 143' TERM; while :; do sleep 3600 & wait; done"]
    wiring = template_of(DEPLOYMENT).wiring
    prepare = wiring.container("prepare")

    manifest = skeleton_of(DEPLOYMENT)

    assert (manifest.origin, manifest.others, manifest.stand_in) == ("web.yaml", (), IMAGE)
    assert manifest.subject == {
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
                            "command": ["sh", "-c", init_script(wiring, prepare)],
                            "securityContext": {"runAsUser": 65534},
                            "env": [
                                {
                                    "name": "PODSHARE_POD_UID",
                                    "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}},
                                }
                            ],
                            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        },
                        {
                            "name": "shipper",
                            "image": IMAGE,
                            "imagePullPolicy": "IfNotPresent",
                            "command": wait,
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
                            "command": wait,
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


def test_the_template_stays_unchanged():
    """The rules and the promises are about the original."""
    template = template_of(DEPLOYMENT)
    before = copy.deepcopy(template.subject)

    build_skeleton(template, IMAGE)

    assert template.subject == before == yaml.safe_load(DEPLOYMENT)


def test_a_mount_keeps_its_line():
    """A failure of a skeleton points to the manifest."""
    manifest = skeleton_of(DEPLOYMENT)

    assert manifest.find_line("app", "/data") == 61
    assert DEPLOYMENT.splitlines()[60].strip().startswith("volumeMounts: [{name: data")


@pytest.mark.parametrize("kind", ["Job", "DaemonSet"])
def test_a_job_or_daemonset_becomes_a_bare_pod(kind):
    """A Job may count a deleted Pod as a failure; a DaemonSet has a Pod on every node."""
    text = DEPLOYMENT.replace("kind: Deployment", f"kind: {kind}")

    manifest = skeleton_of(text)

    assert manifest.is_bare
    assert manifest.subject["metadata"] == {"name": "web", "labels": {"app": "web"}}


def test_the_variables_of_a_sub_path_are_kept():
    """The mount needs them; a value from a ConfigMap or Secret is replaced."""
    container = """\
env: [
  {name: BASE, value: in/$(ZONE)},
  {name: ZONE, valueFrom: {configMapKeyRef: {name: z, key: k}}},
  {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}},
  {name: OTHER, value: x}],
  envFrom: [{configMapRef: {name: s}}],
  volumeMounts: [{name: v, mountPath: /v, subPathExpr: $(BASE)/$(NAME)/$(TIER)}]"""

    (manifest,) = skeleton_of(one_container("[{name: v}]", container=container)).subject["spec"][
        "containers"
    ]

    assert manifest["env"] == [
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
def test_a_container_that_must_not_run_as_root_gets_a_user(pods, own, user):
    """The user of the original image is unknown, and the stand-in's is root."""
    text = one_container(container=f"securityContext: {own}") + f"  securityContext: {pods}\n"

    (manifest,) = skeleton_of(text).subject["spec"]["containers"]

    assert manifest.get("securityContext", {}).get("runAsUser") == user


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the rendered charts are not available")
def test_the_skeletons_of_real_charts_keep_their_containers_and_mounts():
    """Only the sources of volumes may differ."""
    promises = 0
    for path in sorted(CHARTS.glob("*.yaml")):
        for template in templates.find_templates(source.read(path)):
            wiring = build_skeleton(template, IMAGE).wiring

            assert [(c.name, c.role, c.mounts) for c in wiring.containers] == [
                (c.name, c.role, c.mounts) for c in template.wiring.containers
            ]
            assert {container.image for container in wiring.containers} == {IMAGE}
            promises += len(expectations.read_promises(template))

    assert promises > 100
