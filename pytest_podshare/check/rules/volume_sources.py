"""Requirements of the API server for the source of a volume."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.model import VolumeSpec
from pytest_podshare.wiring.pod_spec import list_mappings

_REQUIRED = {
    "configMap": ("name",),
    "secret": ("secretName",),
    "persistentVolumeClaim": ("claimName",),
    "hostPath": ("path",),
    "nfs": ("server", "path"),
    "csi": ("driver",),
    "image": ("reference",),
    "ephemeral": ("volumeClaimTemplate",),
    "gitRepo": ("repository",),
}
_PROJECTED = ("secret", "configMap", "downwardAPI", "serviceAccountToken")
_HOST_PATH_TYPES = (
    *("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File"),
    *("Socket", "CharDevice", "BlockDevice"),
)
_WRITE_OCTAL = "Write it in octal, for example 0644."


@dataclasses.dataclass(frozen=True)
class SourceError:
    """What is wrong with a source.

    Args:
        detail: what is wrong, as a part of a sentence.
        fix: what to do.
        empty_field: the field that is written, but has no value; "" for other mistakes.
    """

    detail: str
    fix: str
    empty_field: str = ""


def list_kinds(volume: VolumeSpec) -> tuple[str, ...]:
    """Return the kinds of its sources that Kubernetes knows; more than one is a mistake."""
    return tuple(kind for kind in volume.kinds if kind in LIFETIMES)


def find_errors(
    kind: str, facts: Mapping[str, Any], beside: Collection[str] = ()
) -> Iterator[SourceError]:
    """Yield what is wrong with a source of this kind, except fields that stand beside it."""
    for field in _REQUIRED.get(kind, ()):
        if not facts.get(field) and field not in beside:
            yield _missing(f"its {kind}", field, facts)
    for field, mode in list_modes(facts):
        if isinstance(mode, bool) or not isinstance(mode, int):
            yield SourceError(f"its {field} {mode!r} is not a number", _WRITE_OCTAL)
        elif not 0 <= mode <= 0o777:
            yield SourceError(
                f"its {field} {mode} is {mode:o} in octal, not between 0 and 0777", _WRITE_OCTAL
            )
    if kind == "hostPath":
        yield from _check_host_path(facts)
    elif kind == "nfs" and facts.get("path") and not str(facts["path"]).startswith("/"):
        yield SourceError(
            f"its path {facts['path']!r} is relative", "Use an absolute path on the server."
        )
    elif kind == "projected":
        yield from _check_projected(facts)
    elif kind in ("configMap", "secret", "downwardAPI"):
        yield from _check_items(kind, facts)


def _missing(what: str, field: str, facts: Mapping[str, Any]) -> SourceError:
    # a template may fill the whole source from a value
    empty_field = field if field in facts or not facts else ""
    return SourceError(f"{what} has no {field}", f"Set {field}.", empty_field)


def looks_decimal(mode: object) -> bool:
    """Return whether a mode has the digits of the octal mode that was meant."""
    return mode in (400, 440, 444)


def list_modes(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the file modes in a source, each with the name of its field."""
    if facts.get("defaultMode") is not None:
        yield "defaultMode", facts["defaultMode"]
    parts = [facts]
    for source in list_mappings(facts, "sources"):
        parts += [part for part in source.values() if isinstance(part, dict)]
    for part in parts:
        for item in list_mappings(part, "items"):
            if item.get("mode") is not None:
                yield "mode", item["mode"]


def _check_host_path(facts: Mapping[str, Any]) -> Iterator[SourceError]:
    path, type_ = str(facts.get("path") or ""), facts.get("type")
    if ".." in path.split("/"):
        yield SourceError(f"its path {path!r} contains '..'", "Write the path without '..'.")
    if type_ is not None and type_ not in _HOST_PATH_TYPES:
        known = ", ".join(_HOST_PATH_TYPES[1:])
        yield SourceError(f"its type {type_!r} is not a valid value", f"Use one of {known}.")


def _check_projected(facts: Mapping[str, Any]) -> Iterator[SourceError]:
    seen: set[str] = set()
    for source in list_mappings(facts, "sources"):
        kinds = [kind for kind in _PROJECTED if isinstance(source.get(kind), dict)]
        if len(kinds) > 1:
            yield SourceError(
                f"one of its sources is both {' and '.join(kinds)}", "Write one entry for each."
            )
        for kind in kinds:
            yield from _check_projection(kind, source[kind])
            for item in list_mappings(source[kind], "items"):
                path = str(item.get("path") or "")
                if path and path in seen:
                    yield SourceError(
                        f"two of its sources have the path {path!r}", "Change one of the paths."
                    )
                seen.add(path)


def _check_projection(kind: str, facts: Mapping[str, Any]) -> Iterator[SourceError]:
    if kind in ("secret", "configMap") and not facts.get("name"):
        yield _missing(f"one of its sources, a {kind},", "name", facts)
    if kind == "serviceAccountToken":
        yield from _check_item(facts, ("path",))
        seconds = facts.get("expirationSeconds")
        if isinstance(seconds, int) and seconds < 600:
            yield SourceError(
                f"its token's expirationSeconds {seconds} is below 600", "Write 600 or more."
            )
    yield from _check_items(kind, facts)


def _check_items(kind: str, facts: Mapping[str, Any]) -> Iterator[SourceError]:
    for item in list_mappings(facts, "items"):
        if kind != "downwardAPI":
            yield from _check_item(item, ("key", "path"))
            continue
        yield from _check_item(item, ("path",))
        references = [field for field in ("fieldRef", "resourceFieldRef") if item.get(field)]
        if len(references) != 1:
            has = " and ".join(references) or "no fieldRef"
            fix = "Set either fieldRef or resourceFieldRef."
            yield SourceError(f"its item {item.get('path', '')!r} has {has}", fix)


def _check_item(item: Mapping[str, Any], required: tuple[str, ...]) -> Iterator[SourceError]:
    for field in required:
        if not item.get(field):
            yield _missing("one of its items", field, item)
    path = str(item.get("path") or "")
    if path.startswith("/"):
        yield SourceError(
            f"the path {path!r} of an item is absolute", "Make it relative to the volume."
        )
    if path.startswith("..") or ".." in path.split("/"):
        yield SourceError(
            f"the path {path!r} of an item contains '..'", "Write the path without '..'."
        )
