"""The wiring of a Pod, read from its spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.manifests.position import position
from pytest_podshare.wiring.model import (
    ContainerSpec,
    FileKey,
    VolumeDevice,
    VolumeMount,
    VolumeSpec,
    Wiring,
)

# what the API server makes of a volume that names no source
DEFAULT_SOURCE = "emptyDir"
# where a Pod spec has its containers, in the order in which they start
CONTAINER_FIELDS = ("initContainers", "containers")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_MOUNT_FIELDS = frozenset(
    {"name", "mountPath", "subPath", "subPathExpr"}
    | {"readOnly", "recursiveReadOnly", "mountPropagation"}
)


def containers_of(spec: Mapping[str, Any], *, ephemeral: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the containers of a Pod spec, init containers first, ephemeral ones last if at all."""
    for field in (*CONTAINER_FIELDS, *(["ephemeralContainers"] if ephemeral else ())):
        yield from spec.get(field) or ()


def container_of(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the container of that name, which the Pod spec has."""
    return next(entry for entry in containers_of(spec) if entry["name"] == name)


def of_pod(spec: Mapping[str, Any]) -> Wiring:
    """The wiring of a Pod spec whose shape `load` has checked, or that the API server gave."""
    ours = spec.get("securityContext") or {}
    containers = [
        _container(entry, "sidecar" if entry.get("restartPolicy") == "Always" else "init", spec)
        for entry in spec.get("initContainers") or ()
    ]
    containers += [_container(entry, "container", spec) for entry in spec.get("containers") or ()]
    volumes = tuple(_volume(entry) for entry in spec.get("volumes") or ())
    groups = tuple(ours.get("supplementalGroups") or ())
    return Wiring(tuple(containers), volumes, ours.get("fsGroup"), _limits(spec), groups)


def _volume(entry: Mapping[str, Any]) -> VolumeSpec:
    # a source that is null is none, as charts render it
    kinds = tuple(key for key, facts in entry.items() if key != "name" and facts is not None)
    kind = kinds[0] if kinds else DEFAULT_SOURCE
    facts = entry.get(kind)
    if not isinstance(facts, Mapping):
        facts = {}
    named = (facts.get(key) for key in ("claimName", "secretName", "name"))
    return VolumeSpec(
        name=entry["name"],
        kind=kind,
        medium=facts.get("medium") or "",
        size_limit=str(facts.get("sizeLimit") or ""),
        source=next((str(name) for name in named if name), ""),
        kinds=kinds,
        facts=facts,
        at=position(entry),
    )


def _container(entry: Mapping[str, Any], role: str, spec: Mapping[str, Any]) -> ContainerSpec:
    """A container; what it leaves open itself, its Pod says."""
    security = {**(spec.get("securityContext") or {}), **(entry.get("securityContext") or {})}
    env = _entries(entry, "env")
    return ContainerSpec(
        name=entry["name"],
        role=role,
        mounts=tuple(_mount(mount) for mount in entry.get("volumeMounts") or ()),
        image=entry.get("image") or "",
        words=(*(entry.get("command") or ()), *(entry.get("args") or ())),
        user=security.get("runAsUser"),
        group=security.get("runAsGroup"),
        non_root=bool(security.get("runAsNonRoot", False)),
        read_only_root=bool(security.get("readOnlyRootFilesystem", False)),
        limits=_limits(entry),
        probes=tuple(name for name in _PROBES if entry.get(name)),
        termination_message_path=entry.get("terminationMessagePath") or "",
        env={str(each.get("name")): str(each.get("value") or "") for each in env},
        env_from=bool(entry.get("envFrom")),
        file_keys=tuple(key for each in env if (key := _file_key(each)) is not None),
        devices=tuple(
            VolumeDevice(str(each.get("name")), str(each.get("devicePath") or ""), position(each))
            for each in _entries(entry, "volumeDevices")
        ),
        privileged=bool(security.get("privileged", False)),
        post_start=bool((entry.get("lifecycle") or {}).get("postStart")),
        restart_policy=str(entry.get("restartPolicy") or spec.get("restartPolicy") or "Always"),
        at=position(entry),
    )


def _entries(entry: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """A list of dicts; what is none is left to the API server to refuse."""
    return [each for each in entry.get(field) or () if isinstance(each, Mapping)]


def _limits(entry: Mapping[str, Any]) -> dict[str, str]:
    limits = (entry.get("resources") or {}).get("limits") or {}
    return {name: str(value) for name, value in limits.items()}


def _file_key(entry: Mapping[str, Any]) -> FileKey | None:
    reference = (entry.get("valueFrom") or {}).get("fileKeyRef")
    if not isinstance(reference, Mapping):
        return None
    return FileKey(str(entry.get("name")), str(reference.get("volumeName")), position(entry))


def _mount(entry: Mapping[str, Any]) -> VolumeMount:
    return VolumeMount(
        volume=entry["name"],
        path=entry["mountPath"],
        # an expression is known only when the container runs: its text stands for itself
        sub_path=entry.get("subPath") or entry.get("subPathExpr") or "",
        read_only=bool(entry.get("readOnly", False)),
        expression=entry.get("subPathExpr") or "",
        propagation=entry.get("mountPropagation") or "",
        recursive_read_only=entry.get("recursiveReadOnly") or "",
        unknown=tuple(key for key in entry if key not in _MOUNT_FIELDS),
        at=position(entry),
    )
