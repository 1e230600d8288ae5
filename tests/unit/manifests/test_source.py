"""Text made into values that know where they stand, and what is said of text that cannot be."""

import copy
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.manifests import source, yaml_reader
from pytest_podshare.manifests.position import LocatedDict, LocatedList, position
from pytest_podshare.manifests.source import read

PARSERS = sorted({yaml.SafeLoader, yaml_reader.PARSER}, key=lambda parser: parser.__name__)
TEXT = """\
kind: Pod
spec:
  containers:
    - name: c1
      args: [a, "b"]
  volumes: []
---
---
{kind: ConfigMap}
"""


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__)
def _parser(request, monkeypatch):
    """Either of PyYAML's parsers: the one in C is not everywhere."""
    monkeypatch.setattr(yaml_reader, "PARSER", request.param)


def value_of(text):
    """What the key `a` of a YAML text means."""
    return read(text).documents[0]["a"]


def refused(text):
    """The whole text of the error that reading it gives."""
    with pytest.raises(errors.ManifestInvalid) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.usefixtures("_parser")
def test_each_value_knows_where_it_stands():
    """A message can name the line and the column of a mapping, a key and an entry."""
    pod, config = read(TEXT).documents
    containers = pod["spec"]["containers"]

    assert position(pod) == (1, 1)
    assert position(pod, "spec") == (2, 1)
    assert position(containers) == (4, 5)
    assert position(containers, 0) == position(containers[0]) == (4, 7)
    assert position(containers[0], "args") == (5, 7)
    assert position(containers[0]["args"], 1) == (5, 17)
    assert position(config) == (9, 1)


def test_what_no_text_has_stands_nowhere_of_its_own():
    """What a caller adds to a value is told with the place of the value that holds it."""
    found = read(TEXT).documents[0]["spec"]
    found["containers"].append({"name": "added"})

    assert position(found["containers"], 1) == position(found["containers"])
    assert position(found, "added") == position(found)
    assert position(found["containers"][1]) is None


@pytest.mark.usefixtures("_parser")
def test_the_values_are_those_of_yaml():
    """Whoever sends them to the API server need not know that they are located."""
    assert read(TEXT).documents == tuple(each for each in yaml.safe_load_all(TEXT) if each)


def test_a_deep_copy_knows_the_places_and_is_its_own():
    """Deploying changes a copy, and can still say where it came from."""
    found = read(TEXT).documents[0]
    copied = copy.deepcopy(found)
    copied["spec"]["containers"].clear()
    copied["spec"]["args"] = 1

    assert isinstance(copied["spec"], LocatedDict)
    assert isinstance(copied["spec"]["containers"], LocatedList)
    assert position(copied["spec"], "volumes") == (6, 3)
    assert found == yaml.safe_load(TEXT.partition("---")[0])


def test_a_deep_copy_keeps_what_is_one_value_one():
    """A value that a caller put in two places is not torn apart."""
    found = read("a: {b: 1}\n").documents[0]
    found["c"] = found["a"]
    copied = copy.deepcopy(found)

    assert copied["c"] is copied["a"]
    assert copied["c"] is not found["a"]


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


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(("text", "expected"), SCALARS.items())
def test_a_scalar_means_what_it_means_to_kubectl(text, expected):
    """YAML 1.1 without dates and numbers to the base of sixty, which PyYAML would make of them."""
    found = value_of(f"a: {text}\n")

    assert found == expected
    assert type(found) in (type(expected), LocatedDict)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on the PATH")
