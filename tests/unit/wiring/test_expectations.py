"""Tests of the annotation `podshare.dev/expect`."""

import inspect
import json
from pathlib import Path

import pytest

import pytest_podshare
from pytest_podshare import errors
from pytest_podshare.containers import restart_strategies
from pytest_podshare.wiring import expectations, promises
from tests.support.manifest_texts import TWO_CONTAINERS, promises_of, template_of


def expecting(text, *, pod=TWO_CONTAINERS):
    """Return a manifest with the text of an annotation."""
    lines = "".join(f"      {line}\n" for line in text.splitlines())
    annotation = f"  annotations:\n    podshare.dev/expect: |\n{lines}"
    return pod.replace("  name: web\n", f"  name: web\n{annotation}", 1)


def test_an_annotation_can_promise_that_containers_are_apart():
    """Containers with different subPaths promise no exchange by default."""
    text = TWO_CONTAINERS.replace("/a}", "/a, subPath: in}").replace("/b}", "/b, subPath: out}")

    assert promises_of(expecting("c1→c2@v: apart", pod=text))[0] == "c1→c2@v apart"


@pytest.mark.parametrize(
    ("annotation", "promise", "arguments"),
    [
        ("c1→c2@v: apart", "c1→c2@v apart", {"volume": "v"}),
        ("c1->c2@v: apart", "c1→c2@v apart", {"volume": "v"}),
        ('{"c1→c2@v": {"is": "apart", "window": 2}}', "c1→c2@v apart", {"window": 2}),
        ("c1→c2@v: {timeout: 5}", "c1→c2@v visible", {"timeout": 5}),
        (
            "restart@v[c1]: {strategy: term, timeout: 20}",
            "restart@v[c1] survives",
            {"strategy": "term", "timeout": 20},
        ),
        ("deleted@v: survives", "deleted@v survives", {"volume": "v"}),
        (
            "read-only@v[c2]: writable",
            "read-only@v[c2] writable",
            {"container": "c2"},
        ),
        ("medium@v: Disk", "medium@v Disk", {"medium": "Disk"}),
        (
            "medium@v: {is: Memory, size: 8Mi}",
            "medium@v Memory",
            {"medium": "Memory", "size": "8Mi"},
        ),
        (
            'c1→c2:/a/log: {content: "hello", timeout: 3}',
            "c1→c2:/a/log visible",
            {"from_c": "c1", "to_c": "c2", "path": "/a/log", "content": "hello", "timeout": 3},
        ),
        ("c1→c2:/a/log: visible", "c1→c2:/a/log visible", {"path": "/a/log"}),
    ],
)
def test_an_annotation_changes_the_promises(annotation, promise, arguments):
    """It changes the outcome, sets arguments, or adds a file."""
    found = {
        f"{p.id} {p.outcome}": p
        for p in expectations.read_promises(template_of(expecting(annotation)))
    }

    assert promise in found
    assert dict(found[promise].arguments).items() >= arguments.items()


@pytest.mark.parametrize("word", ["off", "'off'", "false"])
def test_an_annotation_turns_a_promise_off(word):
    """YAML reads `off` as false, which means the same."""
    remaining = promises_of(expecting(f"deleted@v: {word}\n'restart@v[c1]': {{is: {word}}}"))

    assert remaining == ["c1→c2@v visible", "c2→c1@v visible", "restart@v[c2] survives"]


def test_a_deletion_comes_after_the_files_of_the_application():
    """The files are in the Pod that was deployed."""
    assert promises_of(expecting("c1→c2:/a/log: on"))[-2:] == [
        "c1→c2:/a/log visible",
        "deleted@v lost",
    ]


def test_the_annotation_can_be_in_the_pod_template():
    """Many Helm charts have values for the annotations of the Pods template_of."""
    text = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata:
      annotations: {podshare.dev/expect: "restart@v[c]: off"}
    spec:
      containers:
        - {name: c, volumeMounts: [{name: v, mountPath: /v}]}
      volumes: [{name: v}]
