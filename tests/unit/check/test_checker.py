"""The check of manifests: findings, problems and exit codes."""

import gc
import weakref
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.check import checker
from pytest_podshare.check.checker import CheckResult, ManifestResult, TemplateResult
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.check.rules import Finding

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


def manifest(content, *, named=True):
    """Return a manifest with this content."""
    return Input("m.yaml", None, content, named)


def finding(severity):
    """Return a finding with this severity."""
    return Finding("a-rule", severity, "message", "fix", "m.yaml", 1, 1, "Pod/p")


def test_a_clean_manifest_has_templates_but_no_findings():
    """The positive control is the next test."""
    result = checker.check(manifest(CLEAN), ProjectSettings())

    assert [(template.subject, template.findings) for template in result.templates] == [
        ("Pod/sharevol", ())
    ]


def test_a_broken_manifest_has_findings():
    """A finding is at the line of its mount."""
    result = checker.check(manifest(BROKEN), ProjectSettings())

    assert [(found.rule, found.line) for found in result.findings] == [("mount-without-volume", 8)]


def test_an_ignored_rule_finds_nothing():
    """A rule is ignored by its id."""
    result = checker.check(
        manifest(BROKEN), ProjectSettings(ignore=frozenset({"mount-without-volume"}))
    )

    assert result.findings == ()


def test_a_rule_that_is_off_by_default_only_finds_something_if_it_is_enabled():
    """A rule is enabled by its id."""
    text = Path("manifests/rules/bad/nowhere-to-write.yaml").read_bytes()
    enabled = ProjectSettings(enable=frozenset({"nowhere-to-write"}))

    assert checker.check(manifest(text), ProjectSettings()).findings == ()
    found = checker.check(manifest(text), enabled).findings
    assert [finding.rule for finding in found] == ["nowhere-to-write"]


def test_a_custom_resource_is_checked_if_the_path_of_its_pod_template_is_known():
    """Without a path it is skipped."""
    rollout = manifest(Path("manifests/check/rollout.yaml").read_bytes())

    assert checker.check(rollout, ProjectSettings()).templates == ()
    settings = ProjectSettings(pod_templates={"Rollout": "spec.template"})
    templates = checker.check(rollout, settings).templates
    assert [template.subject for template in templates] == ["Rollout/web"]


@pytest.mark.parametrize("text", [b"replicas: 3\n", b"", b"- 1\n", b"kind: Pod\n", b"# no\n"])
def test_a_named_file_without_a_kubernetes_object_is_a_problem(text):
    """A file that was only found in a folder is skipped."""
    result = checker.check(manifest(text), ProjectSettings())

    assert str(result.problem) == (
        "m.yaml contains no Kubernetes object.\n"
        "Pass a manifest: YAML or JSON with an apiVersion and a kind."
    )
    assert checker.check(manifest(text, named=False), ProjectSettings()) is None


def test_an_unreadable_manifest_does_not_stop_the_others():
    """It has a problem of its own."""
    texts = (CLEAN, b"kind: Pod\n  bad: [", BROKEN)

    results = checker.check_all([manifest(text) for text in texts], ProjectSettings())

    assert [type(result.problem) for result in results] == [
        type(None),
        errors.ManifestInvalid,
        type(None),
    ]
    assert len(results[2].findings) == 1


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
def test_the_exit_code_is_1_from_the_failing_severity_on(severities, fail_on, code):
    """Less severe findings do not fail."""
    findings = tuple(finding(severity) for severity in severities)

    result = CheckResult(
        (ManifestResult(manifest(b""), (TemplateResult("Pod/p", findings),)),), fail_on=fail_on
    )

    assert result.exit_code == code


def test_the_exit_code_is_2_if_anything_could_not_be_checked():
    """Findings do not change that."""
    error = errors.NotAPod("none", "give one")
    broken = ManifestResult(manifest(b""), (TemplateResult("Pod/p", (finding("error"),)),))

    assert CheckResult((broken,), (error,)).exit_code == 2
    assert CheckResult((broken, ManifestResult(manifest(b""), problem=error))).exit_code == 2
    assert CheckResult((broken,)).exit_code == 1


def test_a_result_does_not_keep_the_source_text(monkeypatch):
    """Otherwise ten thousand manifests would not fit, and each would be slower than the last."""
    sources = []
    read = Input.read

    def read_and_remember(self):
        source = read(self)
        sources.append(weakref.ref(source))
        return source

    monkeypatch.setattr(Input, "read", read_and_remember)
    result = checker.check(manifest(BROKEN), ProjectSettings())
    gc.collect()

    assert len(result.findings) == 1
    assert [source() for source in sources] == [None]
