"""Tests of reading YAML: aliases, merge keys and bounds."""

import pytest
import yaml

from pytest_podshare.manifests.position import find_position
from pytest_podshare.manifests.source import read
from tests.support.manifest_texts import TWO_DOCUMENTS


@pytest.mark.usefixtures("each_parser")
def test_the_documents_are_those_of_pyyaml():
    """Code that sends them to the API server need not know about positions."""
    documents = tuple(document for document in yaml.safe_load_all(TWO_DOCUMENTS) if document)

    assert read(TWO_DOCUMENTS).documents == documents


@pytest.mark.usefixtures("each_parser")
def test_an_alias_is_a_copy_with_the_position_of_its_anchor():
    """JSON has no aliases; a change in one place must not show in the other."""
    document = read("a: &x {b: [1]}\nc: *x\nd: *x\n").documents[0]
    document["c"]["b"].append(2)

    assert document == {"a": {"b": [1]}, "c": {"b": [1, 2]}, "d": {"b": [1]}}
    assert find_position(document["c"], "b") == (1, 8)
    assert find_position(document, "c") == (2, 1)


@pytest.mark.usefixtures("each_parser")
def test_a_merge_key_adds_only_missing_keys():
    """Written keys win over merged ones, and the first merged mapping over the second."""
    document = read(
        "a: &a {b: 1, c: 1}\nz: &z {c: 2, d: 2}\none: {<<: *a, b: 0}\ntwo: {e: 3, <<: [*a, *z]}\n"
    ).documents[0]

    assert document["one"] == {"b": 0, "c": 1}
    assert document["two"] == {"b": 1, "c": 1, "d": 2, "e": 3}
    assert find_position(document["two"], "d") == (2, 14)
    assert "<<" not in document["two"].key_marks


@pytest.mark.usefixtures("each_parser")
def test_an_anchor_is_unknown_in_the_next_document(error_text):
    """Within a document, a later anchor of the same name replaces an earlier one."""
    assert read("a: [&x 1, &x 2, *x]\n").documents[0]["a"] == [1, 2, 2]
    assert error_text("a: &x 1\n---\nb: *x\n").startswith("<YAML text>:3:4: undefined alias *x.")


def bomb(levels, width=10):
    """Return lists of aliases of lists of aliases."""
    lines = [f"l0: &l0 [{'x, ' * width}]"]
    lines += [f"l{i}: &l{i} [{f'*l{i - 1}, ' * width}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.usefixtures("each_parser")
def test_the_values_of_aliases_are_bounded(error_text):
    """Ten lines must not become ten billion values; a few thousand values are fine."""
    assert error_text(bomb(10)) == (
        "<YAML text>:5:45: the aliases expand to more than 100,000 values.\n"
        f"  5 | {bomb(10).splitlines()[4]}\n"
        "    |                                             ^\n"
        "Write the values out; aliases of aliases grow exponentially."
    )
    assert len(read(bomb(4)).documents[0]["l3"]) == 10


def test_several_documents_share_the_bound_on_aliases(error_text):
    """The bound is for the whole text."""
    assert "the aliases expand to more than" in error_text("---\n".join([bomb(4)] * 12))


@pytest.mark.usefixtures("each_parser")
def test_aliases_do_not_exceed_the_maximum_depth(error_text):
    """A shallow text must not become a deep value."""
    lines = ["a0: &a0 []", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 200))]

    assert "nested more than 100 levels deep" in error_text("\n".join(lines))


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize("opening", ["[", "{a: ", '{"a": ', "- "])
def test_the_depth_is_bounded(opening, error_text):
    """No manifest can exhaust Python's stack; a hundred levels are fine."""
    text = error_text(opening * 5000)

    assert ": nested more than 100 levels deep.\n" in text
    assert "no Kubernetes object is nested that deeply" in text
    assert read(f"a: {'[' * 99}{']' * 99}\n").documents
