"""A Pod template without its applications: its volumes, its mounts, and a program that waits.

Private images, missing Secrets and the applications' probes are left out. Everything that decides
which container sees which file stays. Init containers leave files and report what they find.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.model import ContainerSpec, Wiring
from pytest_podshare.wiring.pod_spec import CONTAINER_FIELDS
from pytest_podshare.wiring.single_pod import build_bare_pod
from pytest_podshare.wiring.skeleton_script import UID_VARIABLE, init_script, sidecar_script
from pytest_podshare.wiring.skeleton_volumes import SkeletonVolumes, build_volumes
from pytest_podshare.wiring.templates import Template
from pytest_podshare.wiring.workloads import WORKLOADS, is_workload

Entry = Mapping[str, Any]

# exits with the code of a process that SIGTERM ended: the kubelet restarts it unless the restart
# policy is Never
_WAIT = ("sh", "-c", "trap 'kill $!; exit 143' TERM; while :; do sleep 3600 & wait; done")
# the user of a container that must not run as root, if only its image named one
_NOBODY = 65534

_POD_FIELDS = ("restartPolicy", "securityContext", "shareProcessNamespace", "hostUsers")
_CONTAINER_FIELDS = (
    *("name", "volumeMounts", "securityContext", "restartPolicy"),
    *("terminationMessagePath", "terminationMessagePolicy"),
)
# kernel settings that a node must allow, and profiles that are files on a node
_NODE_FIELDS = ("sysctls", "windowsOptions")
_PROFILES = ("seccompProfile", "appArmorProfile")
# limits that evict or kill a container because of what its volumes hold
_LIMITS = ("memory", "ephemeral-storage")
_VARIABLE = re.compile(r"\$\(([^()]+)\)")
_PLACEHOLDER = "podshare"
_UID_FIELD = {"fieldRef": {"fieldPath": "metadata.uid"}}


def build_skeleton(template: Template, image: str) -> Manifest:
    """Return a manifest that deploys a template's wiring without its applications.

    Args:
        template: the template, which stays unchanged.
        image: an image with a shell, `sleep` and the other programs that assertions use.

    Returns:
        One Pod or a workload with one replica, and the objects behind its volumes: those of the
        manifest, and claims instead of those that it lacks.
    """
    volumes = build_volumes(template, image)
    pod = {
        "metadata": {"labels": dict((template.pod.get("metadata") or {}).get("labels") or {})},
        "spec": _spec(template, volumes, image),
    }
    subject = _subject(template, pod, volumes)
    originals = _list_originals(template, volumes)
    return Manifest(
        template.origin,
        subject,
        volumes.objects,
        str(template),
        stand_in=image,
        originals=originals,
    )


def pin_to_node(manifest: Manifest, node: str) -> Manifest:
    """Return a skeleton whose Pods run on a node, like others that use the same claims."""
    manifest = copy.deepcopy(manifest)
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    manifest.pod["spec"]["affinity"] = {"nodeAffinity": required}
    return manifest


def _list_originals(template: Template, volumes: SkeletonVolumes) -> tuple[dict[str, Any], ...]:
    """Return what the objects of a skeleton stand for; the Pod or the workload is the last."""
    names = {(copied["kind"], copied["metadata"]["name"]) for copied in volumes.objects}
    behind_volumes = (
        document
        for document in template.source.objects
        if (document.get("kind"), (document.get("metadata") or {}).get("name")) in names
    )
    is_built_in = is_workload(template.subject)
    subject = template.subject if is_built_in else build_bare_pod(template, template.pod)
    return (*behind_volumes, subject)


def _subject(template: Template, pod: Entry, volumes: SkeletonVolumes) -> dict[str, Any]:
    workload = WORKLOADS.get(template.kind)
    if workload is None or not workload.skeleton or template.path != workload.template:
        return build_bare_pod(template, pod)
    original = template.subject["spec"]
    spec = {
        "replicas": 1,
        "selector": original.get("selector") or {"matchLabels": pod["metadata"]["labels"]},
        "template": pod,
    }
    if template.kind == "StatefulSet":
        spec |= {"serviceName": original.get("serviceName") or template.name}
        spec |= {"volumeClaimTemplates": list(volumes.claim_templates)}
    metadata = template.subject["metadata"]
    names = {key: metadata[key] for key in ("name", "generateName") if key in metadata}
    return {"apiVersion": "apps/v1", "kind": template.kind, "metadata": names, "spec": spec}


def _spec(template: Template, volumes: SkeletonVolumes, image: str) -> dict[str, Any]:
    original = template.pod["spec"]
    spec = _copy_fields(original, _POD_FIELDS)
    if "securityContext" in spec:
        spec["securityContext"] = _security_context(spec["securityContext"])
    for field in CONTAINER_FIELDS:
        if original.get(field):
            spec[field] = [_container(entry, template.wiring, image) for entry in original[field]]
    spec["volumes"] = list(volumes.volumes)
    # the service account is the application's, and its token is not part of the wiring
    return spec | {"automountServiceAccountToken": False, "enableServiceLinks": False}


def _container(original: Entry, wiring: Wiring, image: str) -> dict[str, Any]:
    model = wiring.container(original["name"])
    container = _copy_fields(original, _CONTAINER_FIELDS)
    container |= {"image": image, "imagePullPolicy": "IfNotPresent"}
    container["command"] = _command(model, wiring)
    security = _security_context(container.get("securityContext") or {})
    if model.non_root and model.user is None:
        security["runAsUser"] = _NOBODY
    if security:
        container["securityContext"] = security
    for mount in container.get("volumeMounts") or ():
        volume = wiring.volume(mount["name"])
        if volume is not None and volume.is_read_only:
            mount["readOnly"] = True
    if limits := {name: model.limits[name] for name in _LIMITS if name in model.limits}:
        # requests default to the limits, which no node may have to spare
        container["resources"] = {"limits": limits, "requests": dict.fromkeys(limits, "0")}
    variables = _variables(original, model)
    if container["command"] != list(_WAIT):
        variables.append({"name": UID_VARIABLE, "valueFrom": copy.deepcopy(_UID_FIELD)})
    if variables:
        container["env"] = variables
    return container


def _command(container: ContainerSpec, wiring: Wiring) -> list[str]:
    """Return the command of a container: an init container ends, and the others wait."""
    if container.role == "init":
        return ["sh", "-c", init_script(wiring, container)]
    script = sidecar_script(wiring, container) if container.role == "sidecar" else ""
    *shell, wait = _WAIT
    return [*shell, f"{script}\n{wait}" if script else wait]


def _copy_fields(original: Entry, fields: Sequence[str]) -> dict[str, Any]:
    return {key: copy.deepcopy(original[key]) for key in fields if original.get(key) is not None}


def _security_context(original: Entry) -> dict[str, Any]:
    context = {key: value for key, value in original.items() if key not in _NODE_FIELDS}
    for profile in _PROFILES:
        if (context.get(profile) or {}).get("type") == "Localhost":
            del context[profile]
    return context


def _variables(original: Entry, model: ContainerSpec) -> list[dict[str, Any]]:
    """Return the variables that a subPathExpr uses, and those that these variables use."""
    declared: Sequence[Entry] = original.get("env") or ()
    needed = {name for mount in model.mounts for name in _VARIABLE.findall(mount.expression)}
    for variable in reversed(declared):
        if variable["name"] in needed:
            needed |= set(_VARIABLE.findall(str(variable.get("value") or "")))
    kept = [_variable(variable) for variable in declared if variable["name"] in needed]
    if model.env_from:
        missing = needed - {variable["name"] for variable in declared}
        kept = [*({"name": name, "value": _PLACEHOLDER} for name in sorted(missing)), *kept]
    return kept


def _variable(original: Entry) -> dict[str, Any]:
    source = original.get("valueFrom") or {}
    if source and not {"fieldRef", "resourceFieldRef"} & set(source):
        return {"name": original["name"], "value": _PLACEHOLDER}
    return copy.deepcopy(dict(original))
