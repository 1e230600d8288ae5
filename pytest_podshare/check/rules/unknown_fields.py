"""Fields that the API server does not know where they stand, and drops: where they belong."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pytest_podshare.check.rules.similar_names import find_nearest
from pytest_podshare.manifests.position import Position, find_position
from pytest_podshare.wiring import known_fields
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.pod_spec import MOUNT_FIELDS, iter_containers, list_mappings
from pytest_podshare.wiring.templates import Template
from pytest_podshare.wiring.workloads import is_workload

_MOUNT = frozenset({"name", *MOUNT_FIELDS})


@dataclasses.dataclass(frozen=True)
class UnknownField:
    """A field that does not exist where it stands.

    Args:
        name: its name.
        holder: what has it, for messages: `container 'app' has`.
        elsewhere: where a field of that name belongs; "" if that is nowhere near.
        similar: the name of a field of the holder that was probably meant; "" for none.
        position: where it is in the manifest; None if unknown.
        container: the name of its container; "" for none.
        volume: the name of its volume; "" for none.
    """

    name: str
    holder: str
    elsewhere: str
    similar: str
    position: Position | None
    container: str = ""
    volume: str = ""


@dataclasses.dataclass(frozen=True)
class _Holder:
    """A mapping of a Pod: the words before its field, its known fields, and others near it."""

    name: str
    known: Collection[str]
    elsewhere: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)
    container: str = ""
    volume: str = ""


def find_unknown(template: Template) -> Iterator[UnknownField]:
    """Yield the unknown fields of a Pod that belong elsewhere, or that are misspelt.

    Other unknown fields are left out: they may be those of a newer Kubernetes. So are custom
    resources, whose operators may know more fields.
    """
    if not is_workload(template.subject):
        return
    spec = template.pod["spec"]
    yield from _compare(spec, _POD)
    yield from _compare(spec.get("securityContext"), _POD_SECURITY)
    for container in iter_containers(spec):
        yield from _find_in_container(container)
    for entry in list_mappings(spec, "volumes"):
        yield from _find_in_volume(entry)


def list_strays(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields that stand in a volume, beside its source, with the source they belong to.

    Args:
        entry: the volume as written.
    """
    strays: dict[str, str] = {}
    for field in entry:
        if field == "name" or field in LIFETIMES:
            continue
        fitting = [kind for kind, known in known_fields.VOLUME_SOURCES.items() if field in known]
        present = [kind for kind in fitting if kind in entry]
        if present or len(fitting) == 1:
            strays[field] = (present or fitting)[0]
    return strays


def _find_in_container(entry: Mapping[str, Any]) -> Iterator[UnknownField]:
    name = entry["name"]
    if _has_unknown(entry, known_fields.CONTAINER):
        holder = dataclasses.replace(_CONTAINER, name=f"container {name!r} has", container=name)
        yield from _compare(entry, holder)
    security = entry.get("securityContext")
    if _has_unknown(security, known_fields.CONTAINER_SECURITY):
        title = f"the securityContext of container {name!r} has"
        holder = dataclasses.replace(_CONTAINER_SECURITY, name=title, container=name)
        yield from _compare(security, holder)
    for mount in list_mappings(entry, "volumeMounts"):
        if _has_unknown(mount, _MOUNT):
            yield from _find_in_mount(name, mount)


def _has_unknown(entry: Any, known: frozenset[str]) -> bool:
    return isinstance(entry, Mapping) and not known.issuperset(entry)


def _find_in_mount(container: str, entry: Mapping[str, Any]) -> Iterator[UnknownField]:
    volume, path = entry.get("name"), entry.get("mountPath")
    title = f"container {container!r} mounts volume {volume!r} at {path} with"
    holder = _Holder(title, _MOUNT, container=container, volume=str(volume))
    for field in _compare(entry, holder):
        yield dataclasses.replace(field, position=find_position(entry))


def _find_in_volume(entry: Mapping[str, Any]) -> Iterator[UnknownField]:
    name = str(entry.get("name"))
    for field, kind in list_strays(entry).items():
        position = find_position(entry, field)
        yield UnknownField(field, f"volume {name!r} has", kind, "", position, volume=name)
    if len([kind for kind in LIFETIMES if entry.get(kind) is not None]) > 1:
        # the API server rejects it
        return
    for kind, known in known_fields.VOLUME_SOURCES.items():
        if _has_unknown(entry.get(kind), known):
            holder = _Holder(f"the {kind} of volume {name!r} has", known, volume=name)
            yield from _compare(entry[kind], holder)


def _compare(entry: Any, holder: _Holder) -> Iterator[UnknownField]:
    """Yield the fields of a mapping that its type does not have, but another, or one like them."""
    for field, value in entry.items() if isinstance(entry, Mapping) else ():
        if field in holder.known or value is None:
            continue
        places = (place for place, fields in holder.elsewhere.items() if field in fields)
        elsewhere = next(places, "")
        similar = "" if elsewhere else find_nearest(field, holder.known) or ""
        if elsewhere or similar:
            yield UnknownField(
                field,
                holder.name,
                elsewhere,
                similar,
                find_position(entry, field),
                holder.container,
                holder.volume,
            )


_ITS_SECURITY = "the securityContext of the container"
_SECURITY_OF_POD = "the Pod's securityContext"
_POD = _Holder(
    "the Pod's spec has",
    known_fields.POD_SPEC,
    {
        "a container": known_fields.CONTAINER,
        _SECURITY_OF_POD: known_fields.POD_SECURITY,
        _ITS_SECURITY: known_fields.CONTAINER_SECURITY,
    },
)
_POD_SECURITY = _Holder(
    f"{_SECURITY_OF_POD} has",
    known_fields.POD_SECURITY,
    {"the securityContext of each container": known_fields.CONTAINER_SECURITY},
)
_CONTAINER = _Holder(
    "",
    known_fields.CONTAINER,
    {
        "the Pod's spec": known_fields.POD_SPEC,
        _ITS_SECURITY: known_fields.CONTAINER_SECURITY,
        _SECURITY_OF_POD: known_fields.POD_SECURITY,
    },
)
_CONTAINER_SECURITY = _Holder(
    "", known_fields.CONTAINER_SECURITY, {_SECURITY_OF_POD: known_fields.POD_SECURITY}
)
