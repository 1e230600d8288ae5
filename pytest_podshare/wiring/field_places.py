"""Where a field belongs that does not exist where it stands, by the types that have it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

from pytest_podshare.wiring import kubernetes_schema
from pytest_podshare.wiring.typed_fields import Holder, describe_path

# a field that more types have, such as name or path, tells nothing about its place
_MAX_OWNERS = 6
# more places than this help nobody
_MAX_PLACES = 3
_MAX_DEPTH = 4
# nobody writes the first in a manifest; the second has what the containers have
_SKIPPED = ("ephemeralContainers", "initContainers")


@dataclasses.dataclass(frozen=True)
class Place:
    """What has a field.

    Args:
        owner: its name: `the securityContext of container 'app'`.
        sibling: the field below which it should be indented, if its owner stands beside it; "" if
            it is elsewhere.
    """

    owner: str
    sibling: str = ""


def find_near(holder: Holder, field: str) -> Place | None:
    """Return the place below or above a mapping; None if no such place has the field.

    Args:
        holder: the mapping that does not have it.
        field: the field.
    """
    if sibling := _find_sibling(holder, field):
        return Place(describe_path(holder, [sibling]), sibling)
    if place := _find_below(holder, field, depth=1):
        return place
    types = kubernetes_schema.load().types
    for near in holder.chain:
        if field in types[near.type] and near.fields.get(field) is None:
            return Place(near.describe())
    return None


def find_far(holder: Holder, field: str) -> Place | None:
    """Return the place anywhere in the object, as near as possible; None if it is unclear."""
    owners = kubernetes_schema.load().owners.get(field, ())
    if not 0 < len(owners) <= _MAX_OWNERS:
        return None
    if any(near.type == "Volume" for near in holder.chain):
        # what other sources have is not meant
        return None
    for depth in range(1, _MAX_DEPTH + 1):
        for near in holder.chain:
            if place := _find_below(near, field, depth, holder):
                return place
    return None


def _find_sibling(holder: Holder, field: str) -> str:
    """Return the field of the mapping whose value should have the field; "" for none.

    It is the last one above the field, or the first below it.
    """
    schema = kubernetes_schema.load()
    known, lists = schema.types[holder.type], schema.lists[holder.type]
    is_rare = len(schema.owners.get(field, ())) <= _MAX_OWNERS or holder.type == "Volume"
    above = ""
    for key, value in holder.fields.items():
        if key == field and above:
            return above
        is_mapping = value is None or isinstance(value, dict)
        if key in lists or not is_mapping or (value and not is_rare):
            continue
        if field in schema.types.get(known.get(key, ""), ()):
            above = key
    return above


def _find_below(near: Holder, field: str, depth: int, origin: Holder | None = None) -> Place | None:
    """Return the place so many levels below a mapping; None if there is none, or too many.

    Args:
        near: the mapping.
        field: the field.
        depth: the number of levels.
        origin: the mapping that should not have the field; None if that is the mapping itself.
    """
    paths = [
        path for path in _list_paths(near.type, field, depth) if not _has(near.fields, path, field)
    ]
    if origin is not None:
        paths = [path for path in paths if path[-1].rstrip("[]") == origin.field] or paths
    paths = [path for path in paths if near.fields.get(path[0].rstrip("[]"))] or paths
    is_telling = origin is None and not any(path[-1].endswith("[]") for path in paths)
    if not 0 < len(paths) <= (_MAX_PLACES if is_telling else 1):
        return None
    *others, last = (describe_path(near, path) for path in paths)
    if not others:
        return Place(last)
    _, of, owner = last.partition(" of ")
    names = ", ".join(name.removesuffix(of + owner) for name in others)
    return Place(f"{names} or {last}")


def _has(fields: Any, path: Sequence[str], field: str) -> bool:
    """Return whether what is at the end of a path has a field already."""
    for step in path:
        fields = fields.get(step) if isinstance(fields, dict) else None
    return isinstance(fields, dict) and fields.get(field) is not None


@functools.cache
def _list_paths(type_: str, field: str, depth: int) -> tuple[tuple[str, ...], ...]:
    """Return the paths of so many steps from a type to types that have a field."""
    schema = kubernetes_schema.load()
    paths: list[tuple[str, ...]] = []
    for key, below in schema.types[type_].items():
        if not below or key in _SKIPPED:
            continue
        step = f"{key}[]" if key in schema.lists[type_] else key
        if depth > 1:
            paths += ((step, *path) for path in _list_paths(below, field, depth - 1))
        elif field in schema.types[below]:
            paths.append((step,))
    return tuple(paths)
