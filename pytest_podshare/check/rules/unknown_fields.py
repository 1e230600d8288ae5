"""Fields that the API server does not know where they stand, and drops: where they belong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pytest_podshare.check.rules.similar_names import find_nearest, is_typo
from pytest_podshare.manifests.position import Position, find_position
from pytest_podshare.wiring import field_places, kubernetes_schema, typed_fields
from pytest_podshare.wiring.field_places import Place
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.templates import Template
from pytest_podshare.wiring.typed_fields import Holder

# the beginnings of directives of a patch, and of what an author keeps for anchors
_FOREIGN = ("$", "x-")


@dataclasses.dataclass(frozen=True)
class UnknownField:
    """A field that does not exist where it stands.

    Args:
        name: its name.
        type: the type that does not have it.
        owner: what has it, for messages: `container 'app' has`.
        place: where a field of that name belongs; None if that is unclear or nowhere.
        similar: the name of a field of the type that was probably meant; "" for none.
        spelling: its name in Kubernetes, which differs in case if it is misspelt as well.
        path: the fields that lead to it, for `kubectl explain`: `pod.spec.containers`.
        position: where it is in the manifest; None if unknown.
        container: the name of its container; "" for none.
        volume: the name of its volume; "" for none.
        reason: why the version of Kubernetes lacks it; "" if all versions do.
    """

    name: str
    type: str
    owner: str
    place: Place | None
    similar: str
    spelling: str
    path: str
    position: Position | None
    container: str = ""
    volume: str = ""
    reason: str = ""


def find_unknown(template: Template) -> Iterator[UnknownField]:
    """Yield the fields of a Pod or workload that no version of Kubernetes has where they stand.

    Those of custom resources are left out, whose operators may know more fields.
    """
    types = kubernetes_schema.load().types
    for holder in template.holders if template.has_unknown_fields else ():
        known = types[holder.type]
        if holder.fields.keys() <= known.keys() or _is_rejected(holder):
            continue
        for name, value in holder.fields.items():
            if name in known or value is None or not isinstance(name, str):
                continue
            if not name.startswith(_FOREIGN) and (field := _describe(holder, name)):
                yield field


def find_missing(template: Template, version: str) -> Iterator[UnknownField]:
    """Yield the fields that other versions of Kubernetes have where they stand.

    Args:
        template: the template.
        version: the minor version.
    """
    schema = kubernetes_schema.load()
    for holder in template.holders:
        some = {**schema.since.get(holder.type, {}), **schema.removed.get(holder.type, {})}
        for name in some.keys() & holder.fields.keys():
            reason = schema.find_reason(holder.type, name, version)
            if reason and holder.fields[name] is not None:
                yield dataclasses.replace(_unknown(holder, name, None, ""), reason=reason)


def _is_rejected(holder: Holder) -> bool:
    """Return whether it belongs to a volume with several sources, which the API server rejects."""
    volume = find_owner(holder, "Volume")
    if volume is None or volume is holder:
        return False
    return len([kind for kind in LIFETIMES if volume.fields.get(kind) is not None]) > 1


def find_owner(holder: Holder, *types: str) -> Holder | None:
    """Return the mapping itself or the nearest one above it that has one of these types."""
    return next((near for near in holder.chain if near.type in types), None)


def _describe(holder: Holder, name: str) -> UnknownField | None:
    similar, spelling = _find_typo(holder, name), kubernetes_schema.load().find_spelling(name)
    place = None if similar else field_places.find_near(holder, spelling)
    if place is None and holder.type == "Volume" and find_nearest(name, LIFETIMES):
        # a misspelt source, which has a rule of its own
        return None
    if not similar and place is None:
        similar = _find_similar(holder, name)
    if not similar and place is None:
        place = field_places.find_far(holder, spelling)
    return _unknown(holder, name, place, similar)


def _find_typo(holder: Holder, name: str) -> str:
    """Return the field of the mapping's type that differs in a letter or so; "" for none."""
    known = kubernetes_schema.load().types[holder.type]
    return next((field for field in known if is_typo(name, field)), "")


def _find_similar(holder: Holder, name: str) -> str:
    """Return the field of the mapping's type that was probably meant; "" for none."""
    known = kubernetes_schema.load().types[holder.type]
    longer = [field for field in known if len(name) > 4 and field.startswith(name)]
    return longer[0] if len(longer) == 1 else find_nearest(name, known) or ""


def _unknown(holder: Holder, name: str, place: Place | None, similar: str) -> UnknownField:
    container = find_owner(holder, *typed_fields.CONTAINER_TYPES)
    volume = find_owner(holder, "Volume", "VolumeMount")
    return UnknownField(
        name=name,
        type=holder.type,
        owner=_describe_owner(holder, container),
        place=place,
        similar=similar,
        spelling=kubernetes_schema.load().find_spelling(name),
        path=describe_steps(holder),
        position=_find_position(holder, name),
        container=_name(container),
        volume=_name(volume),
    )


def _name(holder: Holder | None) -> str:
    return str(holder.fields.get("name") or "") if holder else ""


def _describe_owner(holder: Holder, container: Holder | None) -> str:
    if holder.type != "VolumeMount":
        return f"{holder.describe()} has"
    volume, path = _name(holder), holder.fields.get("mountPath")
    return f"container {_name(container)!r} mounts volume {volume!r} at {path} with"


def _find_position(holder: Holder, name: str) -> Position | None:
    if holder.type == "VolumeMount":
        return find_position(holder.fields)
    return find_position(holder.fields, name)


def describe_steps(holder: Holder) -> str:
    """Return the path of a mapping for `kubectl explain`: `pod.spec.containers`."""
    *fields, top = holder.chain
    return ".".join([top.type.lower(), *(near.field for near in reversed(fields))])
