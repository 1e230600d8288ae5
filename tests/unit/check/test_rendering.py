"""Charts and overlays, with stand-ins for helm and kustomize."""

from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.check import inputs, job_runner, manifest_input
from tests.support.render_programs import POD, program, rendering_program, write

# every test starts programs
pytestmark = pytest.mark.slow


def find(*paths, **options):
    """Return the manifests that the paths lead to."""
    return inputs.find(paths, **options).manifests


def find_problem(*paths, **options):
    """Return the only problem with the paths."""
    (problem,) = inputs.find(paths, **options).problems
    return problem


def test_a_chart_is_rendered_with_its_default_values_and_each_of_its_ci_values(programs):
    """The results are in that order, whichever is finished first."""
    rendering_program(programs, "helm")
    for name in ("web/Chart.yaml", "web/ci/b-values.yaml", "web/ci/a-values.yaml", "web/ci/x.yaml"):
        write(name, f"name: {name}\n")

    found = find("web")

    assert [manifest.origin for manifest in found] == [
        "web (default values): templates/pod.yaml",
        "web (ci/a-values.yaml): templates/pod.yaml",
        "web (ci/b-values.yaml): templates/pod.yaml",
    ]
    assert [manifest.content.splitlines()[2] for manifest in found] == [
        b"# template web",
        b"# template web --values web/ci/a-values.yaml",
        b"# template web --values web/ci/b-values.yaml",
    ]


def test_what_renders_the_same_is_rendered_once(programs):
    """These are value files with the same content, and those that set nothing."""
    program(programs, "helm", f"open('runs', 'a').write('x')\nprint({POD!r})")
    write("web/Chart.yaml")
    for name, text in {"a": "x: 1\n", "b": "x: 1\n", "c": "x: 2\n", "d": "# no\n---\n"}.items():
        write(f"web/ci/{name}-values.yaml", text)

    found = find("web")

    assert len(found) == 5
    assert Path("runs").read_text() == "xxx"


