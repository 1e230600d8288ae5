"""The files that the kubelet writes into a volume, as far as the render shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.manifests.position import Position, find_position
from pytest_podshare.wiring.model import VolumeSpec
from pytest_podshare.wiring.pod_spec import list_mappings
from pytest_podshare.wiring.render_objects import (
    CLAIM,
    CONFIG_MAP,
    SECRET,
    Reference,
    VolumeObject,
)
from pytest_podshare.wiring.templates import Template

_KINDS = {"configMap": CONFIG_MAP, "secret": SECRET}


@dataclasses.dataclass(frozen=True)
class KubeletSource:
    """A source from which the kubelet fills a volume.

    Args:
        kind: the field of the source: `configMap`, `secret`, `downwardAPI`, …
        name: the name of its ConfigMap or Secret; "" for other kinds.
        facts: its fields as written.
    """

    kind: str
    name: str
    facts: Mapping[str, Any]

    @property
    def object_kind(self) -> str:
        """Return the kind of its object; "" for none."""
        return _KINDS.get(self.kind, "")

    @property
    def is_optional(self) -> bool:
        """Return whether a missing object, or a missing key, is accepted."""
        return self.facts.get("optional") is True

    @property
    def items(self) -> list[Mapping[str, Any]]:
        """Return its items."""
        return list_mappings(self.facts, "items")

    def __str__(self) -> str:
        """Return `ConfigMap 'web'`."""
        return f"{self.object_kind} {self.name!r}" if self.object_kind else f"the {self.kind}"


@dataclasses.dataclass(frozen=True)
class VolumeFile:
    """A file in a volume.

    Args:
        path: its path in the volume.
        source: the source that it comes from.
        key: the key in the object of the source; "" for none.
        is_item: whether an item, rather than a key of the object, gives the path.
        position: the position of the item or of the source.
    """

    path: str
    source: KubeletSource
    key: str = ""
    is_item: bool = False
    position: Position | None = dataclasses.field(default=None, compare=False)


def list_sources(volume: VolumeSpec) -> tuple[KubeletSource, ...]:
    """Return the sources from which the kubelet fills a volume, in order; none for other kinds."""
    if volume.kind == "projected":
        return tuple(
            KubeletSource(kind, str(facts.get("name") or ""), facts)
            for entry in list_mappings(volume.facts, "sources")
            for kind, facts in entry.items()
            if isinstance(facts, dict)
        )
    if volume.kind in (*_KINDS, "downwardAPI"):
        return (KubeletSource(volume.kind, volume.source, volume.facts),)
    return ()


def list_references(template: Template) -> tuple[Reference, ...]:
    """Return the references of a template's volumes to objects, each once."""
    named = [pair for volume in template.wiring.volumes for pair in list_objects(template, volume)]
    return tuple(refer(template, kind, name) for kind, name in dict.fromkeys(named))


def list_objects(
    template: Template, volume: VolumeSpec, *, optional: bool = True
) -> Iterator[tuple[str, str]]:
    """Yield the kinds and names of the objects that a volume of a template is made of.

    Args:
        template: the template.
        volume: the volume.
        optional: whether to yield those as well without which the Pod can start.
    """
    if volume.kind == "persistentVolumeClaim":
        if volume.source and all(volume.name != claim.name for claim in template.claims):
            yield CLAIM, volume.source
        return
    for source in list_sources(volume):
        if source.object_kind and source.name and (optional or not source.is_optional):
            yield source.object_kind, source.name


def refer(template: Template, kind: str, name: str) -> Reference:
    """Return the reference of a template to an object."""
    return Reference(kind, name, template.namespace, template.origin)


def find_objects(template: Template, source: KubeletSource) -> tuple[VolumeObject, ...]:
    """Return the objects of the render that a source means."""
    if not source.object_kind or not source.name:
        return ()
    return template.objects.find(refer(template, source.object_kind, source.name))


def find_keys(template: Template, source: KubeletSource) -> frozenset[str] | None:
    """Return the keys of a source's object; None if it may have others than the render shows."""
    found = find_objects(template, source)
    if not found or not all(thing.has_all_keys for thing in found):
        return None
    if template.objects.may_be_changed(source.name):
        return None
    return frozenset(key for thing in found for key in thing.values)


def list_files(template: Template, source: KubeletSource) -> Iterator[VolumeFile]:
    """Yield the files that a source certainly has, without those of an optional object."""
    if source.items:
        for item in source.items:
            key, path = str(item.get("key") or ""), str(item.get("path") or "")
            if path:
                yield VolumeFile(path, source, key, is_item=True, position=find_position(item))
    elif source.object_kind:
        for key in sorted(find_keys(template, source) or ()):
            yield VolumeFile(key, source, key, position=find_position(source.facts))
    elif path := str(source.facts.get("path") or ""):
        yield VolumeFile(path, source, is_item=True, position=find_position(source.facts))


def has_all_files(template: Template, volume: VolumeSpec) -> bool:
    """Return whether the render shows all files of a volume."""
    sources = list_sources(volume)
    return bool(sources) and all(
        not source.is_optional
        and (source.items or "path" in source.facts or find_keys(template, source) is not None)
        for source in sources
    )
