"""Tests of the positions that located values remember."""

import copy

import pytest
import yaml

from pytest_podshare.manifests.position import LocatedDict, LocatedList, find_position
from pytest_podshare.manifests.source import read
from tests.support.manifest_texts import TWO_DOCUMENTS


@pytest.mark.usefixtures("each_parser")
def test_mappings_lists_keys_and_entries_have_positions():
    """An error message can name the line and the column of each of them."""
    pod, config = read(TWO_DOCUMENTS).documents
    containers = pod["spec"]["containers"]

    assert find_position(pod) == (1, 1)
    assert find_position(pod, "spec") == (2, 1)
    assert find_position(containers) == (4, 5)
    assert find_position(containers, 0) == find_position(containers[0]) == (4, 7)
    assert find_position(containers[0], "args") == (5, 7)
    assert find_position(containers[0]["args"], 1) == (5, 17)
    assert find_position(config) == (9, 1)


def test_json_values_have_positions():
    """An error in a JSON manifest names its line as well."""
    first, second = read('{\n\t"a": [1, {"b": 2}]\n}\n{"c": 3}').documents

    assert find_position(first) == (1, 1)
    assert find_position(first, "a") == (2, 2)
    assert find_position(first["a"]) == (2, 7)
    assert find_position(first["a"], 1) == find_position(first["a"][1]) == (2, 11)
    assert find_position(second, "c") == (4, 2)


def test_an_added_value_has_the_position_of_its_holder():
    """The value itself was not in the text."""
    spec = read(TWO_DOCUMENTS).documents[0]["spec"]
    spec["containers"].append({"name": "added"})

    assert find_position(spec["containers"], 1) == find_position(spec["containers"])
    assert find_position(spec, "added") == find_position(spec)
    assert find_position(spec["containers"][1]) is None


def test_a_deep_copy_keeps_the_positions_and_is_independent():
    """Errors about a deployed copy still point to the manifest."""
    document = read(TWO_DOCUMENTS).documents[0]
    copied = copy.deepcopy(document)
    copied["spec"]["containers"].clear()
    copied["spec"]["args"] = 1

    assert isinstance(copied["spec"], LocatedDict)
    assert isinstance(copied["spec"]["containers"], LocatedList)
    assert find_position(copied["spec"], "volumes") == (6, 3)
    assert document == yaml.safe_load(TWO_DOCUMENTS.partition("---")[0])


def test_a_deep_copy_preserves_shared_values():
    """A value that is in two places is copied once."""
    document = read("a: {b: 1}\n").documents[0]
    document["c"] = document["a"]
    copied = copy.deepcopy(document)

    assert copied["c"] is copied["a"]
    assert copied["c"] is not document["a"]
