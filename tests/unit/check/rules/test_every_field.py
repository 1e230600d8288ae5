"""Every field of a rich manifest is found if it is misspelt, or stands one level too high."""

import copy

import pytest
import yaml

from pytest_podshare.check import rules
from pytest_podshare.errors import ManifestError
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring import kubernetes_schema
from pytest_podshare.wiring.templates import find_templates

RULES = ("misplaced-field", "misspelt-field", "unknown-field", "unknown-volume-source")
TYPES = kubernetes_schema.load().types
POD_SPEC = """
    serviceAccountName: web
    terminationGracePeriodSeconds: 5
    hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]
    dnsConfig: {options: [{name: ndots, value: "2"}]}
    tolerations: [{key: a, operator: Exists, effect: NoSchedule}]
    securityContext: {fsGroup: 10, seccompProfile: {type: RuntimeDefault}}
    affinity:
      podAntiAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          - topologyKey: kubernetes.io/hostname
            labelSelector: {matchExpressions: [{key: app, operator: Exists}]}
    initContainers:
      - name: prepare
        image: busybox
        env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k, optional: true}}}]
        volumeMounts: [{name: state, mountPath: /srv/state, subPath: a}]
    containers:
      - name: app
        image: nginx
        imagePullPolicy: Always
        workingDir: /srv/state
        ports: [{containerPort: 80, protocol: TCP}]
        envFrom: [{secretRef: {name: s}}]
        lifecycle: {preStop: {exec: {command: [sleep, "1"]}}}
        resources: {limits: {cpu: 1}, requests: {memory: 1Mi}}
        securityContext: {runAsUser: 1, capabilities: {drop: [ALL]}}
        readinessProbe: {periodSeconds: 1, httpGet: {port: 80, httpHeaders: [{name: a, value: b}]}}
        volumeMounts: [{name: state, mountPath: /srv/state, readOnly: true}]
    volumes:
      - name: state
        persistentVolumeClaim: {claimName: state}
      - name: parts
        projected:
          defaultMode: 0444
          sources: [{configMap: {name: c, items: [{key: k, path: p}]}}]
"""
SPEC = yaml.safe_load(POD_SPEC)
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": SPEC}
MANIFESTS = {
    "Pod": {"apiVersion": "v1", "spec": SPEC},
    "Deployment": {
        "apiVersion": "apps/v1",
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0}},
            "template": TEMPLATE,
        },
    },
    "CronJob": {
        "apiVersion": "batch/v1",
        "spec": {
            "schedule": "0 0 * * *",
            "jobTemplate": {"spec": {"backoffLimit": 1, "template": TEMPLATE}},
        },
    },
}
# of what the wiring needs, another error is raised
REQUIRED = {"apiVersion", "kind", "metadata", "spec", "template", "jobTemplate", "containers"}


def list_fields(value, type_, path=()):
    """Yield the path of each mapping with a known type, the type, and each of its fields."""
    for field, below in value.items():
        yield path, type_, field
        inner = TYPES[type_].get(field)
        for key, entry in enumerate(below) if isinstance(below, list) else [(None, below)]:
            if inner and isinstance(entry, dict):
                step = (field,) if key is None else (field, key)
                yield from list_fields(entry, inner, (*path, *step))


def follow(value, path):
    """Return what is at a path."""
    for step in path:
        value = value[step]
    return value


def find(manifest, field):
    """Return whether a rule finds the field; `rejected` if the manifest cannot be checked."""
    try:
        templates = find_templates(read(yaml.safe_dump(manifest)))
    except ManifestError:
        return "rejected"
    messages = [
        finding.message
        for template in templates
        for finding in rules.check(template)
        if finding.rule in RULES
    ]
    return "found" if any(repr(field) in message for message in messages) else "missed"


def move_up(manifest, path, field):
    """Return the manifest with a field of the mapping at the path in the mapping above it."""
    copied = copy.deepcopy(manifest)
    upper = path[: -2 if isinstance(path[-1], int) else -1]
    follow(copied, upper)[field] = follow(copied, path).pop(field)
    return copied


def rename(manifest, path, field, name):
    """Return the manifest with another name of a field of the mapping at the path."""
    copied = copy.deepcopy(manifest)
    holder = follow(copied, path)
    holder[name] = holder.pop(field)
    return copied


def find_type_above(kind, path):
    """Return the type of the mapping above the one at the path."""
    *steps, _ = (step for step in path if isinstance(step, str))
    type_ = kind
    for step in steps:
        type_ = TYPES[type_][step]
    return type_


@pytest.mark.slow
@pytest.mark.parametrize("kind", MANIFESTS)
def test_every_field_is_found_if_it_is_wrong(kind):
    """Misspelt, and moved to the mapping above it; control: as it is, none is found."""
    manifest = {"kind": kind, "metadata": {"name": "web"}, **MANIFESTS[kind]}
    misspelt, moved = [], []
    for path, _, field in list_fields(manifest, kind):
        if not path or field in REQUIRED:
            continue
        assert find(manifest, field) == "missed"
        name = f"{field}x"
        misspelt.append((find(rename(manifest, path, field, name), name), path, field))
        if field not in TYPES[find_type_above(kind, path)]:
            moved.append((find(move_up(manifest, path, field), field), path, field))

    assert [entry for entry in misspelt + moved if entry[0] == "missed"] == []
    assert len([entry for entry in misspelt if entry[0] == "found"]) > 60
    assert len([entry for entry in moved if entry[0] == "found"]) > 50
