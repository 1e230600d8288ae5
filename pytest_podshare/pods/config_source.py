"""The objects that the kubelet fills a volume from, and which of their entries can be changed."""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pytest_podshare import errors
from pytest_podshare.kube.client import pod_path
from pytest_podshare.pods import dropped_fields
from pytest_podshare.pods.pod import Pod

_METADATA_FIELD = re.compile(r"metadata\.(annotations|labels)(?:\['(.+)'\])?")
# the key that is added where a file has a whole map
_ADDED_KEY = "podshare.dev/update"
_NAME_ANOTHER = (
    "Name a volume with entries of a ConfigMap, a Secret, or the Pod's annotations or labels."
)


@dataclasses.dataclass(frozen=True)
class ConfigEntry:
    """An entry of a ConfigMap or Secret, or an annotation or label of the Pod, and its file.

    Args:
        kind: `ConfigMap`, `Secret`, or `Pod` for an annotation or label.
        name: the object's name.
        field: `data`, `binaryData`, `annotations` or `labels`.
        key: the entry's key; "" for all annotations or labels.
        file: the file's path in the volume.
        before: the value as the API server has it; None if there is none.
    """

    kind: str
    name: str
    field: str
    key: str
    file: str
    before: str | None = dataclasses.field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.key or f'the {self.field}'} of {self.kind} {self.name}"

    def path(self, namespace: str) -> str:
        """Return the path of the object."""
        return _object_path(namespace, self.kind, self.name)

    def read(self, live: Mapping[str, Any]) -> str | None:
        """Return the value that the object has now."""
        holder = live["metadata"] if self.kind == "Pod" else live
        value: str | None = (holder.get(self.field) or {}).get(self.key or _ADDED_KEY)
        return value

    def encode(self, value: str) -> str:
        """Return a value in the form that the API server has it."""
        is_binary = self.kind == "Secret" or self.field == "binaryData"
        return base64.b64encode(value.encode()).decode() if is_binary else value

    def patch(self, value: str | None) -> dict[str, Any]:
        """Return the merge patch that sets an encoded value; None removes the entry."""
        fields = {self.field: {self.key or _ADDED_KEY: value}}
        return {"metadata": fields} if self.kind == "Pod" else fields


class Fixed(NamedTuple):
    """What is in a volume and cannot be changed: why, and what to do about it."""

    why: str
    remedy: str

    def __str__(self) -> str:
        return self.why


@dataclasses.dataclass(frozen=True)
class ConfigSources:
    """What the kubelet fills a volume from.

    Args:
        entries: the entries that can be changed.
        fixed: the rest.
    """

    entries: tuple[ConfigEntry, ...]
    fixed: tuple[Fixed, ...]


def find_sources(pod: Pod, volume: str) -> ConfigSources:
    """Return what a volume is filled from, with at least one entry that can be changed.

    Raises:
        NoSharedVolume: the Pod has no such volume.
        UpdateImpossible: nothing in it can be changed.
        MissingRight: the account may not read an object.
    """
    volumes: list[dict[str, Any]] = pod.live.spec.get("volumes") or []
    declared = next((entry for entry in volumes if entry["name"] == volume), None)
    if declared is None:
        raise errors.NoSharedVolume(
            f"{pod} has no volume {volume!r}.", f"Name one of its volumes. {_NAME_ANOTHER}"
        )
    sources = (declared.get("projected") or {}).get("sources") or [declared]
    found = [part for source in sources for part in _read_source(pod, source)]
    entries = tuple(part for part in found if isinstance(part, ConfigEntry))
    fixed = tuple(part for part in found if isinstance(part, Fixed))
    if not entries:
        why = "; ".join(dict.fromkeys(map(str, fixed))) or "it has no content"
        raise errors.UpdateImpossible(
            f"Nothing in volume {volume!r} of {pod} can be changed: {why}.",
            fixed[0].remedy if fixed else _NAME_ANOTHER,
        )
    return ConfigSources(entries, fixed)


