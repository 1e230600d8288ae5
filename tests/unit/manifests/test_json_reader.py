"""Tests of reading JSON."""

import json

import pytest
import yaml

from pytest_podshare.manifests.source import read


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize(
    "text",
    [
        '{\n\t"a":\t{"b": [1, -2.5e3, true, null, []]},\n\t"c": {}\n}\n',
        '{"a": "\\ud83d\\ude00 \\/ \u2028"}',
        '{"' + "a" * 2000 + '": 1}',
        '[{"a": "1"}, "b"]',
    ],
)
def test_json_is_read_as_json(text):
    """Tabs, surrogate pairs and long keys are not YAML, or not for every parser."""
    assert read(text).documents == (json.loads(text),)


@pytest.mark.parametrize(
    "text", ["{a: 1}", "[a, 'b']", '{"a": 1, # one\n}', '{"a": 1,}', "{'a': 1}"]
)
def test_yaml_that_starts_like_json_is_read_as_yaml(text):
    """A brace alone does not make it JSON."""
    assert read(text).documents == (yaml.safe_load(text),)