"""

    assert promises_of(text) == ["deleted@v lost"]


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (
            "deleted@w: off",
            "web.yaml:7:7: annotation podshare.dev/expect: unknown promise 'deleted@w'.\n"
            "  7 |       deleted@w: off\n"
            "    |       ^\n"
            "Did you mean 'deleted@v'?",
        ),
        (
            "restart[c2]@v: off",
            "web.yaml:7:7: annotation podshare.dev/expect: unknown promise 'restart[c2]@v'.\n"
            "  7 |       restart[c2]@v: off\n"
            "    |       ^\n"
            "Did you mean 'restart@v[c2]'?",
        ),
        (
            "read-only[c3]@v: off",
            "web.yaml:7:7: annotation podshare.dev/expect: unknown promise 'read-only[c3]@v'.\n"
            "  7 |       read-only[c3]@v: off\n"
            "    |       ^\n"
            "Did you mean 'read-only@v[c2]'?",
        ),
        (
            "deleted@v: lost\nc1→c2@v: aprt",
            "web.yaml:8:7: annotation podshare.dev/expect: 'c1→c2@v' cannot be 'aprt'.\n"
            "  8 |       c1→c2@v: aprt\n"
            "    |       ^\n"
            "Did you mean 'apart'?",
        ),
        (
            "restart@v[c1]: {stratgy: term}",
            "web.yaml:7:7: annotation podshare.dev/expect:"
            " 'restart@v[c1]' has no argument 'stratgy'.\n"
            "  7 |       restart@v[c1]: {stratgy: term}\n"
            "    |       ^\n"
            "Did you mean 'strategy'?",
        ),
        (
            "c1→c2@v: {timeout: soon}",
            "web.yaml:7:7: annotation podshare.dev/expect:"
            " 'timeout' of 'c1→c2@v' cannot be 'soon'.\n"
            "  7 |       c1→c2@v: {timeout: soon}\n"
            "    |       ^\n"
            "Write a number greater than 0.",
        ),
        (
            "medium@v: {size: 8Mi}",
            "web.yaml:7:7: annotation podshare.dev/expect:"
            " 'medium@v' has no default outcome.\n"
            "  7 |       medium@v: {size: 8Mi}\n"
            "    |       ^\n"
            "Use one of: Memory, Disk.",
        ),
        (
            "c1→c3:/a/log: on",
            "web.yaml:7:7: annotation podshare.dev/expect: the Pod has no container 'c3'.\n"
            "  7 |       c1→c3:/a/log: on\n"
            "    |       ^\n"
            "Use one of: c1, c2.",
        ),
        (
            "c1→c2:/a/log: apart",
            "web.yaml:7:7: annotation podshare.dev/expect: 'c1→c2:/a/log' cannot be 'apart'.\n"
            "  7 |       c1→c2:/a/log: apart\n"
            "    |       ^\n"
            "Use 'visible'.",
        ),
        (
            "- c1→c2@v",
            "web.yaml:7:7: annotation podshare.dev/expect: expected a mapping.\n"
            "  7 |       - c1→c2@v\n"
            "    |       ^\n"
            "Write a line `id: outcome` per promise.",
        ),
        (
            "deleted@v: lost\ndeleted@v: off",
            "web.yaml:8:7: duplicate key 'deleted@v', first used on line 7.\n"
            "  8 |       deleted@v: off\n"
            "    |       ^\n"
            "Remove one of the two; Kubernetes would ignore the first.",
        ),
    ],
)
def test_an_invalid_expectation_is_an_error_with_its_line(annotation, text):
    """The remedy suggests the most similar name."""
    with pytest.raises(errors.ManifestInvalid) as caught:
        promises_of(expecting(annotation))

    assert str(caught.value) == text


def test_an_error_in_a_one_line_annotation_has_the_position_of_its_key():
    """The lines of the annotation's text are not those of the manifest."""
    text = TWO_CONTAINERS.replace(
        "  name: web\n", '  name: web\n  annotations: {podshare.dev/expect: "x: off"}\n', 1
    )

    with pytest.raises(errors.ManifestInvalid, match=r"^web.yaml:5:17: annotation"):
        promises_of(text)


def test_every_assertion_has_the_arguments_that_promises_use():
    """The names are those of the package's public functions."""
    options = [
        *promises.list_options(template_of(TWO_CONTAINERS).wiring),
        *promises.list_options(
            template_of(TWO_CONTAINERS.replace("{}", "{medium: Memory}")).wiring
        ),
        *promises.list_options(
            template_of(
                TWO_CONTAINERS.replace("/a}", "/a, mountPropagation: Bidirectional}")
            ).wiring
        ),
        *promises.list_options(
            template_of(TWO_CONTAINERS.replace("emptyDir: {}", "configMap: {name: c}")).wiring
        ),
    ]
    used = {name: option for option in options for name in option.assertions.values()}

    assert set(used) == set(expectations.ARGUMENTS)
    for name, arguments in expectations.ARGUMENTS.items():
        known = inspect.signature(getattr(pytest_podshare, name)).parameters
        assert set(arguments) | set(used[name].arguments) <= set(known)


def test_the_restart_strategies_are_those_of_the_assertion():
    """A higher layer implements them, which this one must not import."""
    assert tuple(restart_strategies._STRATEGIES) == expectations.STRATEGIES


SCHEMA = json.loads(Path("docs/expectations.schema.json").read_text())


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"c1→c2@v": "apart", "c2->c1@v": False},
        {"c1→c2@v": {"is": "apart", "window": 0.5}},
        {"c1→c2@v": {"timeout": 3}},
        {"c1→c2@v": {"timeout": 0}},
        {"c1→c2@v": {"window": 1}},
        {"c1→c2@v": {"is": "apart", "timeout": 1}},
        {"c1→c2@v": "lost"},
        {"c1→c2@v": None},
        {"c1→c2:/a/log": "on"},
        {"c1→c2:/a/log": {"content": "x"}},
        {"c1→c2:/a/log": {"content": 1}},
        {"c1→c2:/a/log": "off"},
        {"c1→c2:log": "on"},
        {"restart@v[c1]": {"strategy": "image"}},
        {"restart@v[c1]": {"strategy": "hammer"}},
        {"restart@v[c1]": "lost"},
        {"restart[c1]@v": "survives"},
        {"deleted@v": "survives"},
        {"deleted@v": {"is": "lost", "timeout": True}},
        {"deleted@v": {"is": "off"}},
        {"deleted@v": {"is": {"is": "lost"}}},
        {"read-only@v[c2]": "writable"},
        {"read-only@v[c2]": {"is": "writable", "timeout": 1}},
        {"medium@v": {"is": "Memory", "size": "8Mi"}},
        {"medium@v": {"is": "Memory", "size": 8}},
        {"medium@v": "tmpfs"},
        ["deleted@v"],
        "off",
    ],
    ids=str,
)
def test_the_schema_and_the_plugin_agree(expected):
    """An editor underlines exactly what the plugin rejects."""
    jsonschema = pytest.importorskip("jsonschema")
    is_valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(expected)

    try:
        expectations.apply(template_of(TWO_CONTAINERS).wiring, expected)
    except expectations.ExpectationError:
        assert not is_valid
    else:
        assert is_valid