def _read_source(pod: Pod, source: Mapping[str, Any]) -> Iterator[ConfigEntry | Fixed]:
    for kind_of_source, value in source.items():
        if kind_of_source == "configMap":
            yield from _read_object(pod, "ConfigMap", value["name"], value)
        elif kind_of_source == "secret":
            # a projected source has the name of a Secret under `name` as well
            yield from _read_object(pod, "Secret", value.get("secretName") or value["name"], value)
        elif kind_of_source == "downwardAPI":
            live = pod.api.get(pod_path(pod.namespace, pod.name))
            for item in value.get("items") or ():
                yield _read_item(pod, item, live)
        elif kind_of_source in ("serviceAccountToken", "podCertificate", "clusterTrustBundle"):
            yield Fixed(f"only Kubernetes itself renews a {kind_of_source}", _NAME_ANOTHER)
        elif kind_of_source != "name":
            yield Fixed(f"no object is behind its {kind_of_source}", _NAME_ANOTHER)


def _read_object(
    pod: Pod, kind: str, name: str, source: Mapping[str, Any]
) -> Iterator[ConfigEntry | Fixed]:
    try:
        live = pod.api.get(_object_path(pod.namespace, kind, name))
    except errors.ApiError as error:
        if error.status != 404:
            raise
        optional = ", and is optional" if source.get("optional") else ""
        remedy = f"Add the {kind} to the manifest, so that there is something to change."
        yield Fixed(f"{kind} {name} does not exist{optional}", remedy)
        return
    if live.get("immutable"):
        remedy = (
            f"Remove immutable from the {kind}, or test a new Pod with a {kind} of another name:"
            " that is how an immutable one is replaced."
        )
        yield Fixed(f"{kind} {name} is immutable, so the API server refuses a change", remedy)
        return
    fields = {key: field for field in ("data", "binaryData") for key in live.get(field) or ()}
    items = source.get("items") or [{"key": key, "path": key} for key in fields]
    if not items:
        yield Fixed(f"{kind} {name} has no entries", f"Add an entry to the {kind}.")
    for item in items:
        field = fields.get(item["key"], "data")
        entry = ConfigEntry(kind, name, field, item["key"], item["path"])
        yield dataclasses.replace(entry, before=entry.read(live))


def _read_item(pod: Pod, item: Mapping[str, Any], live: Mapping[str, Any]) -> ConfigEntry | Fixed:
    if reference := item.get("resourceFieldRef"):
        text = f"{reference['resource']} of container {reference['containerName']}"
        return Fixed(f"{text} changes only if the Pod is resized in place", _NAME_ANOTHER)
    field_path = item["fieldRef"]["fieldPath"]
    match = _METADATA_FIELD.fullmatch(field_path)
    if match is None:
        return Fixed(f"{field_path} never changes", _NAME_ANOTHER)
    field, key = match[1], match[2] or ""
    if field == "labels" and key and (workload := _selecting_workload(pod, key)):
        return Fixed(
            f"by the label {key}, the controller of {workload} finds the Pod: it would replace it",
            "Read another label or an annotation in the volume, or all labels.",
        )
    entry = ConfigEntry("Pod", pod.name, field, key, item["path"])
    return dataclasses.replace(entry, before=entry.read(live))


def _selecting_workload(pod: Pod, label: str) -> str:
    """Return the workload that selects the Pod by a label; "" if none may do so."""
    manifest = pod.manifest
    if manifest.is_bare:
        return ""
    selector = manifest.subject["spec"].get("selector") or {}
    keys = {*(selector.get("matchLabels") or ())}
    keys |= {condition["key"] for condition in selector.get("matchExpressions") or ()}
    declared = (manifest.pod.get("metadata") or {}).get("labels") or {}
    # a label that the template does not have is one of the controller, such as pod-template-hash
    added = label not in declared and label in (pod.live.raw["metadata"].get("labels") or {})
    is_selecting = label in keys or added
    return dropped_fields.describe(manifest.subject) if is_selecting else ""


def _object_path(namespace: str, kind: str, name: str) -> str:
    if kind == "Pod":
        return pod_path(namespace, name)
    return f"/api/v1/namespaces/{namespace}/{kind.lower()}s/{name}"
