"""A finding is told once, however many renderings it is in."""

import json
from pathlib import Path

import pytest

from pytest_podshare.check import checker, formats
from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.manifest_input import Input, split_rendered
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.check.rendering import RenderJob

TEMPLATE = """\
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Values.name }}"}
spec:
  {{- if .Values.host }}
  hostname: x
  {{- end }}
  containers:
    - name: c
      volumeMounts:
        - name: gone
          mountPath: /gone
"""
KUSTOMIZED = TEMPLATE.replace("{{ .Values.name }}", "p").replace("{{- ", "# ")


@pytest.fixture(autouse=True)
def _chart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for chart in ("web", "other"):
        Path(chart, "templates").mkdir(parents=True)
        Path(chart, "Chart.yaml").touch()
        Path(chart, "templates/pod.yaml").write_text(TEMPLATE)


def render(name, *, chart="web", pod="p", host=False, mount=True):
    """Return what helm would render with the values of that name."""
    lines = TEMPLATE.replace("{{ .Values.name }}", pod).splitlines()
    lines = [line for line in lines if "{{" not in line and (host or "hostname" not in line)]
    text = "\n".join(lines if mount else lines[: -3 + len(lines)])
    text = f"---\n# Source: {chart}/templates/pod.yaml\n{text}\n"
    job = RenderJob(name, Path(chart), ("helm", "template", chart))
    return list(split_rendered(Input(job.origin, job.file, text.encode(), rendered=True, job=job)))


def build(folder, *resources):
    """Return what kustomize would build from an overlay; create its kustomization."""
    Path(folder).mkdir()
    Path(folder, "kustomization.yaml").write_text(f"resources: [{', '.join(resources)}]\n")
    job = RenderJob("kustomize", Path(folder), ("kustomize", "build", folder))
    return [Input(job.origin, job.file, KUSTOMIZED.encode(), rendered=True, job=job)]


def check(*renderings, limit=0):
    """Return the result for the manifests of renderings."""
    manifests = [manifest for rendering in renderings for manifest in rendering]
    return CheckResult(checker.check_all(manifests, ProjectSettings()), limit=limit)


def test_a_finding_in_several_value_files_is_told_once():
    """Its lines in the renderings differ, but that in the template does not."""
    result = check(render("default values"), render("ci/a-values.yaml", host=True))

    (distinct,) = result.distinct_findings
    assert (distinct.location, distinct.scope) == (
        "web/templates/pod.yaml:11:11",
        " (in all 2 value files)",
    )
    assert distinct.places == ("default values", "ci/a-values.yaml")
    assert result.findings == (distinct.finding,)


def test_a_finding_in_some_value_files_names_one_of_them():
    """Without the finding, a value file still counts."""
    clean = render("ci/b-values.yaml", mount=False)
    others = [render("ci/a-values.yaml"), render("ci/c-values.yaml")]

    (one,) = check(render("default values", mount=False), others[0], clean).distinct_findings
    (two,) = check(clean, *others).distinct_findings

    assert one.scope == " (in 1 of 3 value files: ci/a-values.yaml)"
    assert two.scope == " (in 2 of 3 value files, such as ci/a-values.yaml)"


def test_a_chart_with_one_rendering_has_no_scope():
    """There is nothing to compare it with."""
    (distinct,) = check(render("default values")).distinct_findings

    assert distinct.scope == ""


def test_objects_with_several_names_from_one_line_have_one_finding():
    """A value file may change the name."""
    (distinct,) = check(render("a", pod="p"), render("b", pod="q")).distinct_findings

    assert distinct.scope == " (in all 2 value files)"


def test_two_charts_have_two_findings():
    """Their texts are the same, but not their files."""
    distinct_findings = check(render("a"), render("a", chart="other")).distinct_findings

    assert [distinct.location.partition("/")[0] for distinct in distinct_findings] == [
        "web",
        "other",
    ]


def test_a_finding_in_a_base_and_its_overlays_is_told_once():
    """It is told for the base; an overlay of another base is on its own."""
    overlays = build("a", "../base"), build("b", "../base"), build("base", "pod.yaml")

    first, second = check(*overlays, build("unrelated", "pod.yaml")).distinct_findings

    assert first.location.startswith("base (kustomize):")
    assert first.scope == " (in all 3 overlays)"
    assert second.location.startswith("unrelated (kustomize):")
    assert second.scope == ""


def test_a_bad_kustomization_does_not_stop_the_check():
    """kustomize says what is wrong with it."""
    overlay = build("a", "../base")
    Path("a/kustomization.yaml").write_text("resources: [")

    assert len(check(overlay, build("b")).distinct_findings) == 2


def test_a_line_in_a_message_is_that_of_the_template():
    """The other mount at the same path is named by its line."""
    path = Path("web/templates/pod.yaml")
    path.write_text(TEMPLATE + "        - name: more\n          mountPath: /gone\n")
    (manifest,) = render("a")
    text = manifest.content + b"        - name: more\n          mountPath: /gone\n"
    result = check([Input(manifest.origin, path, text, rendered=True, job=manifest.job)])

    (message,) = [
        distinct.finding.message
        for distinct in result.distinct_findings
        if distinct.finding.rule == "duplicate-mount-path"
    ]

    assert message.endswith("where it already mounts 'gone' (line 11)")


def test_a_fingerprint_does_not_depend_on_the_value_files():
    """A new value file does not make an old finding new in code scanning."""

    def fingerprint(result):
        (found,) = json.loads(formats.render("sarif", result))["runs"][0]["results"]
        return found["partialFingerprints"], found["locations"][0]["physicalLocation"]

    first = fingerprint(check(render("b")))

    assert fingerprint(check(render("a", host=True), render("b"))) == first
    assert first[1]["region"] == {"startLine": 11, "startColumn": 11}
    assert first[1]["artifactLocation"]["uri"] == "web/templates/pod.yaml"


@pytest.mark.parametrize("name", formats.NAMES)
def test_every_format_shows_a_finding_once(name):
    """With the number of value files."""
    text = formats.render(name, check(*(render(str(number)) for number in range(9))))

    assert text.count("mounts volume 'gone'") + text.count("mounts volume &#x27;gone") in (1, 2)
    assert "in all 9 value files" in text or '"renderings_total": 9' in text


@pytest.mark.parametrize("name", ["text", "github"])
def test_more_findings_than_the_limit_are_counted(name):
    """The most severe are shown; the summary counts all."""
    mounts = "".join(f"        - {{name: x{n}, mountPath: /x{n}}}\n" for n in range(20))
    text = f"{TEMPLATE}{mounts}  volumes: [{{name: unused, emptyDir: {{}}}}]\n"
    manifest = Input("m.yaml", None, text.replace("{{", "# {{").encode())

    shown = formats.render(name, check([manifest], limit=3)).splitlines()

    assert sum("mount-without-volume" in line for line in shown) == 3
    assert not any("unused-volume" in line for line in shown)
    assert shown[-2] == "… and 19 more findings; see all of them with --limit 0"
    assert shown[-1].startswith("21 errors, 1 ")
