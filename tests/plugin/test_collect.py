"""Manifests as test items: how they are collected, selected and reported, without a cluster."""

import os
import re
import shutil
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.support.manifest_texts import TWO_CONTAINERS

pytestmark = pytest.mark.usefixtures("no_kind")
PROGRAMS = os.environ["PATH"]
POD = TWO_CONTAINERS.replace("name: v", "name: xchange")
BROKEN = POD.replace("{name: xchange, mountPath: /b}", "{name: xchang, mountPath: /b}")
SEVERAL = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: c, image: i, volumeMounts: [{name: data, mountPath: /d}]}]
      volumes: [{name: data, emptyDir: {}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: c, image: i, volumeMounts: [{name: data, mountPath: /d}]}]
          volumes: [{name: data, persistentVolumeClaim: {claimName: d}}]
"""
POD_ITEMS = [
    "wiring",
    "c1→c2@xchange",
    "c2→c1@xchange",
    "restart@xchange[c1]",
    "restart@xchange[c2]",
    "deleted@xchange",
]


@pytest.fixture
def write(pytester):
    """Return a function that writes files to the folder of a run without a kind program."""

    def write(files):
        for name, text in files.items():
            path = pytester.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


@pytest.fixture
def run(pytester):
    """Return a function that runs pytest."""
    return lambda *args: pytester.runpytest_inprocess("-p", "no:pytest-kind", "-rs", *args)


@pytest.fixture
def ids(run):
    """Return a function that returns the ids of the items that pytest collects."""

    def collect(*args):
        result = run("--collect-only", "-q", *args)
        return [line for line in result.outlines if "::" in line]

    return collect


def test_a_manifest_has_an_item_for_its_wiring_and_each_promise(write, ids):
    """The check of the wiring comes first, the promise that replaces the Pod last."""
    write({"m/sharevol.yaml": POD})

    assert ids("--podshare-manifests=m") == [f"m/sharevol.yaml::{name}" for name in POD_ITEMS]


def test_a_file_with_several_pod_templates_has_a_level_for_each(write, ids):
    """It is named for the workload; other objects have no items."""
    write({"m/all.yaml": SEVERAL})

    assert ids("--podshare-manifests=m/all.yaml") == [
        "m/all.yaml::Deployment/web::wiring",
        "m/all.yaml::Deployment/web::restart@data[c]",
        "m/all.yaml::Deployment/web::deleted@data",
        "m/all.yaml::CronJob/nightly::wiring",
        "m/all.yaml::CronJob/nightly::deleted@data",
    ]


def test_pod_templates_with_the_same_name_have_different_ids(write, ids):
    """Two namespaces may have a Deployment of the same name."""
    write({"m/all.yaml": f"{POD}---\n{POD}"})

    assert [name for name in ids("--podshare-manifests=m") if "deleted" in name] == [
        "m/all.yaml::Pod/web::deleted@xchange",
        "m/all.yaml::Pod/web#2::deleted@xchange",
    ]


FILES = {
    "m/sharevol.yaml": POD,
    "m/deep/er/pod.json": '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},'
    ' "spec": {"containers": [{"name": "c"}]}}',
    "m/values.yaml": "no: manifest\n",
    "m/config.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n",
    "m/test_beside.py": "def test_beside(): pass\n",
    "m/deep/test_deep.py": "def test_deep(): pass\n",
    "tests/test_own.py": "def test_own(): pass\n",
    "tests/fixtures/pod.yaml": POD,
}
MANIFESTS = ["m/deep/er/pod.json::wiring", *(f"m/sharevol.yaml::{name}" for name in POD_ITEMS)]


@pytest.mark.parametrize(
    ("ini", "environment", "args", "expected"),
    [
        # on the command line without another path: only the manifests
        ("", "", ["--podshare-manifests=m"], MANIFESTS),
        ("", "", ["--podshare-manifests", "m/*.yaml"], MANIFESTS[1:]),
        ("", "", ["--podshare-manifests=m/sharevol.yaml"], MANIFESTS[1:]),
        # with other paths
        ("", "", ["--podshare-manifests=m", "tests"], ["tests/test_own.py::test_own", *MANIFESTS]),
        # in the ini file or the environment: with all tests
        ("m", "", [], ["tests/test_own.py::test_own", *MANIFESTS]),
        ("", "m", [], ["tests/test_own.py::test_own", *MANIFESTS]),
        # but only the paths on the command line
        ("m", "", ["tests/test_own.py"], ["tests/test_own.py::test_own"]),
        # which can select some of the manifests
        ("", "", ["--podshare-manifests=m", "m/deep/er"], MANIFESTS[:1]),
        ("m", "", ["m/deep/er/pod.json"], MANIFESTS[:1]),
        (
            "",
            "",
            ["--podshare-manifests=m", "m/sharevol.yaml::restart@xchange[c1]"],
            ["m/sharevol.yaml::restart@xchange[c1]"],
        ),
        # without the container, as a test without its parameters
        (
            "",
            "",
            ["--podshare-manifests=m", "m/sharevol.yaml::restart@xchange"],
            ["m/sharevol.yaml::restart@xchange[c1]", "m/sharevol.yaml::restart@xchange[c2]"],
        ),
        # a folder on the command line is collected with its tests
        (
            "",
            "",
            ["--podshare-manifests=m", "m/deep"],
            ["m/deep/er/pod.json::wiring", "m/deep/test_deep.py::test_deep"],
        ),
        # without the option, a manifest on the command line
        ("", "", ["m/sharevol.yaml::c1→c2@xchange"], ["m/sharevol.yaml::c1→c2@xchange"]),
        ("", "", ["m/sharevol.yaml"], MANIFESTS[1:]),
        # without either, no manifest
        ("", "", [], ["tests/test_own.py::test_own"]),
        ("", "", ["m"], ["m/deep/test_deep.py::test_deep", "m/test_beside.py::test_beside"]),
    ],
)
def test_the_source_of_the_option_and_the_paths_decide_what_is_collected(
    pytester, write, ids, monkeypatch, ini, environment, args, expected
):
    """Paths on the command line win, as they do over `testpaths`."""
    write(FILES)
    pytester.makeini(f"[pytest]\ntestpaths = tests\npodshare_manifests = {ini}\n")
    if environment:
        monkeypatch.setenv("PODSHARE_MANIFESTS", environment)

    assert sorted(ids(*args)) == sorted(expected)


def test_the_ignore_options_of_pytest_apply_to_manifests(write, ids):
    """They apply as they do to any other file."""
    write(FILES)

    assert ids("--podshare-manifests=m", "--ignore=m/deep") == MANIFESTS[1:]
    assert ids("--podshare-manifests=m", "--ignore-glob=*/shared*") == MANIFESTS[:1] + MANIFESTS[1:]
    assert ids("--podshare-manifests=m", "--ignore-glob=*/share*") == MANIFESTS[:1]


@pytest.mark.parametrize("nested", [["m/build/x.yaml"], ["m/build/x.yaml", "m/build/y.yaml"]])
@pytest.mark.parametrize("others", [[], ["m/a.yaml"], ["m/a.yaml", "m/b.yaml"]])
@pytest.mark.parametrize("deeper", [[], ["m/build/deep/z.yaml"], ["m/deep/build/deep/z.yaml"]])
def test_folders_that_pytest_does_not_visit_may_have_manifests(write, ids, nested, others, deeper):
    """`norecursedirs` contains `build`; every manifest is collected once."""
    files = [*others, *nested, *deeper]
    write(dict.fromkeys([*files, "m/build/test_it.py"], POD))

    found = ids("--podshare-manifests=m", "-k", "wiring")

    assert sorted(found) == sorted(f"{file}::wiring" for file in files)


def test_items_can_be_selected_and_deselected(write, ids):
    """By keyword, mark and id, like any other test."""
    write({"m/sharevol.yaml": POD})

    def selected(*args):
        return [name.partition("::")[2] for name in ids("--podshare-manifests=m", *args)]

    assert selected("-k", "restart") == POD_ITEMS[3:5]
    assert selected("-k", "c1 and not restart") == POD_ITEMS[1:3]
    assert selected("-m", "podshare_static") == POD_ITEMS[:1]
    assert selected("-m", "podshare") == POD_ITEMS[1:]
    assert selected("--deselect=m/sharevol.yaml::deleted@xchange") == POD_ITEMS[:-1]


def test_without_a_cluster_promises_are_skipped(write, run):
    """The reason is the error; the wiring is checked nevertheless."""
    write({"m/sharevol.yaml": POD})

    result = run("--podshare-manifests=m")

    result.assert_outcomes(passed=1, skipped=5)
    (line,) = (line for line in result.outlines if line.startswith("SKIPPED"))
    assert re.sub(r"\] \S+:", "] …:", line) == (
        "SKIPPED [5] …: no cluster: The kind program was not found on PATH. "
        "Install kind 0.30 or newer, or set its path with --podshare-kind-bin."
    )


def test_without_a_required_cluster_promises_are_errors(write, run):
    """A pipeline must not pass because its cluster is missing."""
    write({"m/sharevol.yaml": POD})

    result = run("--podshare-manifests=m", "--podshare-require-cluster")

    result.assert_outcomes(passed=1, errors=5)
    text = result.stdout.str()
    assert text.count("\nThe kind program was not found on PATH.\n") == 5
    assert "promise_items.py" not in text


def test_the_wiring_item_fails_with_its_findings(write, run):
    """Each has file, line and column, a message and a remedy; there is no traceback."""
    write({"m/broken.yaml": BROKEN})

    result = run("--podshare-manifests=m", "-m", "podshare_static")

    result.assert_outcomes(failed=1, deselected=2)
    text = result.stdout.str()
    assert text[text.index("_ wiring _") :].splitlines()[1:5] == [
        "m/broken.yaml:9:22: warning: container 'c1' mounts volume 'xchange' at /a, "
        "but no other container mounts it [volume-not-shared]",
        "  Mount 'xchange' in the container that should share it.",
        "m/broken.yaml:12:22: error: container 'c2' mounts volume 'xchang' at /b, "
        "but the Pod declares no such volume [mount-without-volume]",
        "  Did you mean 'xchange'? If not, declare 'xchang' under volumes.",
    ]
    assert "manifest_items.py" not in text


def test_a_finding_of_severity_info_is_not_a_failure(write, run):
    """It is shown with -rA."""
    first = POD.replace("mountPath: /a", "mountPath: /a, subPath: x")
    write({"m/pod.yaml": first.replace("mountPath: /b", "mountPath: /b, subPath: x/y")})

    result = run("--podshare-manifests=m", "-m", "podshare_static", "-rA")

    result.assert_outcomes(passed=1, deselected=5)
    result.stdout.fnmatch_lines(["m/pod.yaml:12:22: info: container 'c2' *"])


def test_a_manifest_that_cannot_be_read_fails_alone(write, run):
    """Its error has the line and a caret; the other files are tested."""
    write({"m/a.yaml": POD + "metadata: {}\n", "m/b.yaml": POD})

    result = run("--podshare-manifests=m", "-m", "podshare_static")

    result.assert_outcomes(failed=1, passed=1, deselected=5)
    result.stdout.fnmatch_lines(
        ["m/a.yaml:16:1: duplicate key 'metadata', *", "  16 | metadata: {}", "     | ^"]
    )


def test_an_unknown_promise_in_the_expectations_fails_the_wiring_item(write, run):
    """No other item is collected, for the promises are unknown."""
    annotation = "  annotations: {podshare.dev/expect: '{deleted@xchang: off}'}\n"
    write({"m/a.yaml": POD.replace("spec:\n", f"{annotation}spec:\n", 1)})

    result = run("--podshare-manifests=m")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*unknown promise 'deleted@xchang'.", "Did you mean *"])


def test_expectations_change_which_items_are_collected(write, ids):
    """A promise that is off has no item; one that is reversed keeps its id."""
    annotation = """\
  annotations:
    podshare.dev/expect: |
      deleted@xchange: off
      c1→c2@xchange: apart
      c1→c2:/a/log: {content: hello}
