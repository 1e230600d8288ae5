"""Options for helm and kustomize, with stand-ins for them."""

from pathlib import Path

import pytest

from pytest_podshare.check import inputs
from pytest_podshare.check.render_options import HelmOptions, RenderOptions
from tests.support.render_programs import POD, program, rendering_program, write

# every test starts programs
pytestmark = pytest.mark.slow

OPTIONS = HelmOptions(
    values=(("a.yaml", "b.yaml"),),
    assignments=("x=1", "y=2"),
    kube_version="1.31.0",
    api_versions=("batch/v1",),
    namespace="shop",
    release_name="web",
    dependency_update=True,
)


def test_options_are_passed_to_helm(programs):
    """Value files replace those of the chart's ci folder."""
    rendering_program(programs, "helm")
    write("web/Chart.yaml")
    write("web/ci/a-values.yaml", "x: 1\n")

    (manifest,) = inputs.find(["web"], options=RenderOptions(helm=OPTIONS)).manifests

    assert manifest.origin == "web (a.yaml, b.yaml): templates/pod.yaml"
    assert manifest.content.splitlines()[2] == (
        b"# template web web --set x=1 --set y=2 --kube-version 1.31.0 --api-versions batch/v1 "
        b"--namespace shop --values a.yaml --values b.yaml --dependency-update"
    )


def test_dependencies_are_fetched_once_before_all_other_renderings(programs):
    """Helm cannot fetch them twice at the same time."""
    body = "open('runs', 'a').write(f\"{'--dependency-update' in sys.argv} \")"
    program(programs, "helm", f"time.sleep('--dependency-update' in sys.argv)\n{body}")
    write("web/Chart.yaml")
    for name in "abc":
        write(f"web/ci/{name}-values.yaml", f"x: {name}\n")

    inputs.find(["web"], options=RenderOptions(helm=HelmOptions(dependency_update=True)))

    assert Path("runs").read_text() == "True False False False "


def test_kustomize_may_render_charts(programs):
    """Without the option, the error names it."""
    rendering_program(programs, "kustomize")
    write("m/kustomization.yaml")
    (manifest,) = inputs.find(["m"], options=RenderOptions(enable_helm=True)).manifests
    assert manifest.content.splitlines()[2] == b"# build --enable-helm m"

    program(programs, "kustomize", "sys.exit('Error: must specify --enable-helm')")
    (problem,) = inputs.find(["m"]).problems

    assert problem.what == "m (kustomize) cannot be rendered: must specify --enable-helm."
    assert problem.remedy == "Use --enable-helm, which lets kustomize render charts."


@pytest.mark.usefixtures("programs")
def test_a_missing_program_is_one_problem_for_all_folders():
    """What needs no program is checked."""
    for name in ("a", "b", "c"):
        write(f"m/{name}/Chart.yaml")
    write("m/pod.yaml", POD)

    selection = inputs.find(["m"])

    (problem,) = selection.problems
    assert problem.what == "m/a and 2 more cannot be rendered: helm is not on PATH."
    assert [manifest.origin for manifest in selection.manifests] == ["m/pod.yaml"]
