"""Tests of scalars, which mean what they mean to kubectl."""

import json
import shutil
import subprocess

import pytest

from pytest_podshare.manifests.position import LocatedDict, find_position
from pytest_podshare.manifests.source import read

SCALARS = {
    "yes": True, "on": True, "y": True, "True": True, "no": False, "Off": False, "n": False,
    "tRUE": "tRUE", "~": None, "null": None, "''": "", "'yes'": "yes",
    "12": 12, "-7": -7, "+5": 5, "1_000": 1000, "0644": 0o644, "0o644": 0o644, "0x1F": 31,
    "0b101": 5, "-0x1F": -31, "08": 8.0, "00": 0, "-0": 0, "0o": "0o", "0o8": "0o8", "0b2": "0b2",
    "1.5": 1.5, ".5": 0.5, "5.": 5.0, "1e3": 1e3, "1E-3": 1e-3, "1e400": "1e400", "1.5.2": "1.5.2",
    "+": "+", ".": ".", "..": "..", "_1": "_1", "64Mi": "64Mi", "1e": "1e",
    "1:30": "1:30", "190:20:30": "190:20:30", "2001-01-01": "2001-01-01",
    "2026-13-45": "2026-13-45", "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "=": "=", "'<<'": "<<", "!Ref 5": "5", "! 12": "12", "!!str 1": "1", "!!str ~": "~",
    "!!int '0644'": 0o644, "!!float 1": 1, "!!bool 'yes'": True, "!!null ''": None,
    "!!timestamp 2001-01-01": "2001-01-01", "!!binary aGk=": "hi",
    "!!set {b, c}": {"b": None, "c": None}, "!Sub {b: 1}": {"b": 1},
}  # fmt: skip


def value_of(text):
    """Return the value of the key `a`."""
    return read(text).documents[0]["a"]


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize(("text", "expected"), SCALARS.items())
def test_a_scalar_has_the_value_that_kubectl_reads(text, expected):
    """YAML 1.1 without the dates and base-60 numbers that PyYAML would produce."""
    value = value_of(f"a: {text}\n")

    assert value == expected
    assert type(value) in (type(expected), LocatedDict)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_kubectl_reads_the_same_values():
    """The table above is what kubectl does."""
    entries = "".join(f"  - {text}\n" for text in SCALARS)
    text = f"apiVersion: x.example.com/v1\nkind: T\nmetadata: {{name: t}}\nspec:\n{entries}"
    kubectl = subprocess.run(
        ["kubectl", "annotate", "--local", "-f", "-", "a=b", "-o", "json"],
        input=text, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert json.loads(kubectl.stdout)["spec"] == read(text).documents[0]["spec"]


@pytest.mark.usefixtures("each_parser")
def test_an_integer_of_more_than_64_bits_becomes_a_float():
    """As in the JSON that kubectl sends."""
    assert value_of("a: 18446744073709551615\n") == 2**64 - 1
    assert type(value_of("a: 18446744073709551616\n")) is float
    assert value_of(f"a: {'9' * 5000}\n") == "9" * 5000


@pytest.mark.usefixtures("each_parser")
def test_an_integer_key_becomes_a_string():
    """A port as a key of a ConfigMap needs no quotes."""
    data = read("data: {8080: web}\n").documents[0]["data"]

    assert data == {"8080": "web"}
    assert find_position(data, "8080") == (1, 8)


@pytest.mark.parametrize(
    ("tag", "value"),
    [("object/apply:os.getcwd []", []), ("object:os._Environ {}", {}), ("name:os.getcwd", "")],
)
def test_no_tag_creates_a_python_object(tag, value):
    """A manifest is data and never code."""
    assert read(f"kind: !!python/{tag}\n").documents == ({"kind": value},)
