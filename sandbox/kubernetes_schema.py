"""Generates the fields of Pods and workloads that `podshare check` knows, by Kubernetes version.

`python -m sandbox.kubernetes_schema` writes them. They come from the OpenAPI document in the source
of each release, a Go module, which the API server of that release serves as well.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_podshare.wiring.workloads import WORKLOADS
from sandbox import paths
from sandbox.console import say
from sandbox.errors import SandboxError

FILE = paths.CHECKOUT / "pytest_podshare" / "wiring" / "kubernetes_schema.json"
# the newest patch of each version that Go's proxy has, the oldest first
RELEASES = (
    *("1.30.14", "1.31.14", "1.32.13", "1.33.13"),
    *("1.34.4", "1.35.4", "1.36.3", "1.37.2"),
)
_MODULE = "k8s.io/kubernetes@v"
_DOCUMENT = Path("api", "openapi-spec", "swagger.json")
# the API server writes it
_STATUS = "status"
_LIST = "[]"

# the fields of each type, each with the type of its value: `SecurityContext`, `Container[]` for a
# list, "" for any value
Types = Mapping[str, Mapping[str, str]]


def read_types(documents: Iterable[Mapping[str, Any]]) -> Types:
    """Return the types of Pods and workloads, and all types that they consist of.

    Args:
        documents: OpenAPI documents, of version 2 or 3.
    """
    schemas: dict[str, Mapping[str, Any]] = {}
    for document in documents:
        schemas |= document.get("definitions") or document["components"]["schemas"]
    types: dict[str, dict[str, str]] = {}
    full_names: dict[str, str] = {}
    pending = [name for name in schemas if _is_workload(name)]
    while pending:
        full_name = pending.pop()
        name = _shorten(full_name)
        if full_names.setdefault(name, full_name) != full_name:
            raise SandboxError(
                f"{full_names[name]} and {full_name} have the same name",
                "let the schema keep more of the names of types",
            )
        if name in types:
            continue
        fields = dict(_list_fields(schemas, full_name))
        types[name] = {field: _shorten(type_) for field, type_ in fields.items()}
        pending += (type_.removesuffix(_LIST) for type_ in fields.values() if type_)
    return types


def _is_workload(name: str) -> bool:
    group, _, kind = name.rpartition(".")
    return kind in WORKLOADS and group.startswith("io.k8s.api.") and group.endswith(".v1")


def _shorten(name: str) -> str:
    return name.rpartition(".")[2]


def _list_fields(schemas: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of a type, each with the type of its value."""
    for field, schema in schemas[name].get("properties", {}).items():
        if _has_fields(schemas, _find_type(schema.get("additionalProperties", {}))):
            raise SandboxError(
                f"{name}.{field} maps any keys to a type with fields",
                "let the schema tell such a field from one with fields of its own",
            )
        type_, entry = _find_type(schema), _find_type(schema.get("items", {}))
        if field == _STATUS and _is_workload(name):
            yield field, ""
        elif _has_fields(schemas, entry):
            yield field, entry + _LIST
        else:
            yield field, type_ if _has_fields(schemas, type_) else ""


def _has_fields(schemas: Mapping[str, Mapping[str, Any]], type_: str) -> bool:
    """Return whether a type has fields, unlike a quantity or a time."""
    return bool(type_) and "properties" in schemas[type_]


def _find_type(schema: Mapping[str, Any]) -> str:
    references = (schema, *schema.get("allOf", ()))
    return next((part["$ref"].rpartition("/")[2] for part in references if "$ref" in part), "")


def merge(types_by_version: Mapping[str, Types]) -> dict[str, Any]:
    """Return the types of all versions: their fields, and in which versions the fields exist.

    Args:
        types_by_version: the types of each version, the oldest first.
    """
    versions = list(types_by_version)
    merged: dict[str, dict[str, str]] = {}
    since: dict[str, dict[str, str]] = {}
    removed: dict[str, dict[str, str]] = {}
    for name in sorted({name for types in types_by_version.values() for name in types}):
        with_type = [version for version in versions if name in types_by_version[version]]
        fields: dict[str, str] = {}
        for version in with_type:
            fields |= types_by_version[version][name]
        merged[name] = dict(sorted(fields.items()))
        for field in merged[name]:
            has = [version for version in with_type if field in types_by_version[version][name]]
            first, last = with_type.index(has[0]), with_type.index(has[-1])
            if has != with_type[first : last + 1]:
                raise SandboxError(
                    f"{name}.{field} was removed and came back",
                    "let the schema hold several ranges of versions",
                )
            if first > 0:
                since.setdefault(name, {})[field] = has[0]
            if last < len(with_type) - 1:
                removed.setdefault(name, {})[field] = with_type[last + 1]
    return {"since": since, "removed": removed, "types": merged}


def write(releases: Iterable[str], schema: Mapping[str, Any]) -> str:
    """Return the text of the file, which has one line for each type."""
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}"
        for name, value in schema["types"].items()
    )
    head = {"releases": list(releases), "since": schema["since"], "removed": schema["removed"]}
    return f'{json.dumps(head, indent=1)[:-2]},\n "types": {{\n{lines}\n}}}}\n'


def minor(release: str) -> str:
    """Return the minor version of a release: `1.36` of `1.36.3`."""
    return ".".join(release.split(".")[:2])


def select(schema: Mapping[str, Any], version: str) -> Types:
    """Return the types of one version, from the types of all versions.

    Args:
        schema: the content of the file.
        version: the minor version.
    """
    versions = [minor(release) for release in schema["releases"]]
    index = versions.index(version)
    types: dict[str, dict[str, str]] = {}
    pending = [name for name in schema["types"] if name in WORKLOADS]
    while pending:
        name = pending.pop()
        if name in types:
            continue
        since, removed = (schema[mark].get(name, {}) for mark in ("since", "removed"))
        types[name] = {
            field: type_
            for field, type_ in schema["types"][name].items()
            if field not in since or versions.index(since[field]) <= index
            if field not in removed or versions.index(removed[field]) > index
        }
        pending += (type_.removesuffix(_LIST) for type_ in types[name].values() if type_)
    return types


def find_document(cache: Path, release: str) -> Path:
    """Return where Go's cache of modules has the OpenAPI document of a release."""
    return cache / f"{_MODULE}{release}" / _DOCUMENT


def _fetch(release: str) -> Mapping[str, Any]:
    """Return the OpenAPI document of a release, which Go downloads and verifies."""
    say(f"Kubernetes {release}")
    command = ["go", "mod", "download", "-json", f"{_MODULE}{release}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()
        raise SandboxError(f"Go cannot download {_MODULE}{release}", "see its output", lines=lines)
    folder = Path(json.loads(done.stdout)["Dir"])
    document: Mapping[str, Any] = json.loads((folder / _DOCUMENT).read_text())
    return document


def main() -> int:
    """Write the file; return the exit code."""
    if shutil.which("go") is None:
        raise SandboxError("go is not on PATH", "put Go first on PATH")
    types = {minor(release): read_types([_fetch(release)]) for release in RELEASES}
    FILE.write_text(write(RELEASES, merge(types)))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SandboxError as error:
        sys.exit(error.text())
