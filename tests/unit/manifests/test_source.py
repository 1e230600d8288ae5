"""Tests of reading manifests from paths, text, bytes and dicts."""

from pathlib import Path

import pytest

from pytest_podshare.manifests import source
from pytest_podshare.manifests.position import find_position
from pytest_podshare.manifests.source import read


def test_a_byte_order_mark_is_ignored():
    """Some editors on Windows write one; kubectl accepts it."""
    assert read("\ufeffa: 1\n".encode()).documents == ({"a": 1},)
    assert find_position(read("\ufeffa: 1\n".encode()).documents[0]) == (1, 1)
    assert read('\ufeff{"a": "\\ud83d\\ude00"}').documents == ({"a": "\U0001f600"},)


def test_the_items_of_lists_are_objects():
    """A List may contain Lists, and the items of a PodList need no kind."""
    objects = read(
        "kind: List\nitems:\n- {kind: Pod}\n- {kind: List, items: [{kind: Job}]}\n"
        "---\nkind: PodList\napiVersion: v1\nitems: [{metadata: {name: p}}]\n"
        "---\nkind: List\n---\n- no object\n---\nkind: AllowList\nspec: {}\n"
    ).objects

    assert [document["kind"] for document in objects] == ["Pod", "Job", "Pod", "AllowList"]
    assert objects[2]["apiVersion"] == "v1"


def test_a_manifest_has_an_origin(tmp_path):
    """By default the path of a file, or what kind of value it is."""
    path = tmp_path / "pod.yaml"
    path.write_text("a: 1\n")

    assert read(path).origin == str(path)
    assert read(b"a: 1\n", origin="<stdin>").origin == "<stdin>"
    assert read("a: 1\n").origin == "<YAML text>"
    assert read({"a": 1}).origin == "<dict>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"a: b\nc: caf\xe9\n",
            "<YAML text>:2:7: invalid UTF-8 byte 0xE9.\n"
            "  2 | c: caf\ufffd\n"
            "    |       ^\n"
            "Save the file as UTF-8.",
        ),
        (
            "a: b\n".encode("utf-16"),
            "<YAML text>:1:1: the encoding is UTF-16, not UTF-8.\nSave the file as UTF-8.",
        ),
    ],
)
def test_bytes_in_another_encoding_than_utf_8_are_an_error(content, expected, error_text):
    """Kubernetes knows no other encoding."""
    assert error_text(content) == expected


def test_the_size_is_bounded(tmp_path, monkeypatch, error_text):
    """A large file, such as an image, is not read to its end."""
    monkeypatch.setattr(source, "MAX_BYTES", 2 * 2**20)
    path = tmp_path / "large.yaml"
    path.write_text("a: b\n" + "#" * source.MAX_BYTES)

    assert error_text(path) == f"{path} is larger than 2 MiB.\nSplit it into several manifests."
    assert error_text(path.read_bytes()).startswith("<YAML text> is larger than 2 MiB.")


@pytest.mark.parametrize("size", [2**16 - 1, 2**16, 2**16 + 1, 3 * 2**16])
def test_a_manifest_of_any_size_below_is_read_to_its_end(tmp_path, size):
    """Most manifests fit into one small buffer; the others are no shorter for that."""
    content = b"a: b\n#".ljust(size - 1, b"-") + b"\n"
    path = tmp_path / "manifest.yaml"
    path.write_bytes(content)

    assert source.read_bytes(path) == content


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("\0", "embedded null byte")])
def test_an_unreadable_file_is_an_error_with_the_reason(tmp_path, name, reason, error_text):
    """The reason is that of the operating system."""
    path = Path(f"{tmp_path}/{name}")

    assert error_text(path) == (
        f"Cannot read {str(path)!r}: {reason}.\nPass the path of a readable YAML file."
    )