def test_kubectl_itself_reads_the_same():
    """The table above is not an opinion."""
    entries = "".join(f"  - {text}\n" for text in SCALARS)
    text = f"apiVersion: x.example.com/v1\nkind: T\nmetadata: {{name: t}}\nspec:\n{entries}"
    told = subprocess.run(
        ["kubectl", "annotate", "--local", "-f", "-", "a=b", "-o", "json"],
        input=text, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert json.loads(told.stdout)["spec"] == read(text).documents[0]["spec"]


@pytest.mark.usefixtures("_parser")
def test_a_whole_number_larger_than_any_other_is_a_float():
    """As in JSON, where Kubernetes knows 64 bits."""
    assert value_of("a: 18446744073709551615\n") == 2**64 - 1
    assert type(value_of("a: 18446744073709551616\n")) is float
    assert value_of(f"a: {'9' * 5000}\n") == "9" * 5000


@pytest.mark.usefixtures("_parser")
def test_a_number_as_a_key_is_its_text():
    """The ports that are keys of a ConfigMap need no quotes."""
    found = read("data: {8080: web}\n").documents[0]["data"]

    assert found == {"8080": "web"}
    assert position(found, "8080") == (1, 8)


@pytest.mark.usefixtures("_parser")
def test_an_alias_is_a_copy_that_stands_where_its_anchor_does():
    """In JSON nothing is in two places; a change at one must not show at the other."""
    found = read("a: &x {b: [1]}\nc: *x\nd: *x\n").documents[0]
    found["c"]["b"].append(2)

    assert found == {"a": {"b": [1]}, "c": {"b": [1, 2]}, "d": {"b": [1]}}
    assert position(found["c"], "b") == (1, 8)
    assert position(found, "c") == (2, 1)


@pytest.mark.usefixtures("_parser")
def test_merge_keys_give_what_is_not_there():
    """What is written wins over what is merged, and of two that are merged the first."""
    found = read(
        "a: &a {b: 1, c: 1}\nz: &z {c: 2, d: 2}\none: {<<: *a, b: 0}\ntwo: {e: 3, <<: [*a, *z]}\n"
    ).documents[0]

    assert found["one"] == {"b": 0, "c": 1}
    assert found["two"] == {"b": 1, "c": 1, "d": 2, "e": 3}
    assert position(found["two"], "d") == (2, 14)
    assert "<<" not in found["two"].keys_at


@pytest.mark.usefixtures("_parser")
def test_anchors_end_with_their_document():
    """As in YAML; a name may be given anew."""
    assert value_of("a: [&x 1, &x 2, *x]\n") == [1, 2, 2]
    assert refused("a: &x 1\n---\nb: *x\n").startswith("the given YAML:3:4: the alias *x names no")


@pytest.mark.usefixtures("_parser")
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
    """Tabs, pairs of escapes and long keys are no YAML, or not for every parser."""
    assert read(text).documents == (json.loads(text),)


def test_json_values_know_where_they_stand():
    """A message about a JSON manifest names its line as well."""
    found, after = read('{\n\t"a": [1, {"b": 2}]\n}\n{"c": 3}').documents

    assert position(found) == (1, 1)
    assert position(found, "a") == (2, 2)
    assert position(found["a"]) == (2, 7)
    assert position(found["a"], 1) == position(found["a"][1]) == (2, 11)
    assert position(after, "c") == (4, 2)


@pytest.mark.parametrize(
    "text", ["{a: 1}", "[a, 'b']", '{"a": 1, # one\n}', '{"a": 1,}', "{'a': 1}"]
)
def test_yaml_that_begins_like_json_is_yaml(text):
    """A brace alone does not make JSON."""
    assert read(text).documents == (yaml.safe_load(text),)


def test_a_byte_order_mark_is_no_content():
    """Some editors on Windows leave one; kubectl takes it."""
    assert read("\ufeffa: 1\n".encode()).documents == ({"a": 1},)
    assert position(read("\ufeffa: 1\n".encode()).documents[0]) == (1, 1)
    assert read('\ufeff{"a": "\\ud83d\\ude00"}').documents == ({"a": "\U0001f600"},)


def test_the_objects_of_lists_are_taken_out_of_them():
    """A List may hold others, and one of a single kind need not say it for each entry."""
    objects = read(
        "kind: List\nitems:\n- {kind: Pod}\n- {kind: List, items: [{kind: Job}]}\n"
        "---\nkind: PodList\napiVersion: v1\nitems: [{metadata: {name: p}}]\n"
        "---\nkind: List\n---\n- no object\n---\nkind: AllowList\nspec: {}\n"
    ).objects

    assert [each["kind"] for each in objects] == ["Pod", "Job", "Pod", "AllowList"]
    assert objects[2]["apiVersion"] == "v1"


def test_a_source_has_the_name_it_is_given(tmp_path):
    """A path is its own name; what comes from elsewhere can be called what it is."""
    path = tmp_path / "pod.yaml"
    path.write_text("a: 1\n")

    assert read(path).origin == str(path)
    assert read(b"a: 1\n", origin="<stdin>").origin == "<stdin>"
    assert read("a: 1\n").origin == "the given YAML"
    assert read({"a": 1}).origin == "the given dict"


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "spec:\n  a: 1\n  b: 2\n  a: 3\n",
            "the given YAML:4:3: the key 'a' comes twice in one mapping, first in line 2.\n"
            "  4 |   a: 3\n"
            "    |   ^\n"
            "Keep one of the two; Kubernetes would see the last alone.",
        ),
        (
            '{"a": 1,\n "a": 2}',
            "the given YAML:2:2: the key 'a' comes twice in one mapping, first in line 1.\n"
            '  2 |  "a": 2}\n'
            "    |  ^\n"
            "Keep one of the two; Kubernetes would see the last alone.",
        ),
        (
            "a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n",
            "the given YAML:4:3: the key '<<' comes twice in one mapping, first in line 3.\n"
            "  4 |   <<: *x\n"
            "    |   ^\n"
            "Keep one of the two; Kubernetes would see the last alone.",
        ),
        (
            "a:\n  - b\n\t- c\n",
            "the given YAML:3:1: a tab stands where YAML wants spaces.\n"
            "  3 | \t- c\n"
            "    | ^\n"
            "Indent with spaces.",
        ),
        (
            "a: b\n  \tc: d\n",
            "the given YAML:2:3: a tab stands where YAML wants spaces.\n"
            "  2 |   \tc: d\n"
            "    |   ^\n"
            "Indent with spaces.",
        ),
        (
            "on: push\n",
            "the given YAML:1:1: the key on is no string but a truth value.\n"
            "  1 | on: push\n"
            "    | ^\n"
            "Write it in quotes.",
        ),
        (
            "a: {0644: b}\n",
            "the given YAML:1:5: the key 0644 is no string but a number.\n"
            "  1 | a: {0644: b}\n"
            "    |     ^\n"
            "Write it in quotes.",
        ),
        (
            "a: &x ~\n*x : b\n",
            "the given YAML:2:1: the key *x is no string but nothing.\n"
            "  2 | *x : b\n"
            "    | ^\n"
            "Write it in quotes.",
        ),
        (
            "? [a]\n: b\n",
            "the given YAML:1:3: this key is no string but a collection.\n"
            "  1 | ? [a]\n"
            "    |   ^\n"
            "Write it in quotes.",
        ),
        (
            "image: {{ .Values.image }}\n",
            "the given YAML:1:9: this key is no string but a collection.\n"
            "  1 | image: {{ .Values.image }}\n"
            "    |         ^\n"
            "It looks like a chart's template: give the chart, or what `helm template` prints.",
        ),
        (
            "a: &x\n  b: *x\n",
            "the given YAML:2:6: the alias *x stands within what it names.\n"
            "  2 |   b: *x\n"
            "    |      ^\n"
            "Write out what is meant; nothing can hold itself.",
        ),
        (
            "a: *x\n",
            "the given YAML:1:4: the alias *x names no anchor before it.\n"
            "  1 | a: *x\n"
            "    |    ^\n"
            "Give the value that is meant the anchor &x, or write it out.",
        ),
        (
            "a: {<<: 5}\n",
            "the given YAML:1:5: what << merges in is neither a mapping nor a list of mappings.\n"
            "  1 | a: {<<: 5}\n"
            "    |     ^\n"
            "Name the anchor of a mapping, or quote the key.",
        ),
        (
            "a: .inf\n",
            "the given YAML:1:4: .inf is a number that JSON does not know.\n"
            "  1 | a: .inf\n"
            "    |    ^\n"
            "Write it in quotes.",
        ),
        (
            "a: !!int b\n",
            "the given YAML:1:4: 'b' is no int, as its tag says.\n"
            "  1 | a: !!int b\n"
            "    |    ^\n"
            "Take the tag out, or mend the value.",
        ),
        (
            "a: !!binary '*'\n",
            "the given YAML:1:4: a !!binary that is no base64 of a text.\n"
            "  1 | a: !!binary '*'\n"
            "    |    ^\n"
            "Take the tag out, or mend the value.",
        ),
        (
            "a: b\nc: d\x00e\n",
            "the given YAML:2:5: the character U+0000 must not stand in YAML.\n"
            "  2 | c: d\ufffde\n"
            "    |     ^\n"
            "Take it out, or write it as an escape in double quotes.",
        ),
        (
            "a: \ud800\n",
            "the given YAML:1:4: the character U+D800 must not stand in YAML.\n"
            "  1 | a: \ufffd\n"
            "    |    ^\n"
            "Take it out, or write it as an escape in double quotes.",
        ),
        (
            '{"a": "\\ud83d"}',
            "the given YAML:1:7: an escape is half a character.\n"
            '  1 | {"a": "\\ud83d"}\n'
            "    |       ^\n"
            "Write the character itself.",
        ),
        (
            "a:\n  b: 'c\n",
            "the given YAML:2:6: this is no YAML: while scanning a quoted scalar, the text ends.\n"
            "  2 |   b: 'c\n"
            "    |      ^\n"
            "Mend the line; often it is the indentation, a tab, or a missing quote.",
        ),
        (
            "a: [1,\n\n",
            "the given YAML:1:7: this is no YAML: while parsing a flow node, the text ends.\n"
            "  1 | a: [1,\n"
            "    |       ^\n"
            "Mend the line; often it is the indentation, a tab, or a missing quote.",
        ),
        (
            "a: b\nc\nd: e\n",
            "the given YAML:2:1: this is no YAML: could not find expected ':'.\n"
            "  2 | c\n"
            "    | ^\n"
            "Mend the line; often it is the indentation, a tab, or a missing quote.",
        ),
        (
            "kind: PodList\nitems: [{}, pod]\n",
            "the given YAML:2:13: items[1] is a string, not a mapping.\n"
            "  2 | items: [{}, pod]\n"
            "    |             ^\n"
            "Write it as keys with values, indented below its own key.",
        ),
    ],
)
def test_what_cannot_be_meant_is_shown_where_it_stands(text, expected):
    """One line says what and where, the next two show it, the last says what to do."""
    assert refused(text) == expected


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: b: c\n", "1:5"),
        ("a: [\n b: }", "2:5"),
        ("a: @b\n", "1:4"),
        ('a: "\\Uffffffff"\n', "1:7"),
        ('a: "\\U44444444"\n', "1:7"),
    ],
)
def test_what_is_no_yaml_is_said_in_the_words_of_the_parser(text, place):
    """The two parsers differ in their words and not in the place."""
    assert refused(text).startswith(f"the given YAML:{place}: this is no YAML: ")


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize("text", ['a: "\\ud83d"\n', '"\\udc00": a\n'])
def test_half_a_character_is_refused(text):
    """JSON's pairs of escapes are none to YAML, and what comes of one could not be sent."""
    assert refused(text).startswith("the given YAML:1:")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"a: b\nc: caf\xe9\n",
            "the given YAML:2:7: this byte is no UTF-8.\n"
            "  2 | c: caf\ufffd\n"
            "    |       ^\n"
            "Save the file as UTF-8.",
        ),
        (
            "a: b\n".encode("utf-16"),
            "the given YAML:1:1: this is UTF-16 and not UTF-8.\nSave the file as UTF-8.",
        ),
    ],
)
def test_bytes_that_are_no_utf_8_are_refused(content, expected):
    """Kubernetes knows no other encoding."""
    assert refused(content) == expected


