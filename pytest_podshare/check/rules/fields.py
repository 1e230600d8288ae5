"""Fields that do not exist where they stand, so that they do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare.check.rules import volume_sources
from pytest_podshare.check.rules.finding import Issue, Severity, rule
from pytest_podshare.check.rules.unknown_fields import UnknownField, find_missing, find_unknown
from pytest_podshare.wiring import kubernetes_schema
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import Template


@rule("warning")
def misplaced_field(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A field stands where the API server does not know it, and drops it."""
    beside: dict[tuple[str, str], list[UnknownField]] = {}
    for field in find_unknown(template):
        if field.place is None:
            continue
        if field.place.sibling:
            beside.setdefault((field.owner, field.place.sibling), []).append(field)
            continue
        yield _issue(
            field,
            f"{field.owner} field {field.name!r}, which does not exist there: the API server"
            f" {_describe_loss(template, [field])}",
            f"Move it to {field.place.owner}{_correct([field])}.",
        )
    for (_, sibling), fields in beside.items():
        yield _beside(template, sibling, fields)


def _beside(template: Template, sibling: str, fields: list[UnknownField]) -> Issue:
    """Return the issue of fields that stand beside the field that they belong below."""
    names = " and ".join(repr(field.name) for field in fields)
    noun, them = ("fields", "them") if len(fields) > 1 else ("field", "it")
    return _issue(
        fields[0],
        f"{fields[0].owner} {noun} {names} beside {sibling} instead of below it: the API server"
        f" {_describe_loss(template, fields)}",
        f"Indent {them} below {sibling}{_correct(fields)}.",
    )


def _correct(fields: list[UnknownField]) -> str:
    """Return how to write fields that are also misspelt; "" for none."""
    wrong = [field.spelling for field in fields if field.spelling != field.name]
    return f", and write {' and '.join(wrong)}" if wrong else ""


def _describe_loss(template: Template, fields: list[UnknownField]) -> str:
    loss = "drops them" if len(fields) > 1 else "drops it"
    first = fields[0]
    if first.type != "Volume":
        return loss
    volumes = (volume for volume in template.declared.volumes if volume.name == first.volume)
    kind = next(volume.kind for volume in volumes)
    is_replaced = kind == "emptyDir" and not (first.place and first.place.sibling == kind)
    return f"{loss} and uses an emptyDir" if is_replaced else loss


@rule("warning")
def misspelt_field(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A field is misspelt, and does nothing."""
    for field in find_unknown(template):
        if field.similar:
            yield _issue(
                field,
                f"{field.owner} field {field.name!r}, which does not exist and is ignored",
                f"Write {field.similar}.",
            )


@rule("warning")
def unknown_field(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A field does not exist where it stands, or not in this version of Kubernetes."""
    schema = kubernetes_schema.load()
    version = schema.find_nearest(template.kubernetes)
    for field in find_missing(template, version) if version else ():
        yield _issue(
            field,
            f"{field.owner} field {field.name!r}, which Kubernetes {version} does not know, so the"
            f" API server drops it: {field.reason}",
            "Remove it, or check for another version with --kube-version.",
        )
    for field in find_unknown(template):
        if field.place or field.similar or _is_reported(template, field):
            continue
        # a new name may be one of a newer Kubernetes
        is_sure = field.spelling in schema.owners or schema.has(template.kubernetes)
        result = "the API server drops it"
        if not is_sure:
            result = f"an API server up to {schema.versions[-1]} drops it"
        yield _issue(
            field,
            f"{field.owner} field {field.name!r}, which does not exist there: {result}",
            f"Correct it, move it or remove it: `kubectl explain {field.path}` lists the fields.",
            None if is_sure else "info",
        )


def _is_reported(template: Template, field: UnknownField) -> bool:
    """Return whether another rule reports the source of its volume."""
    return not field.container and any(
        next(volume_sources.find_errors(volume.kind, volume.facts, volume.kinds), None)
        for volume in template.declared.volumes
        if volume.name == field.volume
    )


def _issue(field: UnknownField, message: str, fix: str, severity: Severity | None = None) -> Issue:
    return Issue(message, fix, field.position, field.container, field.volume, severity=severity)