"""
    write({"m/a.yaml": POD.replace("spec:\n", f"{annotation}spec:\n", 1)})

    names = [name.partition("::")[2] for name in ids("--podshare-manifests=m")]

    assert names == [*POD_ITEMS[:-1], "c1→c2:/a/log"]


def test_the_options_for_failed_tests_apply_to_manifests(write, run, ids):
    """--lf and --ff find the items of the last run, until they pass."""
    write({"m/a.yaml": POD, "m/b.yaml": BROKEN, "m/c.yaml": POD})

    run("--podshare-manifests=m")

    assert ids("--podshare-manifests=m", "--lf") == ["m/b.yaml::wiring"]
    assert ids("--podshare-manifests=m", "--ff")[0] == "m/b.yaml::wiring"
    write({"m/b.yaml": POD})
    run("--podshare-manifests=m", "--lf").assert_outcomes(passed=1)


def test_a_run_can_stop_at_the_first_failure(write, run):
    """-x works with manifests."""
    write({"m/a.yaml": BROKEN, "m/b.yaml": POD})

    run("--podshare-manifests=m", "-x").assert_outcomes(failed=1)


@pytest.mark.parametrize("workers", [[], ["-n1"]])
def test_the_id_in_the_summary_selects_the_test(pytester, write, workers):
    """Also with pytest-xdist."""
    write({"m/a.yaml": POD})
    options = ("-p", "no:pytest-kind", "--podshare-manifests=m", "--podshare-require-cluster")

    result = pytester.runpytest_subprocess(*options, "-k", "restart and c1", *workers)

    (line,) = (line for line in result.outlines if line.startswith("ERROR m/"))
    name = line.removeprefix("ERROR ").partition(" - ")[0]
    assert name == "m/a.yaml::restart@xchange[c1]"
    pytester.runpytest_subprocess(*options, name).assert_outcomes(errors=1)


def test_workers_of_pytest_xdist_collect_the_same_items(pytester, write):
    """pytest-xdist requires that, with every way to distribute them."""
    write({"m/a.yaml": SEVERAL, "m/b.yaml": BROKEN})

    for dist in ("load", "loadfile", "loadgroup"):
        result = pytester.runpytest_subprocess(
            "-p", "no:pytest-kind", "-n2", f"--dist={dist}", "--podshare-manifests=m"
        )

        result.assert_outcomes(passed=2, failed=1, skipped=5)


def test_every_item_has_its_line_in_the_manifest(pytester, write):
    """It is the line of the object, or of the mount or volume that the promise is about."""
    write({"m/all.yaml": f"# two lines\n\n{POD}"})

    items, _ = pytester.inline_genitems("-p", "no:pytest-kind", "--podshare-manifests=m")

    assert [(item.name, *item.reportinfo()[:2]) for item in items] == [
        (name, pytester.path / "m" / "all.yaml", line)
        for name, line in zip(POD_ITEMS, (2, 13, 10, 10, 13, 15), strict=True)
    ]


def test_junit_xml_names_the_items(pytester, write, run):
    """By manifest, template and promise id, also with pytest-xdist."""
    write({"m/all.yaml": SEVERAL})

    for more in ([], ["-n1", "-rs"]):
        run("--podshare-manifests=m", "--junit-xml=out.xml", "-k", "web", *more)

        cases = ET.parse(pytester.path / "out.xml").findall(".//testcase")
        assert [(case.get("classname"), case.get("name")) for case in cases] == [
            ("m.all.yaml.Deployment/web", "wiring"),
            ("m.all.yaml.Deployment/web", "restart@data[c]"),
            ("m.all.yaml.Deployment/web", "deleted@data"),
        ]


def test_a_path_that_does_not_exist_is_a_usage_error(write, run):
    """Before any test runs, also with pytest-xdist."""
    write({"m/a.yaml": POD})

    for more in ([], ["-n2"]):
        result = run("--podshare-manifests=n", *more)

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert "ERROR: No such file or folder: n" in result.stderr.str()


def test_a_path_may_contain_a_space(write, ids):
    """On the command line it needs no second pair of quotes."""
    write({"my pods/a.yaml": POD})

    assert len(ids("--podshare-manifests=my pods")) == 6


def test_the_settings_of_podshare_check_apply(write, ids, run):
    """Ignored rules, excluded files, and the Pod templates of custom resources."""
    write(
        {
            "pyproject.toml": "[tool.podshare]\n"
            "ignore = ['mount-without-volume', 'volume-not-shared']\n"
            "exclude = ['m/old/*']\npod-templates = {Rollout = 'spec.template'}\n",
            "m/a.yaml": BROKEN,
            "m/old/b.yaml": BROKEN,
            "m/r.yaml": SEVERAL.partition("---")[0].replace("Deployment", "Rollout"),
        }
    )

    assert {name.partition("::")[0] for name in ids("--podshare-manifests=m")} == {
        "m/a.yaml",
        "m/r.yaml",
    }
    run("--podshare-manifests=m", "-k", "a.yaml and wiring").assert_outcomes(passed=1, deselected=5)


def test_autouse_fixtures_apply_to_manifests(pytester, write, run):
    """Also those of module and class scope, although manifests have neither."""
    write({"m/a.yaml": POD})
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True, scope="module")
        def module_fixture(request):
            print("module", request.node.name)

        @pytest.fixture(autouse=True, scope="class")
        def class_fixture():
            print("class")

        @pytest.fixture(autouse=True)
        def function_fixture(request):
            print("test", request.node.name)
        """
    )

    result = run("--podshare-manifests=m", "-s", "-k", "wiring")

    result.assert_outcomes(passed=1, deselected=5)
    text = result.stdout.str()
    assert "module a.yaml\nclass\ntest wiring\n" in text


