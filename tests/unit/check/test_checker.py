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
from pytest_podshare.check.render_options import HelmOptions, RenderOptions
from pytest_podshare.check.rendering import RenderJob
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


def job(name):
    """Return the render job of a chart."""
    return RenderJob(name, Path("web"), ("helm", "template", "web"))


def check_one(one):
    """Return the result for a manifest."""
    return checker.check(one, ProjectSettings())


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
    """That of a Rollout is known; a kind of another group is skipped without an option."""
    text = Path("manifests/check/rollout.yaml").read_bytes()
    other = manifest(text.replace(b"argoproj.io", b"example.com"))
    settings = ProjectSettings(pod_templates={"Rollout": "spec.template"})

    assert checker.check(other, ProjectSettings()).templates == ()
    for result in (
        checker.check(manifest(text), ProjectSettings()),
        checker.check(other, settings),
    ):
        assert [template.subject for template in result.templates] == ["Rollout/web"]


@pytest.mark.parametrize("text", [b"replicas: 3\n", b"- 1\n", b"kind: Pod\n", b"# no\n"])
def test_a_named_file_without_a_kubernetes_object_is_a_problem(text):
    """A file that was only found in a folder is skipped."""
    result = checker.check(manifest(text), ProjectSettings())

    (problem,) = result.problems
    assert str(problem) == (
        "m.yaml contains no Kubernetes object.\n"
        "Pass a manifest: YAML or JSON with an apiVersion and a kind."
    )
    assert checker.check(manifest(text, named=False), ProjectSettings()) is None


def test_an_empty_manifest_is_a_problem():
    """The program that should have written it has failed."""
    (problem,) = checker.check(manifest(b" \n"), ProjectSettings()).problems

    assert problem.what == "m.yaml is empty."


BAD_DOCUMENTS = {
    "syntax": (b"a: [1\n", "m.yaml:11:4: invalid YAML: a bracket is not closed."),
    "no containers": (
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: q}\nspec: {}\n",
        "m.yaml:14:1: the Pod has no containers.",
    ),
    "a List": (b"kind: List\nitems: 3\n", "m.yaml:12:1: items must be a list, but is a number."),
}


@pytest.mark.parametrize(("text", "what"), BAD_DOCUMENTS.values(), ids=BAD_DOCUMENTS)
def test_a_bad_document_does_not_hide_the_others(text, what):
    """What is wrong with it has the line in the file, and so have the findings of the others."""
    result = checker.check(manifest(b"---\n".join([BROKEN, text, BROKEN])), ProjectSettings())

    assert [problem.what for problem in result.problems] == [what]
    lines = [8, 8 + len([*BROKEN.splitlines(), *text.splitlines()]) + 2]
    assert [(found.rule, found.line) for found in result.findings] == [
        ("mount-without-volume", line) for line in lines
    ]


@pytest.mark.parametrize("as_json", [False, True])
def test_a_duplicate_key_is_a_finding_and_the_rest_is_checked(as_json):
    """Helm installs the object with the last value."""
    text = BROKEN.replace(b"  containers:", b"  volumes: []\n  volumes: [{name: v}]\n  containers:")
    if as_json:
        text = (
            b'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {\n'
            b'"containers": [],\n"volumes": [{"name": "v", "emptyDir": {}}],\n"containers":'
            b'[{"name": "c", "volumeMounts": [{"name": "w", "mountPath": "/v"}]}]}}'
        )

    rules = [
        (found.rule, found.line)
        for found in checker.check(manifest(text), ProjectSettings()).findings
    ]

    assert ("duplicate-key", 4 if as_json else 6) in rules
    assert ("mount-without-volume" in dict(rules)) == as_json


def test_a_duplicate_key_is_a_finding_in_its_own_object_only():
    """It can be suppressed there."""
    double = BROKEN.replace(b"    - name: c", b"    - name: b\n      name: c")
    text = b"---\n".join(
        [BROKEN, double, double.replace(b"name: c", b"name: c # podshare: ignore[duplicate-key]")]
    )

    result = checker.check(manifest(text), ProjectSettings())

    found = [finding.line for finding in result.findings if finding.rule == "duplicate-key"]
    assert (found, result.problems) == ([17], ())


def test_a_text_that_is_rendered_again_is_not_read_again(monkeypatch):
    """Its findings have the lines and the name of the other rendering; a result has no twin."""
    double = BROKEN + BROKEN[BROKEN.index(b"        - name") :] + b"  volumes: [{name: v}]\n"
    manifests = [
        Input(f"web ({name})", None, b"\n" * lines + double, rendered=True, job=job(name))
        for name, lines in {"a": 0, "b": 7, "c": 2}.items()
    ]
    alone = [finding for one in manifests for finding in check_one(one).findings]
    reads = []
    read = Input.read_parts
    monkeypatch.setattr(Input, "read_parts", lambda self: reads.append(self) or read(self))

    results = checker.check_all(manifests, ProjectSettings())

    assert [finding for result in results for finding in result.findings] == alone
    assert any("line 15" in finding.message for finding in alone)
    assert len(reads) == 1


def test_a_duplicate_key_is_found_in_every_object():
    """Two files of a ConfigMap may have the same name; a manifest without a Pod has findings."""
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: x\n  a: y\n"

    result = checker.check(manifest(text), ProjectSettings())

    (found,) = result.findings
    assert (found.rule, found.line, found.subject) == ("duplicate-key", 6, "ConfigMap/c")
    assert (result.templates, result.problems) == ((), ())
    twin = checker.check(manifest(text.replace(b"a: y", b"b: y")), ProjectSettings())
    assert twin.findings == ()


def test_an_unreadable_manifest_does_not_stop_the_others():
    """It has a problem of its own."""
    texts = (CLEAN, b"kind: Pod\n  bad: [", BROKEN)

    results = checker.check_all([manifest(text) for text in texts], ProjectSettings())

    assert [[type(problem) for problem in result.problems] for result in results] == [
        [],
        [errors.ManifestInvalid],
        [],
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
    assert CheckResult((broken, ManifestResult(manifest(b""), problems=(error,)))).exit_code == 2
    assert CheckResult((broken,)).exit_code == 1


def test_a_result_does_not_keep_the_source_text(monkeypatch):
    """Otherwise ten thousand manifests would not fit, and each would be slower than the last."""
    sources = []
    read = Input.read_parts

    def read_and_remember(self):
        for source in read(self):
            sources.append(weakref.ref(source))
            yield source

    monkeypatch.setattr(Input, "read_parts", read_and_remember)
    result = checker.check(manifest(BROKEN), ProjectSettings())
    gc.collect()

    assert len(result.findings) == 1
    assert [source() for source in sources] == [None]


def test_the_version_of_kubernetes_is_that_of_the_chart():
    """The same text is checked anew for another chart's version; others have the command line's."""
    text = BROKEN.replace(
        b"      volumeMounts", b"      restartPolicyRules: []\n      volumeMounts"
    )
    jobs = [
        RenderJob("default values", Path(name), ("helm", "template", name)) for name in ("a", "b")
    ]
    manifests = [Input("m.yaml", None, text, job=job) for job in (*jobs, None)]
    rendering = RenderOptions(
        {"a": HelmOptions(kube_version="1.33.0"), "b": HelmOptions(kube_version="1.34.0")}
    )
    settings = ProjectSettings(rendering=rendering)

    results = checker.check_all(manifests, settings)
    older = checker.check_all(manifests, settings.extend(helm=HelmOptions(kube_version="1.30")))

    counts = [len(result.findings) for result in (*results, *older)]
    assert counts == [2, 1, 1, 2, 2, 2]
