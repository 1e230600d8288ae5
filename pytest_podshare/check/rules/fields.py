"""Fields that stand in the wrong place, where they do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare.check.rules.finding import Issue, rule
from pytest_podshare.check.rules.unknown_fields import UnknownField, find_unknown
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import Template


@rule("warning")
def misplaced_field(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A field stands where the API server does not know it, and drops it."""
    misplaced = [field for field in find_unknown(template) if field.elsewhere]
    by_volume: dict[tuple[str, str], list[UnknownField]] = {}
    for field in misplaced:
        if field.volume:
            by_volume.setdefault((field.volume, field.elsewhere), []).append(field)
            continue
        yield Issue(
            f"{field.holder} field {field.name!r}, which does not exist there: the API server"
            " drops it",
            f"Move it to {field.elsewhere}.",
            field.position,
            field.container,
        )
    for (name, kind), fields in by_volume.items():
        yield _beside_source(template, name, kind, fields)


def _beside_source(template: Template, name: str, kind: str, fields: list[UnknownField]) -> Issue:
    """Return the issue of fields that stand beside the source of a volume."""
    names = " and ".join(repr(field.name) for field in fields)
    noun, them = ("fields", "them") if len(fields) > 1 else ("field", "it")
    volume = next(volume for volume in template.declared.volumes if volume.name == name)
    result = f"the API server drops {them}"
    if volume.kind != kind and volume.kind == "emptyDir":
        result += " and uses an emptyDir"
    return Issue(
        f"volume {name!r} has {noun} {names} beside {kind} instead of below it: {result}",
        f"Indent {them} below {kind}.",
        fields[0].position,
        volume=name,
    )
