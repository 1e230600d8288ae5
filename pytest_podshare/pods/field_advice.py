"""What to do about a field that the API server does not know: where it belongs, if that shows."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_podshare.manifests.field_path import Field
from pytest_podshare.manifests.position import find_position
from pytest_podshare.wiring import field_places, kubernetes_schema, typed_fields
from pytest_podshare.wiring.typed_fields import Holder

# how similar a misspelt name is at least, from 0 to 1
_TYPO = 0.9


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
    holder = typed_fields.find_holder(document, field.steps[:-1])
    if holder is not None and (advice := _advise_by_type(holder, key)):
        return advice
    names = [step for step in field.steps[:-1] if isinstance(step, str)]
    path = ".".join([str(document.get("kind")).lower(), *names])
    return f"Correct it, move it or remove it: `kubectl explain {path}` lists the known fields."


def _advise_by_type(holder: Holder, key: str) -> str:
    known = kubernetes_schema.load().types[holder.type]
    close = difflib.get_close_matches(key, known, n=1, cutoff=_TYPO)
    place = None if close else field_places.find_near(holder, key)
    place = place or (None if close else field_places.find_far(holder, key))
    if place is not None:
        sibling = place.sibling
        return f"Indent {key} below {sibling}." if sibling else f"Move {key} to {place.owner}."
    close = close or difflib.get_close_matches(key, known, n=1)
    return f"Correct its name, perhaps to {close[0]}." if close else ""


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
