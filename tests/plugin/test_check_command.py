"""`podshare check`, run as a program."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from pytest_podshare.check import rules

ROOT = Path.cwd()
CLEAN, BROKEN = ROOT / "manifests/sharevol.yaml", ROOT / "manifests/check/pod.json"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"
SIGPIPE_STATUS = 128 + 13

needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not on PATH")
needs_kustomize = pytest.mark.skipif(
    shutil.which("kustomize") is None and shutil.which("kubectl") is None,
    reason="neither kustomize nor kubectl is on PATH",
)


def program():
    """Return the path of the program."""
    path = shutil.which("podshare", path=str(Path(sys.executable).parent))
    assert path, "the package is not installed"
    return path


def podshare(*words, cwd=ROOT, stdin="", **environment):
    """Run the program."""
    return subprocess.run(
        [program(), *map(str, words)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def test_a_clean_manifest_has_status_0():
    """The output is one line."""
    done = podshare("check", CLEAN)

    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "no findings: 1 Pod template in 1 manifest\n",
        "",
    )


def test_findings_have_status_1():
    """Each has its location, its rule, and what to do."""
    done = podshare("check", "manifests/check/pod.json")

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[:2] == [
        "manifests/check/pod.json:11:6  error    mount-without-volume  container 'app' mounts "
        "volume 'dat' at /data, but the Pod declares no such volume",
        "    Did you mean 'data'? If not, declare 'dat' under volumes.",
    ]


def test_problems_have_status_2_and_the_rest_is_checked(tmp_path):
    """Problems go to stderr, each with what to do."""
    tmp_path.joinpath("bad.yaml").write_text(POD + "kind: [\n")

    done = podshare("check", tmp_path, BROKEN, "missing.yaml")

    assert done.returncode == 2
    assert "mount-without-volume" in done.stdout
    assert f"podshare: {tmp_path}/bad.yaml:5:8: " in done.stderr
    assert "podshare: No such file or folder: missing.yaml" in done.stderr
    assert "2 not checked" in done.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_cannot_be_written_has_status_2(unbuffered):
    """It is not the status of findings, nor that of an interpreter that writes at its end."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [program(), "check", CLEAN],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (2, "podshare: No space left on device.\n")


def test_a_bug_has_status_2():
    """It is not the status of findings."""
    code = (
        "import sys; from pytest_podshare.check import checker; checker.check_all = None; "
        "from pytest_podshare.cli.main import main; sys.exit(main(['check', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(BROKEN)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("podshare: This is a bug of podshare.")


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "--ignore", "no-such-rule", "manifests"],
        ["check", "--pod-template", "Rollout", "manifests"],
        ["check", "--graph", "--format", "json", "manifests"],
        ["check", "--output", "/no/such/folder/x", "manifests/sharevol.yaml"],
    ],
)
def test_an_invalid_command_line_has_status_2_and_an_error_of_two_lines(words):
    """The first line says what is wrong, the second what to do."""
    done = podshare(*words)

    assert done.returncode == 2
    assert done.stderr.startswith("podshare: ")
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "Missing command"),
        (["chekc"], "chekc"),
        (["check", "--no-such-option", "x"], "--no-such-option"),
        (["check", "--form", "json", "x"], "--form"),
        (["check", "--format", "xml", "x"], "xml"),
        (["check", "--graph=png", "x"], "png"),
        (["check", "--render-timeout", "soon", "x"], "soon"),
        (["clean", "x"], "(x)"),
    ],
)
def test_an_unknown_command_option_or_value_has_status_2(words, named):
    """The error names it and says how to get help."""
    done = podshare(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert "--help' for help." in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["clean", "--help"]])
def test_the_help_has_status_0(words):
    """It goes to stdout."""
    done = podshare(*words)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: podshare ")


def test_the_version_is_that_of_the_package():
    """It is on a line with the name of the program."""
    done = podshare("--version")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"podshare {metadata.version('pytest-podshare')}\n"


def test_standard_input_is_checked():
    """For example in `helm template chart | podshare check -`."""
    done = podshare("check", "-", stdin=BROKEN.read_text())

    assert done.returncode == 1
    assert done.stdout.startswith("stdin:11:6  error")
    assert podshare("check", "-", stdin="").returncode == 2


def test_only_sufficiently_severe_findings_fail():
    """The others are still printed."""
    unused = POD.replace("}]}", "}], volumes: [{name: v, configMap: {name: v}}]}")

    assert podshare("check", "-", stdin=unused).returncode == 1
    lenient = podshare("check", "-", "--fail-on", "error", stdin=unused)
    assert (lenient.returncode, lenient.stdout.split()[2]) == (0, "unused-volume")


