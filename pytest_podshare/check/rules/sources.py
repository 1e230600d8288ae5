"""What the API server demands of a volume's source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_NEEDS = {
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
_HOST_TYPES = (
    *("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File"),
    *("Socket", "CharDevice", "BlockDevice"),
)

Trouble = tuple[str, str]


def troubles(kind: str, facts: Mapping[str, Any]) -> Iterator[Trouble]:
    """What is wrong with a source, each with what to do."""
    for field in _NEEDS.get(kind, ()):
        if not facts.get(field):
            yield f"its {kind} has no {field}", f"Give it a {field}."
    for field, mode in modes(facts):
        if isinstance(mode, bool) or not isinstance(mode, int):
            yield f"its {field} {mode!r} is no number", "Write it in octal, for example 0644."
        elif not 0 <= mode <= 0o777:
            fix = "Write it in octal, for example 0644."
            yield f"its {field} {mode} is {mode:o} in octal, and not within 0 and 0777", fix
    if kind == "hostPath":
        yield from _host_path(facts)
    elif kind == "nfs" and facts.get("path") and not str(facts["path"]).startswith("/"):
        yield f"its path {facts['path']!r} is relative", "Write it from the server's root."
    elif kind == "projected":
        yield from _projected(facts)
    elif kind in ("configMap", "secret"):
        for item in _dicts(facts.get("items")):
            yield from _item(item, ("key", "path"))
    elif kind == "downwardAPI":
        for item in _dicts(facts.get("items")):
            yield from _downward(item)


def modes(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The modes of its files, with their fields."""
    if facts.get("defaultMode") is not None:
        yield "defaultMode", facts["defaultMode"]
    parts = [facts]
    for source in _dicts(facts.get("sources")):
        parts += [each for each in source.values() if isinstance(each, Mapping)]
    for part in parts:
        for item in _dicts(part.get("items")):
            if item.get("mode") is not None:
                yield "mode", item["mode"]


def _host_path(facts: Mapping[str, Any]) -> Iterator[Trouble]:
    path, type_ = str(facts.get("path") or ""), facts.get("type")
    if ".." in path.split("/"):
        yield f"its path {path!r} steps back with '..'", "Write the path without."
    if type_ is not None and type_ not in _HOST_TYPES:
        known = ", ".join(_HOST_TYPES[1:])
        yield f"its type {type_!r} is none that there is", f"Use one of {known}."


def _projected(facts: Mapping[str, Any]) -> Iterator[Trouble]:
    seen: set[str] = set()
    for source in _dicts(facts.get("sources")):
        named = [each for each in _PROJECTED if isinstance(source.get(each), Mapping)]
        if len(named) > 1:
            matter = f"one entry of its sources is made of {' and '.join(named)} at once"
            yield matter, "Make an entry of each."
        for each in named:
            yield from _projection(each, source[each])
            for path in _paths(source[each]):
                if path in seen:
                    yield f"two of its sources have the path {path!r}", "Give one another path."
                seen.add(path)


def _projection(kind: str, facts: Mapping[str, Any]) -> Iterator[Trouble]:
    if kind in ("secret", "configMap") and not facts.get("name"):
        yield f"a {kind} of its sources has no name", "Give it a name."
    if kind == "serviceAccountToken":
        yield from _item(facts, ("path",))
        seconds = facts.get("expirationSeconds")
        if isinstance(seconds, int) and seconds < 600:
            yield f"its token's expirationSeconds {seconds} is below 600", "Write 600 or more."
    for item in _dicts(facts.get("items")):
        if kind == "downwardAPI":
            yield from _downward(item)
        else:
            yield from _item(item, ("key", "path"))


def _downward(item: Mapping[str, Any]) -> Iterator[Trouble]:
    yield from _item(item, ("path",))
    references = [each for each in ("fieldRef", "resourceFieldRef") if item.get(each)]
    if len(references) != 1:
        yield (
            f"the item {item.get('path', '')!r} has {' and '.join(references) or 'no fieldRef'}",
            "Give it a fieldRef or a resourceFieldRef.",
        )


def _item(item: Mapping[str, Any], needs: tuple[str, ...]) -> Iterator[Trouble]:
    for field in needs:
        if not item.get(field):
            yield f"an item of it has no {field}", f"Give it a {field}."
    path = str(item.get("path") or "")
    if path.startswith("/"):
        yield f"the item's path {path!r} is absolute", "Write it from the volume's root."
    if path.startswith("..") or ".." in path.split("/"):
        yield f"the item's path {path!r} steps back with '..'", "Write the path without."


def _paths(facts: Mapping[str, Any]) -> Iterator[str]:
    for item in _dicts(facts.get("items")):
        if item.get("path"):
            yield str(item["path"])


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    entries = value if isinstance(value, list) else []
    return [each for each in entries if isinstance(each, Mapping)]
