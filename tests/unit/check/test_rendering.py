"""Charts and overlays, with programs that stand in for helm and kustomize."""

import sys
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.check import inputs, rendering

# every test starts programs
pytestmark = pytest.mark.slow

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder that is all of PATH; the working folder is another."""
    folder = tmp_path / "bin"
    folder.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder, name, body):
    """A program in Python."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, time\nsays = sys.stderr.write\n{body}\n")
    path.chmod(0o755)


def echoing(folder, name):
    """A program that renders a Pod named for its arguments."""
    body = f"print('---\\n# Source: web/templates/pod.yaml\\n#', *sys.argv[1:])\nprint({POD!r})"
    program(folder, name, body)


def write(name, text=""):
    """A file in the working folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_chart_is_rendered_with_its_defaults_and_each_of_its_ci_values(programs):
    """In that order, whichever is done first."""
    echoing(programs, "helm")
    for name in ("web/Chart.yaml", "web/ci/b-values.yaml", "web/ci/a-values.yaml", "web/ci/x.yaml"):
        write(name)

    found = inputs.find(["web"])

    assert [each.origin for each in found.inputs] == [
        "web (default values): templates/pod.yaml",
        "web (ci/a-values.yaml): templates/pod.yaml",
        "web (ci/b-values.yaml): templates/pod.yaml",
    ]
    assert [each.content.splitlines()[2] for each in found.inputs] == [
        b"# template web",
        b"# template web --values web/ci/a-values.yaml",
        b"# template web --values web/ci/b-values.yaml",
    ]


def test_what_is_rendered_points_to_its_template(programs):
    """And says that its lines are not the template's."""
    echoing(programs, "helm")
    write("web/Chart.yaml")
    write("web/templates/pod.yaml")

    (only,) = inputs.find(["web"]).inputs

    assert (only.path, only.rendered) == (Path("web/templates/pod.yaml"), True)


def test_nothing_in_a_chart_is_read_as_it_is(programs):
    """Found in a folder, it is rendered, and its own folders are passed over."""
    echoing(programs, "helm")
    for name in ("m/web/Chart.yaml", "m/web/charts/sub/Chart.yaml"):
        write(name)
    for name in ("m/web/templates/pod.yaml", "m/web/crds/crd.yaml", "m/pod.yaml"):
        write(name, POD)

    origins = [each.origin for each in inputs.find(["m"]).inputs]

    assert origins == ["m/pod.yaml", "m/web (default values): templates/pod.yaml"]


def test_a_library_chart_is_rendered_only_by_name(programs):
    """Helm refuses it; it is there for other charts."""
    program(programs, "helm", "says('Error: library charts are not installable'); sys.exit(1)")
    write("m/lib/Chart.yaml", "name: lib\ntype: library\n")
    write("m/pod.yaml", POD)

    assert inputs.find(["m"]).problems == ()
    assert len(inputs.find(["m/lib"]).problems) == 1


def test_a_file_of_a_chart_stands_for_the_chart_as_found(programs):
    """Once, however many files of it are named; for a subchart, the chart around it."""
    echoing(programs, "helm")
    for name in ("web/Chart.yaml", "web/charts/sub/Chart.yaml"):
        write(name)
    named = ["web/values.yaml", "web/templates/pod.yaml", "web/charts/sub/templates/x.yaml"]
    for name in named:
        write(name, POD)

    origins = [each.origin for each in inputs.find(named, as_found=True).inputs]

    assert origins == ["web (default values): templates/pod.yaml"]


def test_an_overlay_is_built_and_its_parts_are_no_manifests(programs):
    """Patches mount what other files declare; overlays below it are built as well."""
    echoing(programs, "kustomize")
    for name in ("m/kustomization.yaml", "m/base/kustomization.yml", "m/more/part/Kustomization"):
        write(name)
    for name in ("m/patch.yaml", "m/patches/deep.yaml", "m/base/pod.yaml"):
        write(name, POD)

    texts = [each.content.splitlines()[2] for each in inputs.find(["m"]).inputs]

    assert texts == [b"# build m", b"# build m/base", b"# build m/more/part"]


def test_a_component_is_built_only_with_the_overlay_that_uses_it(programs):
    """It cannot be built alone."""
    echoing(programs, "kustomize")
    write("m/kustomization.yaml", "kind: Kustomization\n")
    write("m/part/kustomization.yaml", "kind: Component\n")

    assert len(inputs.find(["m"]).inputs) == 1


