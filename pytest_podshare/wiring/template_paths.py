"""The paths of Pod templates in objects: `spec.template`, `spec.tasks[].template`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_podshare.manifests import schema
from pytest_podshare.manifests.source import Source

_ANY_MAPPING = schema.Fields()
# a step: every value of a mapping
_EACH = "*"

# the full path of a mapping, the mapping, and its holder
Found = tuple[str, dict[str, Any], dict[str, Any]]


def follow(source: Source, subject: dict[str, Any], path: str) -> Iterator[Found]:
    """Yield the full path of each mapping that a path leads to, the mapping, and its holder.

    Args:
        source: the manifest.
        subject: the object in it.
        path: the path; `[]` means every entry of a list, and `*` every value of a mapping.

    Raises:
        ManifestInvalid: a field on the path has the wrong type.
    """
    return _follow(source, subject, path.split("."), "")


def join(path: str, key: str) -> str:
    """Return the path of a field of what is at a path; "" means the object itself."""
    return f"{path}.{key}" if path else key


def _follow(source: Source, holder: dict[str, Any], steps: list[str], path: str) -> Iterator[Found]:
    if steps[0] == _EACH:
        source.check(holder, schema.Fields(others=_ANY_MAPPING), path)
        for key in [key for key, value in holder.items() if value is not None]:
            yield from _follow(source, holder, [key, *steps[1:]], path)
        return
    key = steps[0].removesuffix("[]")
    is_list = key != steps[0]
    shape = [_ANY_MAPPING] if is_list else _ANY_MAPPING
    source.check(holder, schema.Fields({key: shape}), path)
    path, value = join(path, key), holder.get(key)
    entries = [(path, value)]
    if is_list:
        entries = [(f"{path}[{index}]", entry) for index, entry in enumerate(value or ())]
    for full_path, entry in entries:
        if entry is None:
            continue
        if len(steps) > 1:
            yield from _follow(source, entry, steps[1:], full_path)
        else:
            yield full_path, entry, holder
