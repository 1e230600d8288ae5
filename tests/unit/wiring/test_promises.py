"""What a wiring promises by itself, and by its manifest's own words."""

import inspect
import json
from pathlib import Path

import pytest

import pytest_podshare
from pytest_podshare import errors
from pytest_podshare.containers import restart_strategies
from pytest_podshare.manifests import source
from pytest_podshare.wiring import expectations, promises, templates

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: c1
      image: busybox
      volumeMounts: [{name: v, mountPath: /a}]
    - name: c2
      image: busybox
      volumeMounts: [{name: v, mountPath: /b}]
  volumes:
    - name: v
      emptyDir: {}
"""


def only(text):
    """The one Pod template of a manifest."""
    (found,) = templates.templates(source.read(text, origin="web.yaml"))
    return found


def promised(text):
    """What the manifest promises, as `id word`."""
    return [f"{each.id} {each.word}" for each in expectations.promised(only(text))]


def expecting(text, *, pod=POD):
    """The manifest with an annotation."""
    lines = "".join(f"      {line}\n" for line in text.splitlines())
    annotation = f"  annotations:\n    podshare.dev/expect: |\n{lines}"
    return pod.replace("  name: web\n", f"  name: web\n{annotation}", 1)


def test_what_two_containers_with_an_emptydir_promise():
    """Each sees the other, each may be restarted; that all is lost with the Pod comes last."""
    found = expectations.promised(only(POD))

    assert [(each.id, each.word, each.assertion, dict(each.arguments)) for each in found] == [
        (
            "c1→c2@v",
            "visible",
            "assert_file_visible",
            {"from_c": "c1", "to_c": "c2", "volume": "v"},
        ),
        (
            "c2→c1@v",
            "visible",
            "assert_file_visible",
            {"from_c": "c2", "to_c": "c1", "volume": "v"},
        ),
        (
            "restart[c1]@v",
            "survives",
            "assert_survives_restart",
            {"container": "c1", "volume": "v"},
        ),
        (
            "restart[c2]@v",
            "survives",
            "assert_survives_restart",
            {"container": "c2", "volume": "v"},
        ),
        ("deleted@v", "lost", "assert_lost_on_delete", {"volume": "v"}),
    ]


def test_a_promise_knows_the_line_of_the_readers_mount():
    """That is where to look when it is broken."""
    found = {each.id: each.at.line for each in expectations.promised(only(POD))}

    assert found["c1→c2@v"] == 12
    assert found["restart[c1]@v"] == 9
    assert found["deleted@v"] == 14


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        ("/a}", "/a, readOnly: true}", {"c1→c2@v", "restart[c1]@v"}),
        ("/a}", "/a, subPath: x.conf}", {"c1→c2@v", "c2→c1@v", "restart[c1]@v"}),
        ("emptyDir: {}", "persistentVolumeClaim: {claimName: d, readOnly: true}", "all"),
        ("emptyDir: {}", "configMap: {name: c}", "all"),
        ("emptyDir: {}", "hostPath: {path: /dev/log, type: Socket}", "all"),
        ("emptyDir: {}", "hostPath: {path: /var/run/docker.sock}", "all"),
        ("emptyDir: {}", "hostPath: {path: /proc}", "all"),
        ("emptyDir: {}", "csi: {driver: d, readOnly: true}", "all"),
        ("emptyDir: {}", "future: {}", {"deleted@v"}),
        (
            "  containers:",
            "  restartPolicy: Never\n  containers:",
            {"restart[c1]@v", "restart[c2]@v"},
        ),
        ("    - name: c1", "    - name: c1\n      restartPolicy: Never", {"restart[c1]@v"}),
        ("  containers:\n    - name: c1", "  initContainers:\n    - name: c1", "c1"),
    ],
)
def test_what_is_not_promised(old, new, gone):
    """A mutated twin of the Pod promises less: nothing that Kubernetes does not."""
    assert old in POD
    text = POD.replace(old, new, 1)
    if gone == "c1":
        text = text.replace("    - name: c2", "  containers:\n    - name: c2", 1)
    before = {each.id for each in expectations.promised(only(POD))}
    after = {each.id for each in expectations.promised(only(text))}

    if gone == "c1":
        assert after == {"restart[c2]@v", "deleted@v"}
    else:
        assert before - after == (before if gone == "all" else gone)


@pytest.mark.parametrize(
    ("old", "new", "more"),
    [
        ("/b}", "/b, readOnly: true}", ["read-only[c2]@v read-only"]),
        ("emptyDir: {}", "emptyDir: {medium: Memory}", ["medium@v Memory"]),
        ("emptyDir: {}", "persistentVolumeClaim: {claimName: d}", ["deleted@v survives"]),
        ("emptyDir: {}", "hostPath: {path: /d}", ["deleted@v survives"]),
        ("emptyDir: {}", "nfs: {server: s, path: /d}", ["deleted@v survives"]),
        ("emptyDir: {}", "iscsi: {targetPortal: t}", ["deleted@v survives"]),
        ("emptyDir: {}", "ephemeral: {volumeClaimTemplate: {spec: {}}}", []),
        ("emptyDir: {}", "csi: {driver: d}", []),
    ],
)
def test_what_else_is_promised(old, new, more):
    """Of mounts that are read-only, of memory, and of volumes that stay."""
    assert old in POD
    before, after = promised(POD), promised(POD.replace(old, new, 1))

    assert [each for each in after if each not in before] == more


def test_containers_in_different_subpaths_promise_no_exchange():
    """They do not meet; that they are apart may be asked for."""
    text = POD.replace("/a}", "/a, subPath: in}").replace("/b}", "/b, subPath: out}")

    assert promised(text) == ["restart[c1]@v survives", "restart[c2]@v survives", "deleted@v lost"]
    assert promised(expecting("c1→c2@v: apart", pod=text))[0] == "c1→c2@v apart"


def test_a_sidecar_takes_part_whatever_the_pods_restart_policy():
    """It runs as long as the others, and is always restarted."""
    text = POD.replace(
        "  containers:\n    - name: c1", "  initContainers:\n    - name: c1"
    ).replace(
        "    - name: c2",
        "      restartPolicy: Always\n  restartPolicy: Never\n  containers:\n    - name: c2",
    )

    assert promised(text) == [
        "c1→c2@v visible",
        "c2→c1@v visible",
        "restart[c1]@v survives",
        "deleted@v lost",
    ]


def test_the_claims_of_a_statefulset_are_promised_to_stay():
    """They stand in no volume of the Pod's own."""
    text = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    spec:
      containers:
        - name: db
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
"""

    assert promised(text) == ["restart[db]@data survives", "deleted@data survives"]


@pytest.mark.parametrize(
    ("annotation", "promise", "arguments"),
    [
        ("c1→c2@v: apart", "c1→c2@v apart", {"volume": "v"}),
        ("c1->c2@v: apart", "c1→c2@v apart", {"volume": "v"}),
        ('{"c1→c2@v": {"is": "apart", "window": 2}}', "c1→c2@v apart", {"window": 2}),
        ("c1→c2@v: {timeout: 5}", "c1→c2@v visible", {"timeout": 5}),
        (
            "restart[c1]@v: {strategy: term, timeout: 20}",
            "restart[c1]@v survives",
            {"strategy": "term", "timeout": 20},
        ),
        ("deleted@v: survives", "deleted@v survives", {"volume": "v"}),
        ("read-only[c2]@v: writable", "read-only[c2]@v writable", {"container": "c2"}),
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
def test_an_annotation_says_otherwise(annotation, promise, arguments):
    """It turns a promise round, gives it arguments, or adds one."""
    found = {
        f"{each.id} {each.word}": each
        for each in expectations.promised(only(expecting(annotation)))
    }

    assert promise in found
    assert dict(found[promise].arguments).items() >= arguments.items()


@pytest.mark.parametrize("word", ["off", "'off'", "false"])
def test_an_annotation_switches_a_promise_off(word):
    """The others stay; YAML's own reading of `off` is what is meant."""
    left = promised(expecting(f"deleted@v: {word}\n'restart[c1]@v': {{is: {word}}}"))

    assert left == ["c1→c2@v visible", "c2→c1@v visible", "restart[c2]@v survives"]