def test_options_and_the_nearest_pyproject_select_rules_paths_and_custom_resources(tmp_path):
    """Options add to the settings of the file."""
    text = Path("manifests/check/rollout.yaml").read_text().replace("argoproj.io", "example.com")
    tmp_path.joinpath("rollout.yaml").write_text(text)
    tmp_path.joinpath("other.yaml").write_text(BROKEN.read_text())
    project = tmp_path / "pyproject.toml"

    project.write_text('[tool.podshare]\npod-templates = {Rollout = "spec.template"}\n')
    assert podshare("check", ".", cwd=tmp_path).stdout.count("mount-without-volume") == 2
    assert podshare("check", ".", "--exclude=o*", cwd=tmp_path).stdout.count(" error ") == 1
    ignoring = podshare("check", ".", "--ignore=mount-without-volume", cwd=tmp_path)
    assert "mount-without-volume" not in ignoring.stdout
    project.write_text('[tool.podshare]\nignore = ["mount-without-volume", "unused-volume"]\n')
    assert podshare("check", ".", cwd=tmp_path).returncode == 0


def test_with_output_a_file_gets_the_format_and_stdout_the_text(tmp_path):
    """For every format."""
    reports = {name: tmp_path / name for name in ("json", "sarif", "junit", "github", "text")}

    for name, report in reports.items():
        done = podshare("check", BROKEN, "--format", name, "--output", report)
        assert (done.returncode, done.stdout.split()[1]) == (1, "error")

    assert json.loads(reports["json"].read_text())["counts"]["error"] == 1
    assert json.loads(reports["sarif"].read_text())["runs"][0]["results"]
    assert ET.parse(reports["junit"]).find("testsuite").get("failures") == "1"
    assert reports["github"].read_text().startswith("::error file=")
    assert reports["text"].read_text() == podshare("check", BROKEN).stdout


@pytest.mark.parametrize(
    "words",
    [
        ["--graph", "manifests/sharevol.yaml"],
        ["manifests/sharevol.yaml", "--graph"],
        ["--graph=text", "manifests/sharevol.yaml"],
    ],
)
def test_the_graph_is_a_table_before_the_findings(words):
    """A path after --graph is a path, not its value."""
    done = podshare("check", *words)

    assert (done.returncode, done.stdout) == (
        0,
        "manifests/sharevol.yaml: Pod/sharevol\n"
        "volume             c1               c2\n"
        "-----------------  ---------------  ------------\n"
        "xchange  emptyDir  rw /tmp/xchange  rw /tmp/data\n"
        "\n"
        "no findings: 1 Pod template in 1 manifest\n",
    )


@pytest.mark.parametrize(("kind", "beginning"), [("mermaid", "flowchart LR"), ("svg", "<svg ")])
def test_a_diagram_is_the_only_output_on_stdout(kind, beginning):
    """It can be redirected to a file; findings go to stderr."""
    done = podshare("check", f"--graph={kind}", CLEAN, BROKEN)

    assert done.returncode == 1
    assert done.stdout.startswith(beginning)
    assert "mount-without-volume" not in done.stdout
    assert "mount-without-volume" in done.stderr


def test_the_rules_are_listed():
    """Each has its severity and its summary, with a note if it is off by default."""
    lines = podshare("check", "--rules").stdout.splitlines()

    expected = [[rule.id, rule.severity, rule.summary] for rule in rules.ALL]
    assert [re.split(r"  +", line.removesuffix(" (off by default)")) for line in lines] == expected
    off = {line.split()[0] for line in lines if line.endswith(" (off by default)")}
    assert off == {"nowhere-to-write", "volume-of-one-container"}


def test_a_rule_that_is_off_by_default_is_enabled_by_an_option_or_in_a_file(tmp_path):
    """It finds nothing otherwise, and ignoring it is stronger."""
    bad = Path("manifests/rules/bad/nowhere-to-write.yaml").read_text()
    tmp_path.joinpath("bad.yaml").write_text(bad)
    found = ("check", "bad.yaml", "--fail-on=info")

    assert podshare(*found, cwd=tmp_path).returncode == 0
    assert podshare(*found, "--enable=nowhere-to-write", cwd=tmp_path).returncode == 1
    unknown = podshare(*found, "--enable=nowhere-to-writ", cwd=tmp_path)
    assert "Did you mean 'nowhere-to-write'?" in unknown.stderr
    tmp_path.joinpath("pyproject.toml").write_text(
        '[tool.podshare]\nenable = ["nowhere-to-write"]\n'
    )
    assert podshare(*found, cwd=tmp_path).returncode == 1
    assert podshare(*found, "--ignore=nowhere-to-write", cwd=tmp_path).returncode == 0