def test_collecting_and_planning_need_no_cluster(pytester, write, run):
    """--setup-plan lists the fixtures without starting them."""
    write({"m/a.yaml": POD})

    run("--podshare-manifests=m", "--collect-only")
    result = run("--podshare-manifests=m", "--setup-plan")

    assert "podshare_factory" in result.stdout.str()
    assert not (pytester.path / "cache").exists()


def test_the_header_names_the_image_of_skeletons(write, run):
    """It runs instead of the applications in skeleton mode."""
    write({"m/a.yaml": POD})
    line = "podshare: skeleton mode: alpine runs instead of the manifests' applications"
    options = ("--podshare-manifests=m", "--collect-only", "--podshare-probe-image=alpine")

    assert line in run(*options, "--podshare-skeleton").outlines
    assert line not in run(*options).outlines


def test_an_overlay_is_collected_as_its_kustomization_file(write, ids, monkeypatch):
    """Its items are those of the rendered manifests."""
    monkeypatch.setenv("PATH", PROGRAMS)
    if not (shutil.which("kustomize") or shutil.which("kubectl")):
        pytest.skip("neither kustomize nor kubectl is on PATH")
    write(
        {
            "base/pod.yaml": POD,
            "base/kustomization.yaml": "resources: [pod.yaml]\n",
        }
    )

    assert ids("--podshare-manifests=base")[:2] == [
        "base/kustomization.yaml::wiring",
        "base/kustomization.yaml::c1→c2@xchange",
    ]
    assert ids("base/kustomization.yaml::wiring") == ["base/kustomization.yaml::wiring"]


