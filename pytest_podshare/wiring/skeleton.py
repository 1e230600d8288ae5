"""A Pod template without its applications: its volumes and mounts, and a program that waits.

Images that are private, Secrets that nobody has and probes that want an application are no part
of the wiring, and go; what decides who sees which file stays.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_podshare.wiring import single_pod, skeleton_volumes
from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.model import ContainerSpec, Wiring
from pytest_podshare.wiring.pod_spec import CONTAINER_FIELDS
from pytest_podshare.wiring.templates import Template

Entry = Mapping[str, Any]

# the exit code is that of a program which TERM has ended: no restart policy but Never minds it
_WAITS = ("sh", "-c", "trap 'kill $!; exit 143' TERM; while :; do sleep 3600 & wait; done")
_ENDS = ("sh", "-c", "exit 0")
# who runs where an image would have had to say it
_NOBODY = 65534

_POD_FIELDS = ("restartPolicy", "securityContext", "shareProcessNamespace", "hostUsers")
_CONTAINER_FIELDS = (
    *("name", "volumeMounts", "securityContext", "restartPolicy"),
    *("terminationMessagePath", "terminationMessagePolicy"),
)
# files of the node that the profiles would be read from, and kernel settings of its operator
_OF_THE_NODE = ("sysctls", "windowsOptions")
_PROFILES = ("seccompProfile", "appArmorProfile")
# an evicted or killed container tells something about its volumes; a slow one does not
_LIMITS = ("memory", "ephemeral-storage")
_VARIABLE = re.compile(r"\$\(([^()]+)\)")
_STAND_IN = "podshare"
# kinds whose one Pod a controller makes anew; the Pods of others are made by themselves
_CONTROLLED = ("Deployment", "StatefulSet", "ReplicaSet")


def skeleton(template: Template, image: str) -> Manifest:
    """What to deploy so that the template's wiring is there, and none of its applications.

    Args:
        template: the template; it is not changed.
        image: an image with a shell, `sleep` and what else an assertion uses.

    Returns:
        One Pod, or a workload of one replica, and the objects that its volumes are made from: those
        that the manifest brings, and claims in place of those that it does not.
    """
    stored = skeleton_volumes.of_template(template, image)
    pod = {
        "metadata": {"labels": dict((template.pod.get("metadata") or {}).get("labels") or {})},
        "spec": _spec(template, stored, image),
    }
    subject = _subject(template, pod, stored)
    return Manifest(template.origin, subject, stored.objects, stand_in=image)


def _subject(template: Template, pod: Entry, stored: skeleton_volumes.Storage) -> dict[str, Any]:
    if template.kind not in _CONTROLLED or template.path != "spec.template":
        return single_pod.bare(template, pod)
    own = template.subject["spec"]
    spec = {
        "replicas": 1,
        "selector": own.get("selector") or {"matchLabels": pod["metadata"]["labels"]},
        "template": pod,
    }
    if template.kind == "StatefulSet":
        spec |= {"serviceName": own.get("serviceName") or template.name}
        spec |= {"volumeClaimTemplates": list(stored.claim_templates)}
    given = template.subject["metadata"]
    metadata = {key: given[key] for key in ("name", "generateName") if key in given}
    return {"apiVersion": "apps/v1", "kind": template.kind, "metadata": metadata, "spec": spec}


def _spec(template: Template, stored: skeleton_volumes.Storage, image: str) -> dict[str, Any]:
    given = template.pod["spec"]
    spec = {key: copy.deepcopy(given[key]) for key in _POD_FIELDS if given.get(key) is not None}
    if "securityContext" in spec:
        spec["securityContext"] = _security(spec["securityContext"])
    for field in CONTAINER_FIELDS:
        if given.get(field):
            spec[field] = [
                _container(each, template.wiring, stored, image) for each in given[field]
            ]
    spec["volumes"] = list(stored.volumes)
    # the account is not the application's, and its token no part of the wiring
    return spec | {"automountServiceAccountToken": False, "enableServiceLinks": False}


def _container(
    given: Entry, wiring: Wiring, stored: skeleton_volumes.Storage, image: str
) -> dict[str, Any]:
    known = wiring.container(given["name"])
    made = {
        key: copy.deepcopy(given[key]) for key in _CONTAINER_FIELDS if given.get(key) is not None
    }
    made |= {"image": image, "imagePullPolicy": "IfNotPresent"}
    made["command"] = list(_ENDS if known.role == "init" else _WAITS)
    security = _security(made.get("securityContext") or {})
    if known.non_root and known.user is None:
        security["runAsUser"] = _NOBODY
    if security:
        made["securityContext"] = security
    for mount in made.get("volumeMounts") or ():
        if mount["name"] in stored.read_only:
            mount["readOnly"] = True
    if limits := {name: known.limits[name] for name in _LIMITS if name in known.limits}:
        # a limit without a request would be one, and need a node that has as much
        made["resources"] = {"limits": limits, "requests": dict.fromkeys(limits, "0")}
    if variables := _variables(given, known):
        made["env"] = variables
    return made


def _security(given: Entry) -> dict[str, Any]:
    kept = {key: value for key, value in given.items() if key not in _OF_THE_NODE}
    for profile in _PROFILES:
        if (kept.get(profile) or {}).get("type") == "Localhost":
            del kept[profile]
    return kept


def _variables(given: Entry, known: ContainerSpec) -> list[dict[str, Any]]:
    """The variables that a subPathExpr is made of, with what they need; no others."""
    declared: Sequence[Entry] = given.get("env") or ()
    needed = {name for each in known.mounts for name in _VARIABLE.findall(each.expression)}
    for each in reversed(declared):
        if each["name"] in needed:
            needed |= set(_VARIABLE.findall(str(each.get("value") or "")))
    kept = [_variable(each) for each in declared if each["name"] in needed]
    if known.env_from:
        missing = needed - {each["name"] for each in declared}
        kept = [*({"name": name, "value": _STAND_IN} for name in sorted(missing)), *kept]
    return kept


def _variable(given: Entry) -> dict[str, Any]:
    source = given.get("valueFrom") or {}
    if source and not {"fieldRef", "resourceFieldRef"} & set(source):
        return {"name": given["name"], "value": _STAND_IN}
    return copy.deepcopy(dict(given))
