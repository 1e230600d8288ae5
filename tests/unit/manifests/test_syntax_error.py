"""Tests of the errors for text that is not YAML, or that Kubernetes would not accept."""

import pytest


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "spec:\n  a: 1\n  b: 2\n  a: 3\n",
            "<YAML text>:4:3: duplicate key 'a', first used on line 2.\n"
            "  4 |   a: 3\n"
            "    |   ^\n"
            "Remove one of the two; Kubernetes would ignore the first.",
        ),
        (
            '{"a": 1,\n "a": 2}',
            "<YAML text>:2:2: duplicate key 'a', first used on line 1.\n"
            '  2 |  "a": 2}\n'
            "    |  ^\n"
            "Remove one of the two; Kubernetes would ignore the first.",
        ),
        (
            "a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n",
            "<YAML text>:4:3: duplicate key '<<', first used on line 3.\n"
            "  4 |   <<: *x\n"
            "    |   ^\n"
            "Remove one of the two; Kubernetes would ignore the first.",
        ),
        (
            "a:\n  - b\n\t- c\n",
            "<YAML text>:3:1: YAML does not allow a tab in the indentation.\n"
            "  3 | \t- c\n"
            "    | ^\n"
            "Indent with spaces.",
        ),
        (
            "a: b\n  \tc: d\n",
            "<YAML text>:2:3: YAML does not allow a tab in the indentation.\n"
            "  2 |   \tc: d\n"
            "    |   ^\n"
            "Indent with spaces.",
        ),
        (
            "on: push\n",
            "<YAML text>:1:1: this key is a boolean, but a key must be a string.\n"
            "  1 | on: push\n"
            "    | ^\n"
            "Put the key in quotes.",
        ),
        (
            "a: {0644: b}\n",
            "<YAML text>:1:5: this key is a number, but a key must be a string.\n"
            "  1 | a: {0644: b}\n"
            "    |     ^\n"
            "Put the key in quotes.",
        ),
        (
            "a: &x ~\n*x : b\n",
            "<YAML text>:2:1: this key is null, but a key must be a string.\n"
            "  2 | *x : b\n"
            "    | ^\n"
            "Write the key out.",
        ),
        (
            "? [a]\n: b\n",
            "<YAML text>:1:3: this key is a list, but a key must be a string.\n"
            "  1 | ? [a]\n"
            "    |   ^\n"
            "Put the key in quotes.",
        ),
        (
            "image: {{ .Values.image }}\n",
            "<YAML text>:1:9: this key is a mapping, but a key must be a string.\n"
            "  1 | image: {{ .Values.image }}\n"
            "    |         ^\n"
            "This looks like a Helm template: pass the chart, or the output of `helm template`.",
        ),
        (
            "a: &x\n  b: *x\n",
            "<YAML text>:2:6: the alias *x is inside the value that it refers to.\n"
            "  2 |   b: *x\n"
            "    |      ^\n"
            "Write out the value that you mean; a value cannot contain itself.",
        ),
        (
            "a: *x\n",
            "<YAML text>:1:4: undefined alias *x.\n"
            "  1 | a: *x\n"
            "    |    ^\n"
            "Put the anchor &x on an earlier value, or write the value out.",
        ),
        (
            "a: {<<: 5}\n",
            "<YAML text>:1:5: the merge key << needs a mapping or a list of mappings.\n"
            "  1 | a: {<<: 5}\n"
            "    |     ^\n"
            "Refer to the anchor of a mapping, or put the key in quotes.",
        ),
        (
            "a: .inf\n",
            "<YAML text>:1:4: .inf is not a number in JSON.\n"
            "  1 | a: .inf\n"
            "    |    ^\n"
            "Put the value in quotes.",
        ),
        (
            "a: !!int b\n",
            "<YAML text>:1:4: the value 'b' does not fit the tag !!int.\n"
            "  1 | a: !!int b\n"
            "    |    ^\n"
            "Remove the tag, or correct the value.",
        ),
        (
            "a: !!binary '*'\n",
            "<YAML text>:1:4: the !!binary value is not base64-encoded UTF-8 text.\n"
            "  1 | a: !!binary '*'\n"
            "    |    ^\n"
            "Remove the tag, or correct the value.",
        ),
        (
            "a: b\nc: d\x00e\n",
            "<YAML text>:2:5: YAML does not allow the character U+0000.\n"
            "  2 | c: d\ufffde\n"
            "    |     ^\n"
            "Remove it, or write it as an escape sequence in double quotes.",
        ),
        (
            "a: \ud800\n",
            "<YAML text>:1:4: YAML does not allow the character U+D800.\n"
            "  1 | a: \ufffd\n"
            "    |    ^\n"
            "Remove it, or write it as an escape sequence in double quotes.",
        ),
        (
            '{"a": "\\ud83d"}',
            "<YAML text>:1:7: incomplete surrogate pair in an escape sequence.\n"
            '  1 | {"a": "\\ud83d"}\n'
            "    |       ^\n"
            "Write the character itself.",
        ),
        (
            "a:\n  b: 'c\n",
            "<YAML text>:2:6: invalid YAML: this quoted string is not closed.\n"
            "  2 |   b: 'c\n"
            "    |      ^\n"
            "Add the closing quote.",
        ),
        (
            "a: [1,\n\n",
            "<YAML text>:1:7: invalid YAML: a bracket is not closed.\n"
            "  1 | a: [1,\n"
            "    |       ^\n"
            "Add the closing bracket.",
        ),
        (
            "a: b\nc\nd: e\n",
            "<YAML text>:2:1: invalid YAML: expected ': ' after this key.\n"
            "  2 | c\n"
            "    | ^\n"
            "Write `key: value`, with a space after the colon.",
        ),
        (
            "kind: PodList\nitems: [{}, pod]\n",
            "<YAML text>:2:13: items[1] must be a mapping, but is a string.\n"
            "  2 | items: [{}, pod]\n"
            "    |             ^\n"
            "Write `key: value` pairs.",
        ),
        (
            "a: b: c\n",
            "<YAML text>:1:5: invalid YAML: unexpected ':'.\n"
            "  1 | a: b: c\n"
            "    |     ^\n"
            "Fix the indentation, or put a value that contains a colon in quotes.",
        ),
        (
            "a: b\n  c: d\n",
            "<YAML text>:2:4: invalid YAML: unexpected ':'.\n"
            "  2 |   c: d\n"
            "    |    ^\n"
            "Fix the indentation, or put a value that contains a colon in quotes.",
        ),
        (
            "a:\n    b: 1\n  c: 2\n",
            "<YAML text>:3:3: invalid YAML:"
            " this line does not fit into the mapping that starts on line 1.\n"
            "  3 |   c: 2\n"
            "    |   ^\n"
            "Fix its indentation.",
        ),
        (
            "a:\n  - b\n  c: d\n",
            "<YAML text>:3:3: invalid YAML:"
            " this line does not fit into the list that starts on line 2.\n"
            "  3 |   c: d\n"
            "    |   ^\n"
            "Fix its indentation.",
        ),
        (
            "a: - b\n",
            "<YAML text>:1:4: invalid YAML: a list cannot start here.\n"
            "  1 | a: - b\n"
            "    |    ^\n"
            "Start the list on the next line, or put the value in quotes.",
        ),
        (
            "a: 'it's'\n",
            "<YAML text>:1:8: invalid YAML: unexpected text.\n"
            "  1 | a: 'it's'\n"
            "    |        ^\n"
            "Remove it, or put the whole value in quotes.",
        ),
        (
            "a: [1, 2\nb: c\n",
            "<YAML text>:2:2: invalid YAML:"
            " expected ',' or ']' in the brackets that open on line 1.\n"
            "  2 | b: c\n"
            "    |  ^\n"
            "Separate the entries with commas, and close the bracket after the last one.",
        ),
        (
            "a: [b,\n---\nc: d\n",
            "<YAML text>:2:1: invalid YAML: a bracket is not closed.\n"
            "  2 | ---\n"
            "    | ^\n"
            "Add the closing bracket.",
        ),
        (
            "a: }\n",
            "<YAML text>:1:4: invalid YAML: unexpected '}'.\n"
            "  1 | a: }\n"
            "    |    ^\n"
            "Remove it, or put the value in quotes.",
        ),
        (
            "a: *.txt\n",
            "<YAML text>:1:4: invalid YAML: text without quotes cannot start with '*'.\n"
            "  1 | a: *.txt\n"
            "    |    ^\n"
            "Put the text in quotes.",
        ),
        (
            "%b: 1\n",
            "<YAML text>:1:1: invalid YAML: text without quotes cannot start with '%'.\n"
            "  1 | %b: 1\n"
            "    | ^\n"
            "Put the text in quotes.",
        ),
        (
            'a: "C:\\Users"\n',
            "<YAML text>:1:9: invalid YAML: invalid escape sequence in a double-quoted string.\n"
            '  1 | a: "C:\\Users"\n'
            "    |         ^\n"
            "Write the backslash twice, or use single quotes.",
        ),
        (
            "a: b\nc:d\ne: f\n",
            "<YAML text>:2:1: invalid YAML: expected ': ' after this key.\n"
            "  2 | c:d\n"
            "    | ^\n"
            "Write `key: value`, with a space after the colon.",
        ),
        (
            "[1]\nc: d\n",
            "<YAML text>:2:1: invalid YAML: unexpected text after the end of the document.\n"
            "  2 | c: d\n"
            "    | ^\n"
            "Separate documents with a line of ---.",
        ),
        (
            "a: 'b\n---\nc: d\n",
            "<YAML text>:1:4: invalid YAML: this quoted string is not closed.\n"
            "  1 | a: 'b\n"
            "    |    ^\n"
            "Add the closing quote.",
        ),
        (
            "a: b\n<<<<<<< HEAD\nc: d\n",
            "<YAML text>:2:1: invalid YAML: expected ': ' after this key.\n"
            "  2 | <<<<<<< HEAD\n"
            "    | ^\n"
            "Resolve the merge conflict.",
        ),
        (
            "a: `b`\n",
            "<YAML text>:1:4: invalid YAML: text without quotes cannot start with '`'.\n"
            "  1 | a: `b`\n"
            "    |    ^\n"
            "Put the text in quotes.",
        ),
    ],
)
def test_an_error_shows_the_problem_the_line_and_the_remedy(text, expected, error_text):
    """The problem with its position, the line with a caret, and what to do."""
    assert error_text(text) == expected


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a: b: c\n", "1:5"),
        ("a: [\n b: }", "2:5"),
        ("a: @b\n", "1:4"),
        ('a: "\\Uffffffff"\n', "1:7"),
        ('a: "\\U44444444"\n', "1:7"),
    ],
)
def test_both_parsers_report_the_same_position(text, position, error_text):
    """They describe some errors in different words."""
    assert error_text(text).startswith(f"<YAML text>:{position}: invalid YAML: ")


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize("text", ['a: "\\ud83d"\n', '"\\udc00": a\n'])
def test_half_a_surrogate_pair_is_an_error(text, error_text):
    """YAML does not join the pairs of escapes that JSON has, and half of one cannot be encoded."""
    assert error_text(text).startswith("<YAML text>:1:")
