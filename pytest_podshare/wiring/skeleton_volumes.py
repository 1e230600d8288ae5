"""The volumes of a skeleton, with stand-ins for storage that only the real cluster has."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pytest_podshare.wiring.model import VolumeSpec
from pytest_podshare.wiring.templates import Template

Entry = Mapping[str, Any]

_UNCHANGED = ("emptyDir", "downwardAPI", "persistentVolumeClaim")
# hostPath types that fail unless the path exists → types that create it
_CREATING_TYPES = {"Directory": "DirectoryOrCreate", "File": "FileOrCreate"}
_CONFIG_FIELDS = ("data", "binaryData", "stringData")
# a claim that every storage class can satisfy
_CLAIM_SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}


@dataclasses.dataclass(frozen=True)
class SkeletonVolumes:
    """The volumes of a skeleton.

    Args:
        volumes: the Pod's volumes.
        objects: the ConfigMaps, Secrets and claims behind them.
        claim_templates: the volumeClaimTemplates of a StatefulSet.
    """

    volumes: tuple[dict[str, Any], ...]
    objects: tuple[dict[str, Any], ...]
    claim_templates: tuple[dict[str, Any], ...]


def build_volumes(template: Template, image: str) -> SkeletonVolumes:
    """Return the volumes of a template's skeleton.

    Args:
        template: the template, which stays unchanged.
        image: the image that replaces the image of an image volume.
    """
    objects = {
        (str(document.get("kind")), str((document.get("metadata") or {}).get("name"))): document
        for document in template.source.objects
    }
    with_sub_paths = {mount.volume for _, mount in template.wiring.mounts() if mount.sub_path}
    models = {volume.name: volume for volume in template.wiring.volumes}
    volumes = tuple(
        _volume(models[name], objects.keys(), image, has_sub_paths=name in with_sub_paths)
        for name in (volume.name for volume in template.declared.volumes)
    )
    references = dict.fromkeys(name for volume in volumes for name in _references(volume))
    workload = template.subject.get("spec") or {}
    return SkeletonVolumes(
        volumes=volumes,
        objects=tuple(
            _object(kind, name, objects.get((kind, name)))
            for kind, name in references
            if (kind, name) in objects or kind == "PersistentVolumeClaim"
        ),
        claim_templates=tuple(
            _claim(claim["metadata"]["name"], claim)
            for claim in workload.get("volumeClaimTemplates") or ()
        ),
    )


def _volume(
    volume: VolumeSpec, objects: Collection[tuple[str, str]], image: str, *, has_sub_paths: bool
) -> dict[str, Any]:
    kind, fields = volume.kind, copy.deepcopy(dict(volume.facts))
    source: dict[str, Any]
    if kind in ("configMap", "secret", "projected"):
        source = {kind: _make_optional(kind, fields, objects)}
    elif kind == "hostPath":
        # a directory must exist before a subPath of it can
        path_type = fields.get("type") or ("Directory" if has_sub_paths else "")
        if path_type in _CREATING_TYPES:
            fields["type"] = _CREATING_TYPES[path_type]
        source = {kind: fields}
    elif kind == "ephemeral":
        template = fields.get("volumeClaimTemplate") or {}
        source = {kind: {"volumeClaimTemplate": {"spec": _claim("", template)["spec"]}}}
    elif kind == "image":
        source = {kind: {"reference": image, "pullPolicy": "IfNotPresent"}}
    elif kind in _UNCHANGED:
        source = {kind: fields}
    elif volume.outlives_pod:
        source = {"persistentVolumeClaim": {"claimName": f"podshare-{volume.name}"}}
    else:
        source = {"emptyDir": {}}
    return {"name": volume.name, **source}


def _make_optional(
    kind: str, fields: dict[str, Any], objects: Collection[tuple[str, str]]
) -> dict[str, Any]:
    """Mark sources as optional that the manifest does not contain."""
    if kind == "projected":
        fields["sources"] = [
            {key: _make_optional(key, dict(value), objects) for key, value in source.items()}
            for source in fields.get("sources") or ()
            if "podCertificate" not in source
        ]
    elif kind in ("configMap", "secret", "clusterTrustBundle"):
        name = fields.get("secretName") or fields.get("name")
        if (kind[0].upper() + kind[1:], name) not in objects:
            fields["optional"] = True
    return fields


def _references(volume: Entry) -> Iterator[tuple[str, str]]:
    """Yield the kind and name of each object behind a volume."""
    sources = (volume.get("projected") or {}).get("sources") or ()
    for source in (volume, *sources):
        for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            fields = source.get(field) or {}
            if name := fields.get("secretName") or fields.get("name"):
                yield kind, str(name)
    if claim := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
        yield "PersistentVolumeClaim", str(claim)


def _object(kind: str, name: str, original: Entry | None) -> dict[str, Any]:
    original = original or {}
    if kind == "PersistentVolumeClaim":
        return {"apiVersion": "v1", "kind": kind, **_claim(name, original)}
    # a Secret without its type needs no service account and no annotations
    content = {key: copy.deepcopy(original[key]) for key in _CONFIG_FIELDS if key in original}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **content}


def _claim(name: str, original: Entry) -> dict[str, Any]:
    """Return a claim of the default class for one node, with the same size as the original."""
    requests = ((original.get("spec") or {}).get("resources") or {}).get("requests") or {}
    spec = copy.deepcopy(_CLAIM_SPEC)
    if "storage" in requests:
        spec["resources"] = {"requests": {"storage": requests["storage"]}}
    return {"metadata": {"name": name}, "spec": spec}
