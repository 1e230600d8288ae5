"""Manifests, checked: what is found, and what cannot be."""

import gc
import weakref
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.check import checker
from pytest_podshare.check.checker import Checked, Result, TemplateResult
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rules import Finding
from pytest_podshare.check.settings import Settings

CLEAN = Path("manifests/sharevol.yaml").read_bytes()
BROKEN = b"""\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
    - name: c
      volumeMounts:
        - name: v
          mountPath: /v
"""


def given(content, *, named=True):
    """A manifest of that text."""
    return Input("m.yaml", None, content, named)


def finding(severity):
    """One of that severity."""
    return Finding("a-rule", severity, "says", "do", "m.yaml", 1, 1, "Pod/p")


def test_a_clean_manifest_has_its_templates_and_no_findings():
    """The positive control is the next test."""
    checked = checker.check(given(CLEAN), Settings())

    assert [(pod.subject, pod.findings) for pod in checked.pods] == [("Pod/sharevol", ())]


def test_a_broken_manifest_has_findings():
    """At the line of the mount."""
    checked = checker.check(given(BROKEN), Settings())

    assert [(each.rule, each.line) for each in checked.findings] == [("mount-without-volume", 8)]


def test_an_ignored_rule_finds_nothing():
    """By its id."""
    checked = checker.check(given(BROKEN), Settings(ignore=frozenset({"mount-without-volume"})))

    assert checked.findings == ()


def test_a_custom_resource_is_checked_where_its_pod_template_is_said_to_be():
    """Else it is passed over."""
    rollout = given(Path("manifests/check/rollout.yaml").read_bytes())

    assert checker.check(rollout, Settings()).pods == ()
    paths = Settings(pod_templates={"Rollout": "spec.template"})
    assert [pod.subject for pod in checker.check(rollout, paths).pods] == ["Rollout/web"]


@pytest.mark.parametrize("text", [b"replicas: 3\n", b"", b"- 1\n", b"kind: Pod\n", b"# no\n"])
def test_what_is_no_kubernetes_object_is_a_problem_if_it_was_named(text):
    """What was found in a folder is passed over."""
    checked = checker.check(given(text), Settings())

    assert str(checked.problem) == (
        "m.yaml holds no Kubernetes object.\n"
        "Give a manifest: YAML or JSON with an apiVersion and a kind."
    )
    assert checker.check(given(text, named=False), Settings()) is None


def test_a_manifest_that_cannot_be_read_stops_no_other():
    """It is a problem of its own."""
    texts = (CLEAN, b"kind: Pod\n  bad: [", BROKEN)

    checked = checker.check_all([given(text) for text in texts], Settings())

    assert [type(each.problem) for each in checked] == [
        type(None),
        errors.ManifestInvalid,
        type(None),
    ]
    assert len(checked[2].findings) == 1


@pytest.mark.parametrize(
    ("severities", "fail_on", "code"),
    [
        ([], "info", 0),
        (["info"], "warning", 0),
        (["info"], "info", 1),
        (["info", "warning"], "warning", 1),
        (["warning"], "error", 0),
        (["error"], "error", 1),
    ],
)
def test_the_exit_code_is_1_from_the_severity_on_that_fails(severities, fail_on, code):
    """A warning, unless said otherwise."""
    findings = tuple(finding(severity) for severity in severities)

    result = Result((Checked(given(b""), (TemplateResult("Pod/p", findings),)),), fail_on=fail_on)

    assert result.exit_code == code


def test_the_exit_code_is_2_if_anything_could_not_be_checked():
    """Whatever else was found."""
    error = errors.NotAPod("none", "give one")
    broken = Checked(given(b""), (TemplateResult("Pod/p", (finding("error"),)),))

    assert Result((broken,), (error,)).exit_code == 2
    assert Result((broken, Checked(given(b""), problem=error))).exit_code == 2
    assert Result((broken,)).exit_code == 1


def test_what_is_kept_does_not_hold_on_to_the_text_that_was_read(monkeypatch):
    """Else ten thousand manifests would not fit, and each would take longer than the one before."""
    sources = []
    read = Input.read

    def remembered(self):
        source = read(self)
        sources.append(weakref.ref(source))
        return source

    monkeypatch.setattr(Input, "read", remembered)
    checked = checker.check(given(BROKEN), Settings())
    gc.collect()

    assert len(checked.findings) == 1
    assert [source() for source in sources] == [None]
