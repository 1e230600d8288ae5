"""`podshare check`, run as people run it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from pytest_podshare.check import rules

ROOT = Path.cwd()
CLEAN, BROKEN = ROOT / "manifests/sharevol.yaml", ROOT / "manifests/check/pod.json"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"

needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="there is no helm on PATH")
needs_kustomize = pytest.mark.skipif(
    shutil.which("kustomize") is None and shutil.which("kubectl") is None,
    reason="there is neither kustomize nor kubectl on PATH",
)


def podshare(*words, cwd=ROOT, stdin="", **environment):
    """Run the command; what it said, and its exit code."""
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    assert program, "the package is not installed"
    return subprocess.run(
        [program, *map(str, words)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def test_a_clean_manifest_is_0():
    """With one line to say so."""
    done = podshare("check", CLEAN)

    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "no findings: 1 Pod template in 1 manifest\n",
        "",
    )


def test_findings_are_1():
    """Each with its place, its rule, and what to do."""
    done = podshare("check", "manifests/check/pod.json")

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[:2] == [
        "manifests/check/pod.json:11:6  error    mount-without-volume  container 'app' mounts "
        "volume 'dat' at /data, which the Pod does not declare",
        "    Did you mean 'data'? If not, declare 'dat' under volumes.",
    ]


def test_what_cannot_be_checked_is_2_and_the_rest_is_checked(tmp_path):
    """The errors go to stderr, each with what to do."""
    tmp_path.joinpath("bad.yaml").write_text(POD.replace("kind: Pod", "kind: Pod\nkind: Pod"))

    done = podshare("check", tmp_path, BROKEN, "missing.yaml")

    assert done.returncode == 2
    assert "mount-without-volume" in done.stdout
    assert f"podshare: {tmp_path}/bad.yaml:3:1: " in done.stderr
    assert "podshare: There is no file or folder missing.yaml" in done.stderr
    assert "2 not checked" in done.stdout


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
def test_a_command_line_that_makes_no_sense_is_2_and_two_lines(words):
    """What is the matter, and what to do."""
    done = podshare(*words)

    assert done.returncode == 2
    assert done.stderr.startswith("podshare: ")
    assert len(done.stderr.splitlines()) == 2


def test_standard_input():
    """As in `helm template chart | podshare check -`."""
    done = podshare("check", "-", stdin=BROKEN.read_text())

    assert done.returncode == 1
    assert done.stdout.startswith("stdin:11:6  error")
    assert podshare("check", "-", stdin="").returncode == 2


def test_only_what_is_severe_enough_fails():
    """The rest is told all the same."""
    unused = POD.replace("}]}", "}], volumes: [{name: v, emptyDir: {}}]}")

    assert podshare("check", "-", stdin=unused).returncode == 1
    lenient = podshare("check", "-", "--fail-on", "error", stdin=unused)
    assert (lenient.returncode, lenient.stdout.split()[2]) == (0, "unused-volume")


def test_rules_are_left_out_by_the_command_line_and_the_nearest_pyproject(tmp_path):
    """And custom resources are found, and paths passed over."""
    text = Path("manifests/check/rollout.yaml").read_text()
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


def test_a_report_goes_to_a_file_and_the_text_to_the_terminal(tmp_path):
    """Whatever its format."""
    reports = {name: tmp_path / name for name in ("json", "sarif", "junit", "github", "text")}

    for name, report in reports.items():
        done = podshare("check", BROKEN, "--format", name, "--output", report)
        assert (done.returncode, done.stdout.split()[1]) == (1, "error")

    assert json.loads(reports["json"].read_text())["counts"]["error"] == 1
    assert json.loads(reports["sarif"].read_text())["runs"][0]["results"]
    assert ET.parse(reports["junit"]).find("testsuite").get("failures") == "1"
    assert reports["github"].read_text().startswith("::error file=")
    assert reports["text"].read_text() == podshare("check", BROKEN).stdout


def test_the_graph_comes_with_the_verdict():
    """As a table, before the findings; a path after --graph is a path."""
    done = podshare("check", "--graph", "manifests/sharevol.yaml")

    assert (done.returncode, done.stdout) == (
        0,
        "manifests/sharevol.yaml: Pod/sharevol\n"
        "volume             c1               c2\n"
        "-----------------  ---------------  ------------\n"
        "xchange  emptyDir  rw /tmp/xchange  rw /tmp/data\n"
        "\n"
        "no findings: 1 Pod template in 1 manifest\n",
    )


@pytest.mark.parametrize(("kind", "begin"), [("mermaid", "flowchart LR"), ("svg", "<svg ")])
def test_a_drawing_is_all_that_stdout_gets(kind, begin):
    """So that it can be redirected; the verdict goes to stderr."""
    done = podshare("check", f"--graph={kind}", CLEAN, BROKEN)

    assert done.returncode == 1
    assert done.stdout.startswith(begin)
    assert "mount-without-volume" not in done.stdout
    assert "mount-without-volume" in done.stderr


def test_the_rules_are_listed():
    """Each with its severity and what it finds."""
    lines = podshare("check", "--rules").stdout.splitlines()

    assert [line.split()[:2] for line in lines] == [[each.id, each.severity] for each in rules.ALL]


def test_neither_pytest_nor_jinja_nor_a_kubernetes_client_is_imported():
    """The positive control: the package as a whole does import them."""
    modules = ["pytest", "kubernetes", "rich", "jinja2"]
    show = f"print([name for name in {modules} if name in sys.modules])"
    run = "import sys; from pytest_podshare.cli.main import main; main(['check', sys.argv[1]])"
    load = (
        "import sys, pytest, pytest_podshare.kube.client, pytest_podshare.report.terminal_table,"
        " pytest_podshare.diagrams.svg"
    )
    check, whole = f"{run}; {show}", f"{load}; {show}"

    runs = [
        subprocess.run(
            [sys.executable, "-c", program, str(CLEAN)], capture_output=True, text=True, check=True
        )
        for program in (check, whole)
    ]

    assert [run.stdout.splitlines()[-1] for run in runs] == [
        "[]",
        str(modules),
    ]


def test_a_check_is_there_at_once():
    """Well within the two seconds that somebody waits."""
    times = []
    for _ in range(3):
        begun = time.monotonic()
        podshare("check", "--graph", CLEAN)
        times.append(time.monotonic() - begun)

    assert min(times) < 2


def test_a_reader_that_has_seen_enough_is_no_error():
    """As head is."""
    program = shutil.which("podshare", path=str(Path(sys.executable).parent))
    with subprocess.Popen(
        [program, "check", "--graph=svg", ROOT / "manifests"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        said = process.stderr.read()

    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said


def test_a_terminal_of_another_encoding_gets_what_it_can_show(tmp_path):
    """And no traceback."""
    manifest = POD.replace("name: p", "name: p").replace("{name: c}", "{name: ünïcode→}")
    tmp_path.joinpath("a.yaml").write_text(manifest, encoding="utf-8")

    done = podshare("check", "--graph", "a.yaml", cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert "Traceback" not in done.stderr
    assert r"\u2192" in done.stdout


@needs_helm
def test_a_chart_is_checked_with_every_set_of_values():
    """The one that leaves a mount behind is named."""
    done = podshare("check", "manifests/check/chart")

    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        "manifests/check/chart (ci/renamed-values.yaml): templates/deployment.yaml:34:15  error    "
        "mount-without-volume  container 'exporter' mounts volume 'cache' at /cache, which the Pod "
        "does not declare"
    )
    assert done.stdout.splitlines()[-1] == "1 error: 3 Pod templates in 6 manifests"


@needs_helm
def test_the_line_of_a_finding_is_that_of_what_helm_prints():
    """So that it can be looked at."""
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


@needs_helm
def test_a_chart_that_helm_refuses_is_an_error_in_two_lines(tmp_path):
    """Helm's own words, on one line."""
    chart = tmp_path / "web"
    shutil.copytree("manifests/check/chart", chart, ignore=shutil.ignore_patterns("ci"))
    template = chart / "templates" / "service.yaml"
    template.write_text('{{ required "a port is needed" .Values.port }}\n')

    done = podshare("check", chart)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert "a port is needed" in done.stderr


@needs_kustomize
def test_an_overlay_is_checked_as_it_is_built():
    """Its patch by itself is no manifest."""
    done = podshare("check", "manifests/check/kustomize")

    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if " error " in line]
    assert [line.split(":")[0] for line in lines] == [
        "manifests/check/kustomize/with-exporter (kustomize)"
    ]
    assert done.stdout.splitlines()[-1].endswith("2 Pod templates in 2 manifests")


def test_the_hook_for_pre_commit_is_a_command_of_ours():
    """It takes the files that were touched, manifests or not."""
    (hook,) = yaml.safe_load(Path(".pre-commit-hooks.yaml").read_text())
    program, *words = hook["entry"].split()

    assert program == "podshare"
    done = podshare(*words, "tox.ini", ".pre-commit-hooks.yaml", "manifests/check/pod.json")
    assert (done.returncode, done.stdout.split(":")[0]) == (1, "manifests/check/pod.json")
    assert podshare(*words, ".pre-commit-hooks.yaml").returncode == 0
    assert podshare(*words).returncode == 0