def bomb(levels, each=10):
    """Lists of aliases of lists of aliases."""
    lines = [f"l0: &l0 [{'x, ' * each}]"]
    lines += [f"l{i}: &l{i} [{f'*l{i - 1}, ' * each}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.usefixtures("_parser")
def test_aliases_of_aliases_are_bounded():
    """Ten lines must not become ten thousand million values; a few thousand are fine."""
    assert refused(bomb(10)) == (
        "the given YAML:5:45: the aliases make more than 100,000 values.\n"
        f"  5 | {bomb(10).splitlines()[4]}\n"
        "    |                                             ^\n"
        "Write out what is meant; aliases of aliases grow without bounds."
    )
    assert len(read(bomb(4)).documents[0]["l3"]) == 10


@pytest.mark.parametrize(
    ("tag", "value"),
    [("object/apply:os.getcwd []", []), ("object:os._Environ {}", {}), ("name:os.getcwd", "")],
)
def test_no_tag_makes_an_object_of_python(tag, value):
    """A manifest is data, whatever it calls itself."""
    assert read(f"kind: !!python/{tag}\n").documents == ({"kind": value},)


def test_many_documents_are_no_way_round_the_bound():
    """What aliases may add is counted for the whole text."""
    assert "the aliases make more than" in refused("---\n".join([bomb(4)] * 12))


@pytest.mark.usefixtures("_parser")
def test_aliases_make_nothing_deeper():
    """A text of no great depth must not become a value of one."""
    lines = ["a0: &a0 []", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 200))]

    assert "nested more than 100 levels deep" in refused("\n".join(lines))


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize("opening", ["[", "{a: ", '{"a": ', "- "])
def test_depth_is_bounded(opening):
    """No one can make Python run out of its stack; a hundred levels are fine."""
    text = refused(opening * 5000)

    assert ": this is nested more than 100 levels deep.\n" in text
    assert "Nothing that Kubernetes knows is" in text
    assert read(f"a: {'[' * 99}{']' * 99}\n").documents


