"""The fields of Kubernetes are read from OpenAPI documents, and merged into one table."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox import kubernetes_schema
from sandbox.errors import SandboxError

CORE, APPS = "io.k8s.api.core.v1", "io.k8s.api.apps.v1"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def document(prefix: str, *, wrap: bool = False, **fields: Any) -> dict[str, Any]:
    """Return an OpenAPI document with a Pod of one container with further fields."""

    def refer(name: str) -> dict[str, Any]:
        reference = {"$ref": prefix + name}
        return {"allOf": [reference], "default": {}} if wrap else reference

    container = {
        "image": {"type": "string"},
        "limits": {"type": "object", "additionalProperties": refer(QUANTITY)},
        "size": refer(QUANTITY),
        **fields,
    }
    spec = {"containers": {"type": "array", "items": refer(f"{CORE}.Container")}}
    schemas = {
        f"{CORE}.Pod": {"properties": {"spec": refer(f"{CORE}.PodSpec"), "status": refer("x")}},
        f"{CORE}.PodSpec": {"properties": spec},
        f"{CORE}.Container": {"properties": container},
        f"{CORE}.Service": {"properties": {"ports": {"type": "array"}}},
        QUANTITY: {"type": "string"},
        "x": {"properties": {"phase": {"type": "string"}}},
    }
    return {"components": {"schemas": schemas}} if wrap else {"definitions": schemas}


@pytest.mark.parametrize(
    "openapi",
    [document("#/definitions/"), document("#/components/schemas/", wrap=True)],
    ids=["version 2", "version 3"],
)
def test_types_have_their_fields(openapi: dict[str, Any]) -> None:
    """Only those of Pods and workloads, without the status."""
    assert kubernetes_schema.read_types([openapi]) == {
        "Pod": {"spec": "PodSpec", "status": ""},
        "PodSpec": {"containers": "Container[]"},
        "Container": {"image": "", "limits": "", "size": ""},
    }


def test_a_map_to_a_type_with_fields_is_refused() -> None:
    """The table has no way to write it."""
    values = {"additionalProperties": {"$ref": f"#/definitions/{CORE}.PodSpec"}}

    with pytest.raises(SandboxError, match=r"Container\.more maps any keys to a type with fields"):
        kubernetes_schema.read_types([document("#/definitions/", more=values)])


def test_versions_are_marks_of_fields() -> None:
    """A field of a type that is new as a whole needs none."""
    merged = kubernetes_schema.merge(
        {
            "1.1": {"Pod": {"old": "", "spec": ""}},
            "1.2": {"Pod": {"spec": "Spec", "new": ""}, "Spec": {"a": ""}},
            "1.3": {"Pod": {"spec": "Spec", "new": ""}, "Spec": {"a": "", "b": ""}},
        }
    )

    assert merged == {
        "since": {"Pod": {"new": "1.2"}, "Spec": {"b": "1.3"}},
        "removed": {"Pod": {"old": "1.2"}},
        "types": {"Pod": {"new": "", "old": "", "spec": "Spec"}, "Spec": {"a": "", "b": ""}},
    }


def test_a_field_that_came_back_is_refused() -> None:
    """The table has one range of versions for each field."""
    with_it, without = {"Pod": {"a": ""}}, {"Pod": {"b": ""}}

    with pytest.raises(SandboxError, match=r"Pod\.a was removed and came back"):
        kubernetes_schema.merge({"1.1": with_it, "1.2": without, "1.3": with_it})


def test_the_file_is_written_as_the_generator_writes_it() -> None:
    """Nobody has edited it."""
    content = json.loads(kubernetes_schema.FILE.read_text())

    assert content["releases"] == list(kubernetes_schema.RELEASES)
    text = kubernetes_schema.write(content["releases"], content)
    assert text == kubernetes_schema.FILE.read_text()


def find_document(release: str) -> Path | None:
    """Return the OpenAPI document of a release, if Go has downloaded it before."""
    if shutil.which("go") is None:
        return None
    variable = subprocess.run(
        ["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=True, cwd="/"
    )
    file = kubernetes_schema.find_document(Path(variable.stdout.strip()), release)
    return file if file.exists() else None


@pytest.mark.parametrize("release", kubernetes_schema.RELEASES)
def test_the_file_has_the_fields_of_a_release(release: str) -> None:
    """Both ways: no more and no fewer than the release."""
    file = find_document(release)
    if file is None:
        pytest.skip(f"Go has not downloaded Kubernetes {release}")
    content = json.loads(kubernetes_schema.FILE.read_text())
    types = kubernetes_schema.read_types([json.loads(file.read_text())])

    assert kubernetes_schema.select(content, kubernetes_schema.minor(release)) == types