def test_a_check_imports_neither_pytest_nor_jinja_nor_a_kubernetes_client():
    """The positive control: the package as a whole imports them."""
    modules = ["pytest", "kubernetes", "rich", "jinja2"]
    show = f"print([name for name in {modules} if name in sys.modules])"
    check = "import sys; from pytest_podshare.cli.main import main; main(['check', sys.argv[1]])"
    whole = (
        "import sys, pytest, pytest_podshare.kube.client, pytest_podshare.report.terminal_table,"
        " pytest_podshare.diagrams.svg"
    )

    runs = [
        subprocess.run(
            [sys.executable, "-c", f"{code}; {show}", str(CLEAN)],
            capture_output=True,
            text=True,
            check=True,
        )
        for code in (check, whole)
    ]

    assert [run.stdout.splitlines()[-1] for run in runs] == [
        "[]",
        str(modules),
    ]


@pytest.mark.parametrize("words", [["check", "--graph=svg", "manifests"], ["check", CLEAN]])
def test_a_reader_that_stops_early_is_not_an_error(words):
    """For example head. Output that fits into a buffer is only written at the end."""
    buffered = {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [program(), *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered
    ) as process:
        process.stdout.close()
        stderr = process.stderr.read()

    assert b"Traceback" not in stderr
    assert b"BrokenPipe" not in stderr
    assert process.returncode == SIGPIPE_STATUS


def test_characters_that_the_terminal_lacks_are_escaped(tmp_path):
    """They do not cause a traceback."""
    manifest = POD.replace("{name: c}", "{name: ünïcode→}")
    tmp_path.joinpath("a.yaml").write_text(manifest, encoding="utf-8")

    done = podshare("check", "--graph", "a.yaml", cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert "Traceback" not in done.stderr
    assert r"\u2192" in done.stdout


@needs_helm
def test_a_chart_is_checked_with_all_of_its_values():
    """The finding has its line in the template, and names the values."""
    done = podshare("check", "manifests/check/chart")

    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        "manifests/check/chart/templates/deployment.yaml:23:15  error    "
        "mount-without-volume  container 'exporter' mounts volume 'cache' at /cache, but the Pod "
        "declares no such volume (in 1 of 3 value files: ci/renamed-values.yaml)"
    )
    assert done.stdout.splitlines()[-1] == "1 error: 3 Pod templates in 6 manifests"


@needs_helm
def test_the_line_of_a_finding_on_standard_input_is_that_of_helms_output():
    """The user can look it up there; JSON has it for a chart as well."""
    values = "manifests/check/chart/ci/renamed-values.yaml"
    rendered = subprocess.run(
        ["helm", "template", "manifests/check/chart", "--values", values],
        capture_output=True,
        text=True,
        check=True,
    )

    assert rendered.stdout.splitlines()[33].strip() == "- name: cache"
    piped = podshare("check", "-", stdin=rendered.stdout)
    assert piped.stdout.startswith("stdin: templates/deployment.yaml:34:15  error")
    whole = json.loads(podshare("check", "manifests/check/chart", "--format", "json").stdout)
    assert [finding["line"] for finding in whole["findings"]] == [34]


@needs_helm
def test_options_of_helm_select_what_is_rendered():
    """The values of the command line replace those of the chart; helm's own errors are shown."""
    chart, values = "manifests/check/chart", "manifests/check/chart/ci/renamed-values.yaml"
    options = ("--release-name", "shop", "--namespace", "n", "--kube-version", "1.30.0")

    found = podshare("check", chart, "--values", values, "--set", "cache=x", *options)
    clean = podshare("check", chart, "--set", "exporter=false", *options)
    wrong = podshare("check", chart, "--set", "cache[")

    assert found.stdout.splitlines()[0].startswith(
        f"{chart}/templates/deployment.yaml:23:15  error"
    )
    assert (clean.returncode, clean.stdout.splitlines()[-1][:11]) == (0, "no findings")
    assert wrong.returncode == 2
    assert "cannot be rendered: failed parsing --set data" in wrong.stderr


def test_the_version_of_kubernetes_decides_which_fields_exist(tmp_path):
    """A version that is not known is replaced by the nearest, with a note; text is an error."""
    manifest = tmp_path / "pod.yaml"
    manifest.write_text(POD.replace("{name: c}", "{name: c, restartPolicyRules: [{}]}"))

    known = podshare("check", manifest, "--kube-version", "1.34.4")
    older = podshare("check", manifest, "--kube-version", "1.28")
    wrong = podshare("check", manifest, "--kube-version", "soon")

    assert (known.returncode, known.stderr) == (0, "")
    assert (older.returncode, wrong.returncode) == (1, 2)
    assert "it exists since Kubernetes 1.34" in older.stdout
    assert older.stderr == (
        "podshare: the fields of Kubernetes 1.28 are not known; those of 1.30 are used\n"
    )
    assert wrong.stderr.startswith("podshare: kube-version 'soon' is not a version of Kubernetes.")


@needs_helm
def test_a_chart_is_checked_with_the_values_of_a_release(tmp_path):
    """The line is that of the template; a release of a chart elsewhere is passed over."""
    (tmp_path / ".git").mkdir()
    chart = tmp_path / "charts/web"
    shutil.copytree("manifests/check/chart", chart, ignore=shutil.ignore_patterns("ci"))
    release = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: NAME}