def test_a_chart_is_collected_with_a_level_for_each_values_file(write, ids, monkeypatch):
    """And one for its default values, unless these are incomplete."""
    monkeypatch.setenv("PATH", PROGRAMS)
    if not shutil.which("helm"):
        pytest.skip("helm is not on PATH")
    template = POD.replace("name: web", "name: {{ .Values.name }}")
    write(
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
            "chart/values.yaml": "name: plain\n",
            "chart/ci/tls-values.yaml": "name: tls\n",
            "chart/templates/pod.yaml": template,
        }
    )

    assert [name for name in ids("--podshare-manifests=chart") if "wiring" in name] == [
        "chart/Chart.yaml::default values::wiring",
        "chart/Chart.yaml::ci/tls-values.yaml::wiring",
    ]
    # a chart may require values that it does not set
    write({"chart/templates/pod.yaml": template.replace(".Values", "required `name` .Values")})
    write({"chart/values.yaml": ""})
    assert [name for name in ids("chart/Chart.yaml") if "wiring" in name] == [
        "chart/Chart.yaml::ci/tls-values.yaml::wiring",
    ]


def test_a_values_file_may_have_any_name(write, ids, pytester, monkeypatch):
    """Parentheses and spaces, for example; here, helm is a script of the test."""
    write(
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
            "chart/ci/a (b)-values.yaml": "",
            "bin/helm": f"#!{sys.executable}\nprint({POD!r})\n",
        }
    )
    (pytester.path / "bin" / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", str(pytester.path / "bin"))

    assert [name for name in ids("chart/Chart.yaml") if "wiring" in name] == [
        "chart/Chart.yaml::default values::wiring",
        "chart/Chart.yaml::ci/a (b)-values.yaml::wiring",
    ]


def test_a_chart_that_cannot_be_rendered_fails_alone(write, run):
    """The other manifests are tested."""
    write(
        {
            "m/chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
            "m/chart/templates/pod.yaml": POD,
            "m/pod.yaml": POD,
        }
    )

    result = run("--podshare-manifests=m", "-m", "podshare_static")

    result.assert_outcomes(failed=1, passed=1, deselected=5)
    result.stdout.fnmatch_lines(["*cannot be rendered: helm is not on PATH."])


def test_the_marks_are_registered(run):
    """--markers prints their help."""
    result = run("--markers")

    result.stdout.fnmatch_lines(
        ["@pytest.mark.podshare(manifest): *", "@pytest.mark.podshare_static*"]
    )