def test_size_is_bounded(tmp_path, monkeypatch):
    """A manifest that is none, such as an image, is not read to its end."""
    monkeypatch.setattr(source, "LARGEST", 2 * 2**20)
    path = tmp_path / "large.yaml"
    path.write_text("a: b\n" + "#" * source.LARGEST)

    assert refused(path) == (
        f"{path} is larger than 2 MiB.\nGive the manifests alone, in several files."
    )
    assert refused(path.read_bytes()).startswith("the given YAML is larger than 2 MiB.")


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("\0", "embedded null byte")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, reason):
    """What the system says of it, without a traceback of ours."""
    path = Path(f"{tmp_path}/{name}")

    assert refused(path) == (
        f"{str(path)!r} cannot be read: {reason}.\nGive the path of a readable YAML file."
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\u65e5\u672c: a: b", "    |        ^"),
        ("e\u0301: a: b", "    |     ^"),
        ('a:\t"b"\tc', "    |   \t   \t^"),
    ],
)
def test_the_caret_stands_below_what_it_means(line, shown):
    """Wide characters, combining ones and tabs take the room that they take."""
    assert refused(f"{line}\n").splitlines()[2] == shown


def test_a_long_line_is_cut_around_the_caret():
    """A manifest of one line does not fill the screen."""
    _, line, caret, _ = refused(
        f"{{'a': {'b' * 500}, 'c': 1, 'c': 2, 'd': {'e' * 500}}}"
    ).splitlines()

    assert len(line) < 120
    assert line[caret.index("^") :].startswith("'c': 2")
    assert line.startswith("  1 | …b")