spec:
  chart: {spec: {chart: charts/CHART, sourceRef: {kind: GitRepository, name: deploy}}}
  values: {cache: page-cache}
"""
    for name in ("web", "gone"):
        text = release.replace("NAME", name).replace("CHART", name)
        (tmp_path / f"{name}.yaml").write_text(text)

    done = podshare("check", ".", cwd=tmp_path)

    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        "charts/web/templates/deployment.yaml:23:15  error    mount-without-volume  container "
        "'exporter' mounts volume 'cache' at /cache, but the Pod declares no such volume (in 1 of "
        "2 renderings: HelmRelease/web in web.yaml)"
    )
    assert done.stderr == (
        "podshare: HelmRelease/gone in gone.yaml is not rendered: this repository has no "
        "chart or overlay for it.\n"
    )
    assert podshare("check", "charts", cwd=tmp_path).returncode == 0


@needs_helm
def test_a_library_chart_is_passed_over_with_a_word(tmp_path):
    """It is no error, and the rest is checked."""
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: l\nversion: 1.0.0\ntype: library\n")

    done = podshare("check", tmp_path, CLEAN)

    assert done.returncode == 0
    assert done.stderr == (
        f"podshare: {tmp_path} is a library chart: check a chart that depends on it.\n"
    )


@needs_helm
def test_missing_dependencies_are_told_once_with_the_command(tmp_path):
    """Not once for each value file."""
    chart = tmp_path / "web"
    shutil.copytree("manifests/check/chart", chart)
    with (chart / "Chart.yaml").open("a") as file:
        file.write(
            "\ndependencies: [{name: redis, version: 1.0.0, repository: 'file://../redis'}]\n"
        )

    done = podshare("check", chart)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert f"Fetch the dependencies: `helm dependency build {chart}`" in done.stderr


@needs_helm
def test_a_chart_that_helm_rejects_is_an_error_of_two_lines(tmp_path):
    """The message of helm is on one line."""
    chart = tmp_path / "web"
    shutil.copytree("manifests/check/chart", chart, ignore=shutil.ignore_patterns("ci"))
    template = chart / "templates" / "service.yaml"
    template.write_text('{{ required "a port is needed" .Values.port }}\n')

    done = podshare("check", chart)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert "a port is needed" in done.stderr


@needs_kustomize
def test_an_overlay_is_checked_after_it_is_built():
    """Its patch is not a manifest."""
    done = podshare("check", "manifests/check/kustomize")

    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if " error " in line]
    assert [line.split(":")[0] for line in lines] == [
        "manifests/check/kustomize/with-exporter (kustomize)"
    ]
    assert done.stdout.splitlines()[-1].endswith("2 Pod templates in 2 manifests")


def test_the_hook_for_pre_commit_checks_the_changed_files():
    """It ignores those that are not manifests."""
    (hook,) = yaml.safe_load(Path(".pre-commit-hooks.yaml").read_text())
    name, *words = hook["entry"].split()

    assert name == "podshare"
    done = podshare(*words, "tox.ini", ".pre-commit-hooks.yaml", "manifests/check/pod.json")
    assert (done.returncode, done.stdout.split(":")[0]) == (1, "manifests/check/pod.json")
    assert podshare(*words, ".pre-commit-hooks.yaml").returncode == 0
    assert podshare(*words).returncode == 0
