"""What to do about a field that the API server does not know: where it belongs, if that shows."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pytest_podshare.manifests.field_path import Field
from pytest_podshare.manifests.position import find_position
from pytest_podshare.wiring import known_fields
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.pod_spec import CONTAINER_FIELDS, MOUNT_FIELDS

# the known fields of a mapping, or of the entries of a list
_KNOWN: Mapping[str, Collection[str]] = {
    "volumes": LIFETIMES,
    "volumeMounts": ("name", *MOUNT_FIELDS),
    **known_fields.VOLUME_SOURCES,
    **dict.fromkeys(CONTAINER_FIELDS, known_fields.CONTAINER),
}


def advise(field: Field, document: Mapping[str, Any], unknown: Sequence[Field]) -> str:
    """Return what to do about an unknown field, in one sentence.

    Args:
        field: the field.
        document: its object.
        unknown: all unknown fields of the object.
    """
    key = field.key
    if above := _find_empty_sibling(field, unknown):
        position = find_position(field.holder, above)
        line = f" (line {position.line})" if position else ""
        return f"Indent {key} below {above}{line}, which is empty: that is where it belongs."
    if elsewhere := _find_other_place(field):
        return f"Move {key} to {elsewhere}."
    holders = [step for step in field.steps[:-1] if isinstance(step, str)][-1:]
    known = [name for holder in holders for name in _KNOWN.get(holder, ())]
    if close := difflib.get_close_matches(key, known, n=1):
        return f"Correct its name, perhaps to {close[0]}."
    names = [step for step in field.steps[:-1] if isinstance(step, str)]
    path = ".".join([str(document.get("kind")).lower(), *names])
    return f"Correct it, move it or remove it: `kubectl explain {path}` lists the known fields."


def _find_empty_sibling(field: Field, unknown: Sequence[Field]) -> str:
    """Return the empty mapping right above unknown fields: they are not indented; "" for none."""
    if not isinstance(field.holder, dict):
        return ""
    strays = {other.key for other in unknown if other.holder is field.holder}
    above = ""
    for key, value in field.holder.items():
        if key == field.key:
            return above
        if key not in strays:
            above = key if value is None or value == {} else ""
    return ""


def _find_other_place(field: Field) -> str:
    *path, key = field.steps
    is_in_container = bool(set(CONTAINER_FIELDS) & set(path))
    if path[-1:] == ["securityContext"]:
        if key in known_fields.CONTAINER_SECURITY and not is_in_container:
            return "the securityContext of each container"
        if key in known_fields.POD_SECURITY and is_in_container:
            return "the securityContext of the Pod"
    if path[-1:] == ["spec"] and key in known_fields.CONTAINER:
        return "a container"
    if is_in_container and key == "volumes":
        return "the spec of the Pod"
    return ""
