"""One drawing for all renderings in which a Pod template has the same wiring."""

from pathlib import Path

import pytest

from pytest_podshare.check import checker, graph
from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.check.rendering import RenderJob

MANIFEST = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostname: HOST
  containers:
    - name: web
      volumeMounts:
        - name: VOLUME
          mountPath: /site
  volumes:
    - name: site
      emptyDir: {}
"""


def rendered(name, *, host="a", volume="site", program="helm", folder="charts/web"):
    """Return what a chart or an overlay renders."""
    text = MANIFEST.replace("HOST", host).replace("VOLUME", volume)
    job = RenderJob(name, Path(folder), (program, "template"))
    return Input(job.origin, Path(folder, "web.yaml"), text.encode(), rendered=True, job=job)


def draw(*manifests, kind="text"):
    """Return the graph of manifests."""
    results = checker.check_all(manifests, ProjectSettings(), keep_wiring=True)
    return graph.render(CheckResult(results), kind)


def titles(*manifests):
    """Return the titles of the drawings."""
    return [line for line in draw(*manifests).splitlines() if line.endswith(": Pod/web")]


def test_value_files_with_the_same_wiring_have_one_drawing():
    """Even if the Pods differ in other fields."""
    manifests = [rendered("default values"), *(rendered(f"ci/{n}.yaml", host=n) for n in "bcd")]

    assert titles(*manifests[:2]) == [
        "charts/web (default values) and 1 more value file: Pod/web",
    ]
    assert titles(*manifests) == [
        "charts/web (default values) and 3 more value files: Pod/web",
    ]
    for kind, sign in (("svg", ">site<"), ("mermaid", "site<br>")):
        assert draw(*manifests, kind=kind).count(sign) == 1


def test_another_wiring_or_chart_has_a_drawing_of_its_own():
    """A title names the first of those that are the same."""
    manifests = [
        rendered("default values"),
        rendered("ci/broken.yaml", volume="sites"),
        rendered("ci/b.yaml"),
        rendered("default values", folder="charts/other"),
    ]

    assert titles(*manifests) == [
        "charts/web (default values) and 1 more value file: Pod/web",
        "charts/web (ci/broken.yaml): Pod/web",
        "charts/other (default values): Pod/web",
    ]


def test_overlays_with_the_same_wiring_have_one_drawing():
    """They are in different folders."""
    folders = ("base", "overlays/test", "overlays/production")
    manifests = [rendered("kustomize", program="kustomize", folder=folder) for folder in folders]

    assert titles(*manifests) == ["base (kustomize) and 2 more overlays: Pod/web"]


@pytest.mark.parametrize(("volume", "is_marked"), [("site", False), ("sites", True)])
def test_what_a_finding_is_about_is_marked(volume, is_marked):
    """With a legend; the unused volume is only an info, and not marked."""
    text = draw(rendered("default values", volume=volume))

    assert text.count(" !") == text.count("! is what a finding is about") == int(is_marked)


def test_manifests_that_were_not_rendered_have_a_drawing_each():
    """They are not variants of one another."""
    text = MANIFEST.replace("VOLUME", "site").encode()

    assert titles(*(Input(name, Path(name), text) for name in ("a.yaml", "b.yaml"))) == [
        "a.yaml: Pod/web",
        "b.yaml: Pod/web",
    ]
