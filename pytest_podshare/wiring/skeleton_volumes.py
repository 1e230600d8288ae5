"""Where the volumes of a skeleton come from: what a manifest brings, and stand-ins for the rest."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.wiring.model import VolumeSpec
from pytest_podshare.wiring.templates import Template

Entry = Mapping[str, Any]

_KEPT = ("emptyDir", "downwardAPI", "persistentVolumeClaim")
# a folder or a file of somebody else's node is made where it is missing
_MADE = {"Directory": "DirectoryOrCreate", "File": "FileOrCreate"}
_CONFIG_FIELDS = ("data", "binaryData", "stringData")
# what every storage class can give
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}


@dataclasses.dataclass(frozen=True)
class Storage:
    """The volumes of a skeleton.

    Args:
        volumes: the Pod's volumes.
        objects: the ConfigMaps, Secrets and claims that they are made from.
        claim_templates: the volumeClaimTemplates of a StatefulSet.
        read_only: the volumes that say of themselves that they are read-only.
    """

    volumes: tuple[dict[str, Any], ...]
    objects: tuple[dict[str, Any], ...]
    claim_templates: tuple[dict[str, Any], ...]
    read_only: frozenset[str]


def of_template(template: Template, image: str) -> Storage:
    """The volumes of a template's skeleton.

    Args:
        template: the template; it is not changed.
        image: what stands in for the image of an image volume.
    """
    brought = {
        (str(each.get("kind")), str((each.get("metadata") or {}).get("name"))): each
        for each in template.source.objects
    }
    split = {mount.volume for _, mount in template.wiring.mounts() if mount.sub_path}
    facts = {each.name: _folder(each, each.name in split) for each in template.wiring.volumes}
    given = template.pod["spec"].get("volumes") or ()
    volumes = tuple(_volume(each, facts[each["name"]], set(brought), image) for each in given)
    wanted = dict.fromkeys(name for each in volumes for name in _needs(each))
    own = template.subject.get("spec") or {}
    return Storage(
        volumes=volumes,
        objects=tuple(
            _object(kind, name, brought.get((kind, name)))
            for kind, name in wanted
            if (kind, name) in brought or kind == "PersistentVolumeClaim"
        ),
        claim_templates=tuple(
            _claim(each["metadata"]["name"], each) for each in own.get("volumeClaimTemplates") or ()
        ),
        read_only=frozenset(each.name for each in facts.values() if each.is_read_only),
    )


def _folder(volume: VolumeSpec, is_split: bool) -> VolumeSpec:
    """The volume; a hostPath that has subPaths has to be there before its Pod is."""
    if volume.kind != "hostPath" or volume.facts.get("type") or not is_split:
        return volume
    return dataclasses.replace(volume, facts={**volume.facts, "type": "Directory"})


def _volume(
    given: Entry, volume: VolumeSpec, brought: set[tuple[str, str]], image: str
) -> dict[str, Any]:
    kind, facts = volume.kind, copy.deepcopy(dict(volume.facts))
    made: dict[str, Any]
    if kind in ("configMap", "secret", "projected"):
        made = {kind: _configured(kind, facts, brought)}
    elif kind == "hostPath":
        made = {
            kind: facts | ({"type": _MADE[facts["type"]]} if facts.get("type") in _MADE else {})
        }
    elif kind == "ephemeral":
        template = facts.get("volumeClaimTemplate") or {}
        made = {kind: {"volumeClaimTemplate": {"spec": _claim("", template)["spec"]}}}
    elif kind == "image":
        made = {kind: {"reference": image, "pullPolicy": "IfNotPresent"}}
    elif kind in _KEPT:
        made = {kind: facts}
    elif volume.outlives_pod:
        # what only the real cluster has: it stays when the Pod goes
        made = {"persistentVolumeClaim": {"claimName": f"podshare-{volume.name}"}}
    else:
        made = {"emptyDir": {}}
    return {"name": given["name"], **made}


def _configured(kind: str, facts: dict[str, Any], brought: set[tuple[str, str]]) -> dict[str, Any]:
    """A volume of what may not be there; that it is there is asked of the manifest alone."""
    if kind == "projected":
        sources = facts.get("sources") or ()
        facts["sources"] = [
            {each: _configured(each, dict(value), brought) for each, value in source.items()}
            for source in sources
            if "podCertificate" not in source
        ]
    elif kind in ("configMap", "secret", "clusterTrustBundle"):
        name = facts.get("secretName") or facts.get("name")
        if (kind[0].upper() + kind[1:], name) not in brought:
            facts["optional"] = True
    return facts


def _needs(volume: Entry) -> Iterator[tuple[str, str]]:
    """The objects that a volume is made from, by kind and name."""
    sources = (volume.get("projected") or {}).get("sources") or ()
    for source in (volume, *sources):
        for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            facts = source.get(field) or {}
            if name := facts.get("secretName") or facts.get("name"):
                yield kind, str(name)
    if claim := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
        yield "PersistentVolumeClaim", str(claim)


def _object(kind: str, name: str, given: Entry | None) -> dict[str, Any]:
    if kind == "PersistentVolumeClaim":
        return {"apiVersion": "v1", "kind": kind, **_claim(name, given or {})}
    # without its type a Secret is only its content: no account, no annotation has to be there
    kept = {
        key: copy.deepcopy(value) for key, value in (given or {}).items() if key in _CONFIG_FIELDS
    }
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **kept}


def _claim(name: str, given: Entry) -> dict[str, Any]:
    """A claim of the default class, as large as the given one, that one node may use."""
    requests = ((given.get("spec") or {}).get("resources") or {}).get("requests") or {}
    spec = copy.deepcopy(_CLAIM)
    if "storage" in requests:
        spec["resources"] = {"requests": {"storage": requests["storage"]}}
    return {"metadata": {"name": name}, "spec": spec}
