"""The ConfigMaps, Secrets and claims of one render.

A render is what is applied together: the output of helm or kustomize, a folder, or a file.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare.manifests.source import Source
from pytest_podshare.wiring import object_texts

CONFIG_MAP, SECRET, CLAIM = "ConfigMap", "Secret", "PersistentVolumeClaim"
KINDS = (CONFIG_MAP, SECRET, CLAIM)

# labels and annotations of programs that add keys: injectors, cert-manager, reflectors, generators
_ADDS_KEYS = re.compile(
    r"inject|cabundle|cert-manager\.io|reflector|replicat|reloader|secret-generator|kubed"
    r"|serving-cert|helm\.sh/hook$",
    re.IGNORECASE,
)
_TOKEN_TYPE = "kubernetes.io/service-account-token"


@dataclasses.dataclass(frozen=True)
class VolumeObject:
    """An object that a volume can refer to by its name.

    Args:
        kind: `ConfigMap`, `Secret` or `PersistentVolumeClaim`.
        name: its name.
        namespace: its namespace; "" for none.
        values: the text of each key; "" for those of a Secret and for binary data.
        has_all_keys: whether no controller or hook is known to add keys.
        access_modes: the accessModes of a claim.
        origin: the name of its manifest in messages.
    """

    kind: str
    name: str
    namespace: str
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    has_all_keys: bool = True
    access_modes: frozenset[str] = frozenset()
    origin: str = dataclasses.field(default="", compare=False)


# which the controller manager creates in every namespace
_ROOT_CA = VolumeObject(CONFIG_MAP, "kube-root-ca.crt", "", {"ca.crt": ""})


@dataclasses.dataclass(frozen=True)
class Reference:
    """The name by which a Pod refers to an object.

    Args:
        kind: the kind of the object.
        name: its name.
        namespace: the namespace of the Pod; "" for none.
        origin: the name of the Pod's manifest in messages.
    """

    kind: str
    name: str
    namespace: str = ""
    origin: str = dataclasses.field(default="", compare=False)

    def may_mean(self, thing: VolumeObject) -> bool:
        """Return whether an object is of that kind, and may be in the Pod's namespace.

        What has no namespace is created in that of the release or of the context, which may be any.
        """
        is_near = not self.namespace or thing.namespace in ("", self.namespace)
        return thing.kind == self.kind and is_near


@dataclasses.dataclass(frozen=True)
class RenderObjects:
    """The objects of one render that volumes can refer to, and the text of its manifests.

    Args:
        objects: the objects that volumes can refer to.
        texts: the manifests of the render, in which other objects may create or change these.
        all_texts: the manifests of all folders that are checked, if it is a folder.
    """

    objects: tuple[VolumeObject, ...] = ()
    texts: tuple[bytes, ...] = dataclasses.field(default=(), repr=False, compare=False)
    all_texts: tuple[bytes, ...] = dataclasses.field(default=(), repr=False, compare=False)

    def find(self, reference: Reference) -> tuple[VolumeObject, ...]:
        """Return the objects that a reference means: those of its own manifest, or else all."""
        if reference.kind == CONFIG_MAP and reference.name == _ROOT_CA.name:
            return (_ROOT_CA,)
        named = self._by_name.get((reference.kind, reference.name), ())
        found = [thing for thing in named if reference.may_mean(thing)]
        own = [thing for thing in found if thing.origin == reference.origin]
        return tuple(own or found)

    def list_names(self, reference: Reference) -> tuple[str, ...]:
        """Return the names of the objects of that kind and namespace, sorted."""
        things = (thing for thing in self.objects if reference.may_mean(thing))
        return tuple(sorted({thing.name for thing in things}))

    def is_unused(self, name: str) -> bool:
        """Return whether the manifests mention a name only where its object is created."""
        own = sum(thing.name == name for thing in self.objects)
        return object_texts.count_mentions(name, self.texts) <= own

    def may_be_created(self, reference: Reference) -> bool:
        """Return whether something other than a manifest may create what a reference means."""
        if object_texts.may_create(reference.name, self.texts):
            return True
        is_elsewhere = (reference.kind, reference.name) not in self._by_name
        return is_elsewhere and object_texts.contains(
            reference.kind, reference.name, self.all_texts
        )

    def may_be_changed(self, name: str) -> bool:
        """Return whether a program of the render may add keys to an object."""
        if name not in self._changed:
            self._changed[name] = object_texts.is_argument(name, self.texts)
        return self._changed[name]

    @functools.cached_property
    def _changed(self) -> dict[str, bool]:
        """Return the answers of `may_be_changed` so far: many Pods refer to the same objects."""
        return {}

    def select(self, references: Iterable[Reference]) -> object:
        """Return all that rules can learn here about a template with these references."""
        return tuple((reference, self._describe(reference)) for reference in references)

    def _describe(self, reference: Reference) -> object:
        if found := self.find(reference):
            return found, self.may_be_changed(reference.name)
        names = self.list_names(reference)
        unused = [name for name in names if self.is_unused(name)]
        return names, unused, self.may_be_created(reference)

    @functools.cached_property
    def _by_name(self) -> Mapping[tuple[str, str], list[VolumeObject]]:
        """Return the objects of all namespaces by their kinds and names."""
        by_name: dict[tuple[str, str], list[VolumeObject]] = {}
        for thing in self.objects:
            by_name.setdefault((thing.kind, thing.name), []).append(thing)
        return by_name


def read_objects(source: Source) -> tuple[VolumeObject, ...]:
    """Return the objects of one manifest that volumes can refer to."""
    things = (_read(source.origin, entry) for entry in source.objects if _is_read(entry))
    return tuple(thing for thing in things if thing.name)


def _is_read(entry: Mapping[str, Any]) -> bool:
    return entry.get("kind") in KINDS and entry.get("apiVersion") == "v1"


def _read(origin: str, entry: Mapping[str, Any]) -> VolumeObject:
    metadata, kind = _mapping(entry, "metadata"), entry["kind"]
    listed = _mapping(entry, "spec").get("accessModes")
    return VolumeObject(
        kind,
        str(metadata.get("name") or ""),
        str(metadata.get("namespace") or ""),
        values=_read_values(kind, entry),
        has_all_keys=_has_all_keys(metadata, entry),
        access_modes=frozenset(map(str, listed if isinstance(listed, list) else ())),
        origin=origin,
    )


def _read_values(kind: str, entry: Mapping[str, Any]) -> Mapping[str, str]:
    keys = [key for field in ("binaryData", "stringData") for key in _mapping(entry, field)]
    values = dict.fromkeys(keys, "")
    for key, value in _mapping(entry, "data").items():
        values[key] = value if kind == CONFIG_MAP and isinstance(value, str) else ""
    return values


def _has_all_keys(metadata: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    marks = (*_mapping(metadata, "labels"), *_mapping(metadata, "annotations"))
    if any(_ADDS_KEYS.search(mark) for mark in marks) or entry.get("type") == _TOKEN_TYPE:
        return False
    # an object without keys is there to be filled
    return any(_mapping(entry, field) for field in ("data", "binaryData", "stringData"))


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