def test_what_takes_a_new_pod_comes_after_the_files_of_the_application():
    """The application's files are those of the Pod that was deployed."""
    assert promised(expecting("c1→c2:/a/log: on"))[-2:] == [
        "c1→c2:/a/log visible",
        "deleted@v lost",
    ]


def test_the_annotation_of_a_template_counts_as_well():
    """Helm charts have values for the Pods' annotations, and often for no others."""
    text = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata:
      annotations: {podshare.dev/expect: "restart[c]@v: off"}
    spec:
      containers:
        - {name: c, volumeMounts: [{name: v, mountPath: /v}]}
      volumes: [{name: v}]
"""

    assert promised(text) == ["deleted@v lost"]


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (
            "deleted@w: off",
            "web.yaml:7:7: annotation podshare.dev/expect: there is no promise 'deleted@w'.\n"
            "  7 |       deleted@w: off\n"
            "    |       ^\n"
            "Did you mean 'deleted@v'?",
        ),
        (
            "deleted@v: lost\nc1→c2@v: aprt",
            "web.yaml:8:7: annotation podshare.dev/expect: 'c1→c2@v' cannot be 'aprt'.\n"
            "  8 |       c1→c2@v: aprt\n"
            "    |       ^\n"
            "Did you mean 'apart'?",
        ),
        (
            "restart[c1]@v: {stratgy: term}",
            "web.yaml:7:7: annotation podshare.dev/expect: 'restart[c1]@v' takes no 'stratgy'.\n"
            "  7 |       restart[c1]@v: {stratgy: term}\n"
            "    |       ^\n"
            "Did you mean 'strategy'?",
        ),
        (
            "c1→c2@v: {timeout: soon}",
            "web.yaml:7:7: annotation podshare.dev/expect: 'timeout' of 'c1→c2@v' is 'soon'.\n"
            "  7 |       c1→c2@v: {timeout: soon}\n"
            "    |       ^\n"
            "Give it a number above 0.",
        ),
        (
            "medium@v: {size: 8Mi}",
            "web.yaml:7:7: annotation podshare.dev/expect:"
            " 'medium@v' does not say what is expected.\n"
            "  7 |       medium@v: {size: 8Mi}\n"
            "    |       ^\n"
            "Say it in a word: Memory, Disk.",
        ),
        (
            "c1→c3:/a/log: on",
            "web.yaml:7:7: annotation podshare.dev/expect: the Pod has no running container 'c3'.\n"
            "  7 |       c1→c3:/a/log: on\n"
            "    |       ^\n"
            "There are: c1, c2.",
        ),
        (
            "c1→c2:/a/log: apart",
            "web.yaml:7:7: annotation podshare.dev/expect: 'c1→c2:/a/log' cannot be 'apart'.\n"
            "  7 |       c1→c2:/a/log: apart\n"
            "    |       ^\n"
            "A file can be 'visible'.",
        ),
        (
            "- c1→c2@v",
            "web.yaml:7:7: annotation podshare.dev/expect: it is no mapping.\n"
            "  7 |       - c1→c2@v\n"
            "    |       ^\n"
            "Write a line `id: word` for each promise.",
        ),
        (
            "deleted@v: lost\ndeleted@v: off",
            "web.yaml:8:7: the key 'deleted@v' comes twice in one mapping, first in line 7.\n"
            "  8 |       deleted@v: off\n"
            "    |       ^\n"
            "Keep one of the two; Kubernetes would see the last alone.",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(annotation, text):
    """The whole text, with what is nearest."""
    with pytest.raises(errors.ManifestInvalid) as caught:
        promised(expecting(annotation))

    assert str(caught.value) == text


def test_an_annotation_in_one_line_is_told_with_the_line_of_its_key():
    """Its own lines are not those of the manifest."""
    text = POD.replace(
        "  name: web\n", '  name: web\n  annotations: {podshare.dev/expect: "x: off"}\n', 1
    )

    with pytest.raises(errors.ManifestInvalid, match=r"^web.yaml:5:17: annotation"):
        promised(text)


def test_every_assertion_takes_what_it_is_given():
    """Names and arguments are those of the package's own functions."""
    asked = [
        *promises.questions(only(POD).wiring),
        *promises.questions(only(POD.replace("{}", "{medium: Memory}")).wiring),
    ]
    used = {name: each for each in asked for name in each.assertions.values()}

    assert set(used) == set(expectations.OPTIONS)
    for name, options in expectations.OPTIONS.items():
        known = inspect.signature(getattr(pytest_podshare, name)).parameters
        assert set(options) | set(used[name].arguments) <= set(known)


def test_the_restart_strategies_are_those_there_are():
    """They are named in a room above, which this one may not ask."""
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
        {"restart[c1]@v": {"strategy": "image"}},
        {"restart[c1]@v": {"strategy": "hammer"}},
        {"restart[c1]@v": "lost"},
        {"deleted@v": "survives"},
        {"deleted@v": {"is": "lost", "timeout": True}},
        {"deleted@v": {"is": "off"}},
        {"read-only[c2]@v": "writable"},
        {"read-only[c2]@v": {"is": "writable", "timeout": 1}},
        {"medium@v": {"is": "Memory", "size": "8Mi"}},
        {"medium@v": {"is": "Memory", "size": 8}},
        {"medium@v": "tmpfs"},
        ["deleted@v"],
        "off",
    ],
    ids=str,
)
def test_the_schema_says_what_is_read(expected):
    """What an editor underlines is what the plugin refuses, and nothing else."""
    jsonschema = pytest.importorskip("jsonschema")
    is_valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(expected)

    try:
        expectations.apply(only(POD).wiring, expected)
    except expectations.ExpectationError:
        assert not is_valid
    else:
        assert is_valid
