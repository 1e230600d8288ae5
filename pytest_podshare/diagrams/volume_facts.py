"""What a diagram says of a volume besides its name: the source, and what is behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.wiring.model import VolumeSpec
from pytest_podshare.wiring.pod_spec import list_mappings


def list_facts(volume: VolumeSpec) -> tuple[str, ...]:
    """Return `emptyDir` and `Memory 10Mi`; `hostPath` and its path; `projected` and its sources."""
    return tuple(fact for fact in (volume.kind, *_list_details(volume)) if fact)


def _list_details(volume: VolumeSpec) -> Iterator[str]:
    facts = volume.facts
    yield f"{volume.medium} {volume.size_limit}".strip()
    if volume.kind == "hostPath":
        yield _text(facts, "path")
    elif volume.kind == "nfs":
        yield f"{_text(facts, 'server')}:{_text(facts, 'path')}"
    elif volume.kind == "csi":
        yield _text(facts, "driver")
        attributes = facts.get("volumeAttributes")
        if isinstance(attributes, Mapping):
            # the Secrets Store driver names the object that says which secrets it mounts
            yield _text(attributes, "secretProviderClass")
    elif volume.kind == "image":
        yield _text(facts, "reference")
    elif volume.kind == "projected":
        yield from _list_projected(facts)
    else:
        yield volume.source


def _list_projected(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield `configMap settings`, `secret key`, `serviceAccountToken`, … for each source."""
    for source in list_mappings(facts, "sources"):
        for kind, fields in source.items():
            if isinstance(fields, Mapping):
                yield f"{kind} {_text(fields, 'name')}".strip()


def _text(facts: Mapping[str, Any], field: str) -> str:
    value = facts.get(field)
    return "" if value is None else str(value)
