"""Reads a Pod spec into the wiring model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_podshare.manifests.position import find_position
from pytest_podshare.wiring import sub_path_expression
from pytest_podshare.wiring.file_key import FileKey
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

# the fields that list containers, in the order in which the containers start
CONTAINER_FIELDS = ("initContainers", "containers")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_LOWER_KINDS = frozenset(kind.lower() for kind in LIFETIMES)
_HOOKS = ("postStart", "preStop")
# the second is what the label was called before Kubernetes 1.14
_OS_LABELS = ("kubernetes.io/os", "beta.kubernetes.io/os")
# the fields of a mount, except its name
MOUNT_FIELDS = (
    *("mountPath", "subPath", "subPathExpr"),
    *("readOnly", "recursiveReadOnly", "mountPropagation"),
)


def iter_containers(
    spec: Mapping[str, Any], *, ephemeral: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the containers of a Pod spec: init containers, containers, ephemeral ones if wanted."""
    for field in (*CONTAINER_FIELDS, *(["ephemeralContainers"] if ephemeral else ())):
        yield from spec.get(field) or ()


def get_container(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the container of that name, which the Pod spec must have."""
    return next(entry for entry in iter_containers(spec) if entry["name"] == name)


def list_mappings(entry: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """Return the mappings in a list; values of another type are left to the API server."""
    values = entry.get(field)
    if not isinstance(values, list):
        return []
    return [value for value in values if isinstance(value, dict)]


def read_wiring(spec: Mapping[str, Any], pod: Mapping[str, Any] | None = None) -> Wiring:
    """Return the wiring of a Pod spec whose types were checked, here or by the API server.

    Args:
        spec: the spec.
        pod: the Pod on the cluster, whose fields a subPathExpr may use; None for a Pod template.
    """
    security = spec.get("securityContext") or {}
    init = [
        _container(entry, _init_role(entry), spec, pod)
        for entry in spec.get("initContainers") or ()
    ]
    containers = [
        _container(entry, "container", spec, pod) for entry in spec.get("containers") or ()
    ]
    return Wiring(
        containers=(*init, *containers),
        volumes=tuple(_volume(entry) for entry in spec.get("volumes") or ()),
        fs_group=security.get("fsGroup"),
        limits=_limits(spec),
        groups=tuple(security.get("supplementalGroups") or ()),
        on_windows=runs_on_windows(spec),
    )


def runs_on_windows(spec: Mapping[str, Any]) -> bool:
    """Return whether a Pod runs on Windows: by `os`, or by a label of its nodes."""
    system, selector = spec.get("os"), spec.get("nodeSelector")
    names = [system.get("name")] if isinstance(system, dict) else []
    if isinstance(selector, dict):
        names += [selector.get(label) for label in _OS_LABELS]
    return "windows" in names


def _init_role(entry: Mapping[str, Any]) -> str:
    return "sidecar" if entry.get("restartPolicy") == "Always" else "init"


def _volume(entry: Mapping[str, Any]) -> VolumeSpec:
    # charts render absent sources as null; a volume without a source is an emptyDir
    kinds = tuple(key for key, fields in entry.items() if key != "name" and fields is not None)
    kind = next((key for key in kinds if _is_source(key, entry[key])), "emptyDir")
    fields = entry.get(kind)
    if not isinstance(fields, dict):
        fields = {}
    name = fields.get("claimName") or fields.get("secretName") or fields.get("name") or ""
    return VolumeSpec(
        name=entry["name"],
        kind=kind,
        medium=fields.get("medium") or "",
        size_limit=str(fields.get("sizeLimit") or ""),
        source=str(name),
        kinds=kinds,
        facts=fields,
        position=find_position(entry),
    )


def _is_source(key: str, fields: Any) -> bool:
    """Return whether the API server keeps a field of a volume: other fields are dropped."""
    if key in LIFETIMES:
        return True
    # one that is not in the table may be of a newer Kubernetes, unless it is misspelt
    return isinstance(fields, dict) and key.lower() not in _LOWER_KINDS


def _container(
    entry: Mapping[str, Any], role: str, spec: Mapping[str, Any], pod: Mapping[str, Any] | None
) -> ContainerSpec:
    own = entry.get("securityContext") or {}
    # the container's security context takes precedence over the Pod's, which has fewer fields
    security = {**(spec.get("securityContext") or {}), **own}
    name, env = entry["name"], list_mappings(entry, "env")
    mounts = [_mount(mount, name, env, pod) for mount in entry.get("volumeMounts") or ()]
    if runs_on_windows(spec):
        mounts = [dataclasses.replace(mount, on_windows=True) for mount in mounts]
    return ContainerSpec(
        name=name,
        role=role,
        mounts=tuple(mounts),
        image=entry.get("image") or "",
        command=(*(entry.get("command") or ()), *(entry.get("args") or ())),
        user=security.get("runAsUser"),
        group=security.get("runAsGroup"),
        non_root=bool(security.get("runAsNonRoot", False)),
        read_only_root=bool(own.get("readOnlyRootFilesystem", False)),
        limits=_limits(entry),
        probes=tuple(name for name in _PROBES if entry.get(name)),
        termination_message_path=entry.get("terminationMessagePath") or "",
        env={str(var.get("name")): str(var.get("value") or "") for var in env},
        env_from=bool(entry.get("envFrom")),
        file_keys=tuple(key for var in env if (key := _file_key(var)) is not None),
        devices=tuple(_device(device) for device in list_mappings(entry, "volumeDevices")),
        privileged=bool(own.get("privileged", False)),
        working_dir=str(entry.get("workingDir") or ""),
        exec_commands=tuple(_exec_commands(entry)),
        post_start=bool((entry.get("lifecycle") or {}).get("postStart")),
        restart_policy=str(entry.get("restartPolicy") or spec.get("restartPolicy") or "Always"),
        position=find_position(entry),
    )


def _exec_commands(entry: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    hooks = entry.get("lifecycle") or {}
    handlers = [*(hooks.get(name) for name in _HOOKS), *(entry.get(name) for name in _PROBES)]
    for handler in handlers:
        action = handler.get("exec") if isinstance(handler, dict) else None
        words = action.get("command") if isinstance(action, dict) else None
        if isinstance(words, list):
            yield tuple(map(str, words))


def _limits(entry: Mapping[str, Any]) -> dict[str, str]:
    limits = (entry.get("resources") or {}).get("limits") or {}
    return {name: str(value) for name, value in limits.items()}


def _file_key(variable: Mapping[str, Any]) -> FileKey | None:
    reference = (variable.get("valueFrom") or {}).get("fileKeyRef")
    if not isinstance(reference, dict):
        return None
    volume = str(reference.get("volumeName"))
    return FileKey(str(variable.get("name")), volume, find_position(variable))


def _device(entry: Mapping[str, Any]) -> VolumeMount:
    path = str(entry.get("devicePath") or "")
    return VolumeMount(str(entry.get("name")), path, position=find_position(entry))


def _mount(
    entry: Mapping[str, Any],
    container: str,
    env: Sequence[Mapping[str, Any]],
    pod: Mapping[str, Any] | None,
) -> VolumeMount:
    expression = entry.get("subPathExpr") or ""
    return VolumeMount(
        volume=entry["name"],
        path=entry["mountPath"],
        sub_path=entry.get("subPath") or expression,
        read_only=bool(entry.get("readOnly", False)),
        expression=expression,
        expanded=sub_path_expression.expand(expression, container, env, pod),
        propagation=entry.get("mountPropagation") or "",
        recursive_read_only=entry.get("recursiveReadOnly") or "",
        position=find_position(entry),
    )
