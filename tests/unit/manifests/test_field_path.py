"""Paths as the API server writes them lead to the fields of a manifest."""

import pytest

from pytest_podshare.manifests.field_path import find_field
from pytest_podshare.manifests.source import read

TEXT = """\
kind: Pod
metadata:
  annotations:
    a.example.com/b: c
    a: d
spec:
  volumes:
    - name: v
      hostPath:
      path: /tmp
  spec.odd: 1
"""
FIELDS = {
    "spec.volumes[0].path": (("spec", "volumes", 0, "path"), 10),
    "spec.volumes[0].path: is deprecated": (("spec", "volumes", 0, "path"), 10),
    "spec.volumes[0].pat": (("spec", "volumes", 0), 8),
    "spec.volumes[7].path": (("spec", "volumes"), 7),
    "spec.spec.odd": (("spec", "spec.odd"), 11),
    "metadata.annotations[a.example.com/b]: is old": (
        ("metadata", "annotations", "a.example.com/b"),
        4,
    ),
    "metadata.annotations.a.example.com/b": (("metadata", "annotations", "a.example.com/b"), 4),
    "metadata.annotations.a": (("metadata", "annotations", "a"), 5),
    "apps/v1 Pod is deprecated": ((), 1),
    "": ((), 1),
}


@pytest.mark.parametrize("path", FIELDS)
def test_a_path_leads_to_its_field_or_to_the_deepest_on_the_way(path):
    """Keys may contain dots, and text may follow the path."""
    (document,) = read(TEXT).objects

    field = find_field(document, path)

    assert (field.steps, field.position.line) == FIELDS[path]


def test_a_dict_has_fields_without_positions():
    """As it was not read from a text."""
    document = {"spec": {"volumes": [{"name": "v"}]}}

    field = find_field(document, "spec.volumes[0].name")

    assert (field.key, field.holder, field.position) == ("name", {"name": "v"}, None)
