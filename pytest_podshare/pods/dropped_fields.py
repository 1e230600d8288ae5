"""Fields of a manifest that the API server would drop or warns of: each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube import field_validation
from pytest_podshare.manifests.field_path import find_field
from pytest_podshare.manifests.position import Position, find_position
from pytest_podshare.messages import Fact
from pytest_podshare.pods import field_advice
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.workloads import WORKLOADS

# further fields that an error lists
_MAX_OTHERS = 6


def find_dropped(
    error: errors.ApiError, origin: str, document: dict[str, Any]
) -> errors.FieldDropped | None:
    """Return the error of an object with fields that the API server does not know, if it is that.

    Args:
        error: the API server's answer.
        origin: the manifest.
        document: the object, as the manifest has it.
    """
    paths = field_validation.find_unknown_fields(error.details)
    if not paths:
        return None
    fields = [find_field(document, path) for path in paths]
    advice = [field_advice.advise(field, document, fields) for field in fields]
    places = [_place(origin, field.position) for field in fields]
    others = [f"also {place}: {path}" for place, path in zip(places[1:], paths[1:], strict=True)]
    for index, text in enumerate(advice[1:]):
        # the same advice is given once
        others[index] += f". {text}" if text not in advice[: index + 1] else ""
    if len(others) > _MAX_OTHERS:
        others[_MAX_OTHERS:] = [f"and {len(others) - _MAX_OTHERS} more"]
    return errors.FieldDropped(
        f"{places[0]}: the API server does not know {paths[0]} of {describe(document)}, and would"
        " drop it.",
        advice[0],
        at=places[0] if fields[0].position else "",
        facts=[Fact("", line) for line in (advice[0], *others)] if others else (),
    )


def check_volume_sources(origin: str, subject: Mapping[str, Any]) -> Iterator[str]:
    """Yield a warning for each volume that is an emptyDir only because it has no source.

    The API server drops a source that is null, and makes a volume without a source an emptyDir.
    Kubernetes deprecates that (API reference, Volume).

    Args:
        origin: the manifest.
        subject: the Pod or the workload.

    Raises:
        FieldDropped: a volume names another source, which is null.
    """
    for volume in _list_volumes(subject):
        if any(value is not None for key, value in volume.items() if key != "name"):
            continue
        named, name = [key for key in volume if key in LIFETIMES], volume["name"]
        if "emptyDir" in named:
            continue
        position = find_position(volume, named[0] if named else None)
        at = _place(origin, position)
        if named:
            raise errors.FieldDropped(
                f"{at}: {named[0]} of volume {name!r} of {describe(subject)} is null: the API"
                " server would drop it, and make the volume an emptyDir.",
                f"Write the fields of {named[0]} below it, or emptyDir: {{}} if you mean that.",
                at=at if position else "",
            )
        yield (
            f"{at}: volume {name!r} of {describe(subject)} has no source, so the API server makes"
            " it an emptyDir, which is deprecated: write emptyDir: {}"
        )


def describe_warning(text: str, origin: str, document: dict[str, Any]) -> str:
    """Return a warning of the API server with the place of the field that it begins with."""
    position = find_field(document, text).position
    return f"{_place(origin, position)}: {describe(document)}: {text}"


def describe(document: Mapping[str, Any]) -> str:
    """Return the kind and the name of an object."""
    metadata = document.get("metadata") or {}
    name = metadata.get("name") or metadata.get("generateName") or ""
    return f"{document.get('kind')} {name}".strip()


def _list_volumes(subject: Mapping[str, Any]) -> list[dict[str, Any]]:
    pod = subject
    for step in filter(None, WORKLOADS[subject["kind"]].template.split(".")):
        pod = pod.get(step) or {}
    return (pod.get("spec") or {}).get("volumes") or []


def _place(origin: str, position: Position | None) -> str:
    return f"{origin}:{position.line}" if position else origin