def test_kubectl_stands_in_for_kustomize(programs):
    """It has it inside."""
    echoing(programs, "kubectl")
    write("m/kustomization.yaml")

    (only,) = inputs.find(["m/kustomization.yaml"]).inputs

    assert only.content.splitlines()[2] == b"# kustomize m"


@pytest.mark.usefixtures("programs")
def test_a_missing_helm_is_one_problem_for_a_chart():
    """With what to do without it."""
    for name in ("web/Chart.yaml", "web/ci/a-values.yaml"):
        write(name)

    (problem,) = inputs.find(["web"]).problems

    assert isinstance(problem, errors.RendererMissing)
    assert str(problem) == (
        "web is rendered by helm, which is not on PATH.\n"
        "Install helm, or give what it renders: `helm template web | podshare check -`."
    )


def test_a_chart_that_does_not_render_says_why(programs):
    """In Helm's words, without its noise."""
    program(
        programs,
        "helm",
        "says('WARNING: no matter\\nError: execution error at (web/templates/pod.yaml:3:4):\\n"
        "  name is needed\\n\\nUse --debug flag to render out invalid YAML\\n'); sys.exit(1)",
    )
    write("web/Chart.yaml")

    (problem,) = inputs.find(["web"]).problems

    assert isinstance(problem, errors.RenderFailed)
    assert str(problem) == (
        "web (default values) does not render: execution error at (web/templates/pod.yaml:3:4): "
        "name is needed.\nSee all that it says: `helm template web`."
    )


def test_missing_dependencies_have_a_remedy_of_their_own(programs):
    """Helm can fetch them."""
    program(
        programs,
        "helm",
        "says('Error: found in Chart.yaml, but missing in charts/ directory: redis'); sys.exit(1)",
    )
    write("web/Chart.yaml")

    (problem,) = inputs.find(["web"]).problems

    assert problem.remedy == "Fetch them: `helm dependency build web`."


def test_defaults_that_do_not_render_are_no_problem_where_there_are_ci_values(programs):
    """That is what those values are for; theirs count."""
    body = f"if '--values' not in sys.argv: sys.exit(1)\nprint({POD!r})"
    program(programs, "helm", body)
    for name in ("web/Chart.yaml", "web/ci/a-values.yaml"):
        write(name)

    found = inputs.find(["web"])

    assert found.problems == ()
    assert [each.origin for each in found.inputs] == ["web (ci/a-values.yaml)"]


def test_a_program_that_does_not_end_is_ended(programs):
    """After the time that it was given."""
    program(programs, "helm", "time.sleep(60)")
    write("web/Chart.yaml")

    (problem,) = inputs.find(["web"], render_seconds=0.2).problems

    assert str(problem) == (
        "web (default values): helm did not end within 0.2 s.\n"
        "Give it more by --render-timeout, or see what it waits for: `helm template web`."
    )


def test_each_template_keeps_its_lines_of_the_whole():
    """Though Helm sorts by kind, so that a template's parts lie apart."""
    text = (
        b"---\n# Source: w/templates/a.yaml\na: 1\n---\n# Source: w/templates/b.yaml\nb: 1\n"
        b"---\n# Source: w/templates/a.yaml\na: 2\n"
    )

    found = rendering.by_template(text)

    assert found == {
        "templates/a.yaml": (
            b"---\n# Source: w/templates/a.yaml\na: 1\n\n\n\n"
            b"---\n# Source: w/templates/a.yaml\na: 2\n"
        ),
        "templates/b.yaml": b"\n\n\n---\n# Source: w/templates/b.yaml\nb: 1\n",
    }


@pytest.mark.parametrize("text", [b"a: 1\n", b"---\na: 1\n---\nb: 2\n", b"a: 1\r\n--- \r\nb: 2"])
def test_text_without_notes_is_one(text):
    """As it is."""
    assert rendering.by_template(text) == {"": text}


@pytest.mark.parametrize("text", [b"", b"\n", b"---\n---\n"])
def test_of_nothing_there_is_nothing_but_for_the_text_itself(text):
    """A chart may render to nothing."""
    assert rendering.by_template(text) == {}
