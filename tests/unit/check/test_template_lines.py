"""The line of a template that a rendered line comes from."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_podshare.check.template_lines import TemplateText
from pytest_podshare.manifests.position import Position

TEMPLATE = """\
{{- /* a comment
      - name: cache
*/}}
kind: Deployment
spec:
  containers:
    {{- range .Values.workers }}
    - name: {{ .name }}
      volumeMounts:
        - name: work
          mountPath: /{{ .path }}/x
        {{- toYaml $.Values.extraMounts | nindent 8 }}
    {{- end }}
    - name: web
      volumeMounts:
      {{- if .Values.cache }}
      - name: cache
        mountPath: /cache
      {{- end }}
      - name: tmp
        mountPath: /tmp
  volumes:
    - name: tmp
      emptyDir: {}
    - name: cache
      emptyDir: {}
"""
RENDERED = """\
# Source: x
kind: Deployment
spec:
  containers:
    - name: a
      volumeMounts:
        - name: work
          mountPath: /a/x
        - mountPath: /extra
          name: extra
    - name: b
      volumeMounts:
        - name: work
          mountPath: /b/x
    - name: web
      volumeMounts:
      - name: cache
        mountPath: /cache
      - name: tmp
        mountPath: /tmp
  volumes:
    - name: tmp
      emptyDir: {}
    - name: cache
      emptyDir: {}
"""


def locate(text, occurrence=0, template=TEMPLATE, rendered=RENDERED):
    """Return where an occurrence of a line comes from."""
    lines = rendered.split("\n")
    numbers = [number for number, line in enumerate(lines, start=1) if line.strip() == text]
    number = numbers[occurrence]
    column = lines[number - 1].index(text.strip()) + 1
    return TemplateText.parse(template).locate(lines, Position(number, column))


@pytest.mark.parametrize(
    ("text", "occurrence", "line", "column"),
    [
        ("mountPath: /cache", 0, 18, 9),
        ("- name: a", 0, 8, 5),
        ("- name: b", 0, 8, 5),
        ("- name: work", 0, 10, 9),
        ("- name: work", 1, 10, 9),
        ("mountPath: /b/x", 0, 11, 11),
        ("- name: cache", 0, 17, 7),
        ("- name: cache", 1, 25, 5),
        ("- name: tmp", 0, 20, 7),
        ("- name: tmp", 1, 23, 5),
        ("emptyDir: {}", 1, 26, 7),
        ("- mountPath: /extra", 0, 12, 9),
        ("name: extra", 0, 12, 9),
    ],
)
def test_a_rendered_line_comes_from_a_line_of_the_template(text, occurrence, line, column):
    """Neighbours tell equal lines apart; an action that writes lines stands for all of them."""
    assert locate(text, occurrence) == (line, column)


def test_a_line_that_may_come_from_several_places_has_no_line():
    """The twin, with other neighbours, has one."""
    template = "a:\n{{ if .x }}\n  b: 1\n{{ end }}\n  c: {}\n{{ if .y }}\n  b: 1\n{{ end }}\nd: 1\n"

    assert locate("b: 1", 0, template, "z: 1\nb: 1\nz: 1\n") is None
    assert locate("b: 1", 0, template, "c: {}\nb: 1\nd: 1\n") == (7, 3)


def test_a_position_outside_the_text_has_no_line():
    """The text may have been cut."""
    assert TemplateText.parse(TEMPLATE).locate(["kind: Deployment"], Position(9, 1)) is None


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not on PATH")
def test_every_line_that_helm_renders_is_found():
    """Each comes from the line with the same text, or with an action in its place."""
    chart = Path("manifests/check/chart")
    template = TemplateText.parse((chart / "templates/deployment.yaml").read_text())
    done = subprocess.run(
        ["helm", "template", chart, "--values", chart / "ci/renamed-values.yaml"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rendered = done.stdout.partition("templates/deployment.yaml\n")[2].split("\n")

    found = [
        template.locate(rendered, Position(i, 1)) for i, line in enumerate(rendered, 1) if line
    ]

    assert [position.line for position in found] == [
        line for line in range(1, 31) if line not in (18, 26)
    ]