def test_charts_are_rendered_side_by_side(programs, monkeypatch):
    """As many as this process has processors: here, each waits for the other."""
    monkeypatch.setattr(job_runner.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    wait = (
        "import os\nopen(sys.argv[2] + '.started', 'w')\n"
        "other = {'a': 'b', 'b': 'a'}[sys.argv[2]] + '.started'\n"
        "deadline = time.monotonic() + 20\n"
        "while not os.path.exists(other) and time.monotonic() < deadline: time.sleep(0.01)\n"
        "sys.exit(not os.path.exists(other))"
    )
    program(programs, "helm", wait)
    write("a/Chart.yaml", "name: a\n")
    write("b/Chart.yaml", "name: b\n")

    assert inputs.find(["a", "b"]).problems == ()


@pytest.mark.parametrize(("own", "expected"), [(None, "400"), ("50", "50")])
def test_helm_collects_garbage_less_often(programs, monkeypatch, own, expected):
    """Its runs are short; what the user has set stays, as does the rest of the environment."""
    monkeypatch.delenv("GOGC", raising=False)
    if own:
        monkeypatch.setenv("GOGC", own)
    shown = "import os\nprint('#', os.environ['GOGC'], os.environ['PATH'])\n"
    program(programs, "helm", f"{shown}print({POD!r})")
    write("web/Chart.yaml")

    (manifest,) = find("web")

    assert manifest.content.startswith(f"# {expected} {programs}".encode())


def test_a_failure_of_several_value_files_is_told_once(programs):
    """Another reason is another problem."""
    program(
        programs,
        "helm",
        "if 'web/ci/b-values.yaml' in sys.argv: sys.exit('Error: b')\n"
        "if '--values' in sys.argv: sys.exit('Error: no')",
    )
    write("web/Chart.yaml")
    for name in "abcd":
        write(f"web/ci/{name}-values.yaml", f"x: {name}\n")

    assert [problem.what for problem in inputs.find(["web"]).problems] == [
        "web (ci/a-values.yaml and 2 more) cannot be rendered: no.",
        "web (ci/b-values.yaml) cannot be rendered: b.",
    ]


def test_a_rendered_manifest_has_the_path_of_its_template(programs):
    """It is marked as rendered: its lines are not those of the template."""
    rendering_program(programs, "helm")
    write("web/Chart.yaml")
    write("web/templates/pod.yaml")

    (manifest,) = find("web")

    assert (manifest.path, manifest.rendered) == (Path("web/templates/pod.yaml"), True)


def test_the_files_of_a_chart_are_not_read_as_manifests(programs):
    """A chart that is found in a folder is rendered, and its own folders are skipped."""
    rendering_program(programs, "helm")
    for name in ("m/web/Chart.yaml", "m/web/charts/sub/Chart.yaml"):
        write(name)
    for name in ("m/web/templates/pod.yaml", "m/web/crds/crd.yaml", "m/pod.yaml"):
        write(name, POD)

    origins = [manifest.origin for manifest in find("m")]

    assert origins == ["m/pod.yaml", "m/web (default values): templates/pod.yaml"]


def test_a_library_chart_is_passed_over(programs):
    """Helm rejects library charts, which are only parts of other charts; a named one is noted."""
    program(programs, "helm", "warn('Error: library charts are not installable'); sys.exit(1)")
    write("m/lib/Chart.yaml", "name: lib\ntype: library\n")
    write("m/pod.yaml", POD)
    found, named = inputs.find(["m"]), inputs.find(["m/lib"])

    assert (found.problems, found.notes) == ((), ())
    assert (named.problems, named.manifests) == ((), ())
    assert named.notes == ("m/lib is a library chart: check a chart that depends on it.",)


@pytest.mark.parametrize("path", ["web/templates", "web/templates/deep", "web/templates/*"])
def test_the_templates_folder_of_a_chart_means_the_chart(programs, path):
    """It is rendered once."""
    rendering_program(programs, "helm")
    for name in ("web/Chart.yaml", "web/templates/pod.yaml", "web/templates/deep/x.yaml"):
        write(name, POD)

    assert [manifest.origin for manifest in find(path, "web")] == [
        "web (default values): templates/pod.yaml"
    ]


def test_with_as_found_any_file_of_a_chart_means_the_chart(programs):
    """The chart is rendered once for all of its files; a subchart is part of its parent."""
    rendering_program(programs, "helm")
    for name in ("web/Chart.yaml", "web/charts/sub/Chart.yaml"):
        write(name)
    named = ["web/values.yaml", "web/templates/pod.yaml", "web/charts/sub/templates/x.yaml"]
    for name in named:
        write(name, POD)

    origins = [manifest.origin for manifest in find(*named, as_found=True)]

    assert origins == ["web (default values): templates/pod.yaml"]


def test_an_overlay_is_built_and_its_files_are_not_manifests(programs):
    """Patches mount volumes that other files declare; overlays below it are built as well."""
    rendering_program(programs, "kustomize")
    for name in ("m/kustomization.yaml", "m/base/kustomization.yml", "m/more/part/Kustomization"):
        write(name)
    for name in ("m/patch.yaml", "m/patches/deep.yaml", "m/base/pod.yaml"):
        write(name, POD)

    commands = [manifest.content.splitlines()[2] for manifest in find("m")]

    assert commands == [b"# build m", b"# build m/base", b"# build m/more/part"]


def test_a_component_is_only_built_with_the_overlay_that_uses_it(programs):
    """It cannot be built alone."""
    rendering_program(programs, "kustomize")
    write("m/kustomization.yaml", "kind: Kustomization\n")
    write("m/part/kustomization.yaml", "kind: Component\n")

    assert len(find("m")) == 1


def test_kubectl_is_used_if_kustomize_is_missing(programs):
    """It contains kustomize."""
    rendering_program(programs, "kubectl")
    write("m/kustomization.yaml")

    (manifest,) = find("m/kustomization.yaml")

    assert manifest.content.splitlines()[2] == b"# kustomize m"


@pytest.mark.usefixtures("programs")
def test_a_missing_helm_is_one_problem_per_chart():
    """The remedy says how to do without helm."""
    for name in ("web/Chart.yaml", "web/ci/a-values.yaml"):
        write(name)

    problem = find_problem("web")

    assert isinstance(problem, errors.RendererMissing)
    assert str(problem) == (
        "web cannot be rendered: helm is not on PATH.\n"
        "Install helm, or pipe the rendered manifests: `helm template web | podshare check -`."
    )


FAILURES = {
    "a template": (
        "WARNING: no matter\nError: execution error at (web/templates/pod.yaml:3:4):\n"
        "  name is needed\n\nUse --debug flag to render out invalid YAML\n",
        "execution error at (web/templates/pod.yaml:3:4): name is needed",
        "Run `helm template web` to see all of its output.",
    ),
    "a missing dependency": (
        "Error: found in Chart.yaml, but missing in charts/ directory: redis",
        "found in Chart.yaml, but missing in charts/ directory: redis",
        "Fetch the dependencies: `helm dependency build web`, or use --dependency-update.",
    ),
    "a long reason": (
        f"Error: {'x' * 2000}\n",
        "x" * 2000,
        "Run `helm template web` to see all of its output.",
    ),
    "a prefix of klog": (
        "W0102 15:04:05.000000   12345 warnings.go:70] unknown field\n"
        "I0102 15:04:05.000000       1 x.go:1] no matter\nError: no\n  more\n",
        "no more",
        "Run `helm template web` to see all of its output.",
    ),
    "only a line of klog": (
        "E0102 15:04:05.000000   12345 x.go:70] it is broken\n",
        "it is broken",
        "Run `helm template web` to see all of its output.",
    ),
    "no output": (
        "",
        "the program printed no error",
        "Run `helm template web` to see all of its output.",
    ),
}


@pytest.mark.parametrize(("stderr", "reason", "remedy"), FAILURES.values(), ids=FAILURES)
def test_the_problem_of_a_chart_is_what_helm_printed(programs, stderr, reason, remedy):
    """It is one line, without warnings and hints."""
    program(programs, "helm", f"warn({stderr!r}); sys.exit(1)")
    write("web/Chart.yaml")

    problem = find_problem("web")

    assert isinstance(problem, errors.RenderFailed)
    origin = "web" if "dependency" in problem.remedy else "web (default values)"
    assert problem.what == f"{origin} cannot be rendered: {reason}."
    assert problem.remedy == remedy


def test_default_values_may_fail_if_there_are_ci_values(programs):
    """CI values exist for charts that need values; they must not fail."""
    body = f"if '--values' not in sys.argv: sys.exit(1)\nprint({POD!r})"
    program(programs, "helm", body)
    for name in ("web/Chart.yaml", "web/ci/a-values.yaml"):
        write(name, "x: 1\n")

    selection = inputs.find(["web"])

    assert selection.problems == ()
    assert [manifest.origin for manifest in selection.manifests] == ["web (ci/a-values.yaml)"]


def test_a_program_that_takes_too_long_is_stopped(programs):
    """The time limit is an option."""
    program(programs, "helm", "time.sleep(60)")
    write("web/Chart.yaml")

    assert str(find_problem("web", render_timeout=0.2)) == (
        "web (default values): helm did not finish within 0.2 s.\n"
        "Run `helm template web` to see what it waits for, or raise --render-timeout."
    )


def test_each_template_keeps_its_line_numbers():
    """Helm sorts objects by kind, so the objects of a template can be far apart."""
    text = (
        b"---\n# Source: w/templates/a.yaml\na: 1\n---\n# Source: w/templates/b.yaml\nb: 1\n"
        b"---\n# Source: w/templates/a.yaml\na: 2\n"
    )

    assert manifest_input.split_by_template(text) == {
        "templates/a.yaml": (
            b"---\n# Source: w/templates/a.yaml\na: 1\n\n\n\n"
            b"---\n# Source: w/templates/a.yaml\na: 2\n"
        ),
        "templates/b.yaml": b"\n\n\n---\n# Source: w/templates/b.yaml\nb: 1\n",
    }


@pytest.mark.parametrize("text", [b"a: 1\n", b"---\na: 1\n---\nb: 2\n", b"a: 1\r\n--- \r\nb: 2"])
def test_text_without_helms_comments_is_not_split(text):
    """It stays unchanged."""
    assert manifest_input.split_by_template(text) == {"": text}


@pytest.mark.parametrize("text", [b"", b"\n", b"---\n---\n"])
def test_empty_text_has_no_templates(text):
    """A chart may render to nothing."""
    assert manifest_input.split_by_template(text) == {}
