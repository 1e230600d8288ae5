"""Manifests as test items: what is collected, selected and said of them. No cluster is reached."""

import os
import re
import shutil
import sys
import xml.etree.ElementTree as ET

import pytest

# hypothesis would be imported anew for each of these runs
PLUGINS = ("-p", "no:pytest-kind", "-p", "no:hypothesispytest")
PROGRAMS = os.environ["PATH"]
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: c1
      image: busybox
      volumeMounts: [{name: xchange, mountPath: /a}]
    - name: c2
      image: busybox
      volumeMounts: [{name: xchange, mountPath: /b}]
  volumes:
    - name: xchange
      emptyDir: {}
"""
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
OF_POD = [
    "wiring",
    "c1→c2@xchange",
    "c2→c1@xchange",
    "restart@xchange[c1]",
    "restart@xchange[c2]",
    "deleted@xchange",
]


@pytest.fixture
def folder(pytester, monkeypatch):
    """A function that writes files; no kind program is to be found."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("PATH", "/nowhere")

    def write(**files):
        for name, text in files.items():
            path = pytester.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return lambda files: write(**files)


@pytest.fixture
def run(pytester):
    """A function that runs pytest."""
    return lambda *args: pytester.runpytest_inprocess(*PLUGINS, "-rs", *args)


@pytest.fixture
def ids(run):
    """A function that lists what pytest collects."""

    def collected(*args):
        result = run("--collect-only", "-q", *args)
        return [line for line in result.outlines if "::" in line]

    return collected


def test_a_manifest_is_a_file_with_an_item_for_each_promise(folder, ids):
    """What is known without a cluster comes first, what replaces the Pod last."""
    folder({"m/sharevol.yaml": POD})

    assert ids("--podshare-manifests=m") == [f"m/sharevol.yaml::{each}" for each in OF_POD]


def test_each_pod_template_of_several_is_a_level(folder, ids):
    """Named for what makes its Pods; what makes none is no item."""
    folder({"m/all.yaml": SEVERAL})

    assert ids("--podshare-manifests=m/all.yaml") == [
        "m/all.yaml::Deployment/web::wiring",
        "m/all.yaml::Deployment/web::restart@data[c]",
        "m/all.yaml::Deployment/web::deleted@data",
        "m/all.yaml::CronJob/nightly::wiring",
        "m/all.yaml::CronJob/nightly::deleted@data",
    ]


def test_templates_of_one_name_have_ids_of_their_own(folder, ids):
    """Two namespaces may have a Deployment of the same name."""
    folder({"m/all.yaml": f"{POD}---\n{POD}"})

    assert [each for each in ids("--podshare-manifests=m") if "deleted" in each] == [
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
MANIFESTS = ["m/deep/er/pod.json::wiring", *(f"m/sharevol.yaml::{each}" for each in OF_POD)]


@pytest.mark.parametrize(
    ("ini", "environment", "args", "expected"),
    [
        # on the command line, and no other path: the manifests alone
        ("", "", ["--podshare-manifests=m"], MANIFESTS),
        ("", "", ["--podshare-manifests", "m/*.yaml"], MANIFESTS[1:]),
        ("", "", ["--podshare-manifests=m/sharevol.yaml"], MANIFESTS[1:]),
        # beside other paths
        ("", "", ["--podshare-manifests=m", "tests"], ["tests/test_own.py::test_own", *MANIFESTS]),
        # from an ini file or the environment: with the tests there are
        ("m", "", [], ["tests/test_own.py::test_own", *MANIFESTS]),
        ("", "m", [], ["tests/test_own.py::test_own", *MANIFESTS]),
        # but not where somebody names what to run
        ("m", "", ["tests/test_own.py"], ["tests/test_own.py::test_own"]),
        # a part of them, by naming it
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
        # a folder that is named holds its tests as well
        (
            "",
            "",
            ["--podshare-manifests=m", "m/deep"],
            ["m/deep/er/pod.json::wiring", "m/deep/test_deep.py::test_deep"],
        ),
        # without the option, by the file's own name
        ("", "", ["m/sharevol.yaml::c1→c2@xchange"], ["m/sharevol.yaml::c1→c2@xchange"]),
        ("", "", ["m/sharevol.yaml"], MANIFESTS[1:]),
        # nothing that nobody asked for
        ("", "", [], ["tests/test_own.py::test_own"]),
        ("", "", ["m"], ["m/deep/test_deep.py::test_deep", "m/test_beside.py::test_beside"]),
    ],
)
def test_what_is_collected(pytester, folder, ids, monkeypatch, ini, environment, args, expected):
    """By where the manifests were asked for, and what else was."""
    folder(FILES)
    pytester.makeini(f"[pytest]\ntestpaths = tests\npodshare_manifests = {ini}\n")
    if environment:
        monkeypatch.setenv("PODSHARE_MANIFESTS", environment)

    assert sorted(ids(*args)) == sorted(expected)


def test_what_pytest_is_told_to_ignore_stays_out(folder, ids):
    """As any other file."""
    folder(FILES)

    assert ids("--podshare-manifests=m", "--ignore=m/deep") == MANIFESTS[1:]
    assert ids("--podshare-manifests=m", "--ignore-glob=*/shared*") == MANIFESTS[:1] + MANIFESTS[1:]
    assert ids("--podshare-manifests=m", "--ignore-glob=*/share*") == MANIFESTS[:1]


def test_selecting_by_word_mark_and_deselecting(folder, ids):
    """As any other test."""
    folder({"m/sharevol.yaml": POD})

    def left(*args):
        return [each.partition("::")[2] for each in ids("--podshare-manifests=m", *args)]

    assert left("-k", "restart") == OF_POD[3:5]
    assert left("-k", "c1 and not restart") == OF_POD[1:3]
    assert left("-m", "podshare_static") == OF_POD[:1]
    assert left("-m", "podshare") == OF_POD[1:]
    assert left("--deselect=m/sharevol.yaml::deleted@xchange") == OF_POD[:-1]


def test_without_a_cluster_its_promises_are_skipped_with_the_reason(folder, run):
    """What can be judged is; the cluster is looked for once."""
    folder({"m/sharevol.yaml": POD})

    result = run("--podshare-manifests=m")

    result.assert_outcomes(passed=1, skipped=5)
    (line,) = (each for each in result.outlines if each.startswith("SKIPPED"))
    assert re.sub(r"\] \S+:", "] …:", line) == (
        "SKIPPED [5] …: no cluster: The kind program was not found on PATH. "
        "Install kind 0.30 or newer, or set its path with --podshare-kind-bin."
    )


def test_where_a_cluster_is_required_its_absence_is_an_error(folder, run):
    """A pipeline must not be green because its cluster is gone."""
    folder({"m/sharevol.yaml": POD})

    result = run("--podshare-manifests=m", "--podshare-require-cluster")

    result.assert_outcomes(passed=1, errors=5)
    text = result.stdout.str()
    assert text.count("\nThe kind program was not found on PATH.\n") == 5
    assert "promised.py" not in text


def test_the_wiring_fails_with_its_findings(folder, run):
    """File, line and column, what is the matter, and what to do; no traceback."""
    folder({"m/broken.yaml": BROKEN})

    result = run("--podshare-manifests=m", "-m", "podshare_static")

    result.assert_outcomes(failed=1, deselected=2)
    text = result.stdout.str()
    assert text[text.index("_ wiring _") :].splitlines()[1:5] == [
        "m/broken.yaml:9:22: warning: container 'c1' mounts volume 'xchange' at /a, "
        "and no other container does [volume-not-shared]",
        "  Mount 'xchange' in the container that is to share it.",
        "m/broken.yaml:12:22: error: container 'c2' mounts volume 'xchang' at /b, "
        "which the Pod does not declare [mount-without-volume]",
        "  Did you mean 'xchange'? If not, declare 'xchang' under volumes.",
    ]
    assert "judged.py" not in text


def test_what_is_good_to_know_is_no_failure(folder, run):
    """It is shown with -rA, and in JUnit XML."""
    folder({"m/pod.yaml": POD})

    result = run("--podshare-manifests=m", "-m", "podshare_static", "--junit-xml=out.xml")

    result.assert_outcomes(passed=1, deselected=5)


def test_a_manifest_that_cannot_be_read_fails_and_stops_nothing(folder, run):
    """The text with the line and a caret; the other files are tested."""
    folder({"m/a.yaml": POD + "metadata: {}\n", "m/b.yaml": POD})

    result = run("--podshare-manifests=m", "-m", "podshare_static")

    result.assert_outcomes(failed=1, passed=1, deselected=5)
    result.stdout.fnmatch_lines(
        ["m/a.yaml:16:1: duplicate key 'metadata', *", "  16 | metadata: {}", "     | ^"]
    )


def test_an_expectation_that_cannot_be_meant_fails_the_wiring(folder, run):
    """What the manifest promises is not known then."""
    annotation = "  annotations: {podshare.dev/expect: '{deleted@xchang: off}'}\n"
    folder({"m/a.yaml": POD.replace("spec:\n", f"{annotation}spec:\n", 1)})

    result = run("--podshare-manifests=m")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*unknown promise 'deleted@xchang'.", "Did you mean *"])


def test_an_expectation_changes_what_is_collected(folder, ids):
    """A promise that is switched off is no item; one that is turned round keeps its id."""
    annotation = """\
  annotations:
    podshare.dev/expect: |
      deleted@xchange: off
      c1→c2@xchange: apart
      c1→c2:/a/log: {content: hello}
"""
    folder({"m/a.yaml": POD.replace("spec:\n", f"{annotation}spec:\n", 1)})

    found = [each.partition("::")[2] for each in ids("--podshare-manifests=m")]

    assert found == [*OF_POD[:-1], "c1→c2:/a/log"]


def test_last_failed_runs_what_failed(folder, run, ids):
    """And after it was mended, nothing is left to be run again."""
    folder({"m/a.yaml": POD, "m/b.yaml": BROKEN, "m/c.yaml": POD})

    run("--podshare-manifests=m")

    assert ids("--podshare-manifests=m", "--lf") == ["m/b.yaml::wiring"]
    assert ids("--podshare-manifests=m", "--ff")[0] == "m/b.yaml::wiring"
    folder({"m/b.yaml": POD})
    run("--podshare-manifests=m", "--lf").assert_outcomes(passed=1)


def test_the_first_failure_stops_where_that_is_asked(folder, run):
    """-x is -x."""
    folder({"m/a.yaml": BROKEN, "m/b.yaml": POD})

    run("--podshare-manifests=m", "-x").assert_outcomes(failed=1)


@pytest.mark.parametrize("workers", [[], ["-n1"]])
def test_an_id_is_printed_as_it_is_selected(pytester, folder, workers):
    """The id in the line of a failure selects that test, also with pytest-xdist."""
    folder({"m/a.yaml": POD})
    options = (*PLUGINS, "--podshare-manifests=m", "--podshare-require-cluster")

    result = pytester.runpytest_subprocess(*options, "-k", "restart and c1", *workers)

    (line,) = (each for each in result.outlines if each.startswith("ERROR m/"))
    name = line.removeprefix("ERROR ").partition(" - ")[0]
    assert name == "m/a.yaml::restart@xchange[c1]"
    pytester.runpytest_subprocess(*options, name).assert_outcomes(errors=1)


def test_workers_collect_the_same(pytester, folder):
    """pytest-xdist demands it; each of two workers gets its part, in every way to share them."""
    folder({"m/a.yaml": SEVERAL, "m/b.yaml": BROKEN})

    for dist in ("load", "loadfile", "loadgroup"):
        result = pytester.runpytest_subprocess(
            *PLUGINS, "-n2", f"--dist={dist}", "--podshare-manifests=m"
        )

        result.assert_outcomes(passed=2, failed=1, skipped=5)


def test_each_item_knows_its_line(pytester, folder):
    """That of the object, or of the mount or the volume that the promise is about."""
    folder({"m/all.yaml": f"# two lines\n\n{POD}"})

    items, _ = pytester.inline_genitems(*PLUGINS, "--podshare-manifests=m")

    assert [(each.name, *each.reportinfo()[:2]) for each in items] == [
        (name, pytester.path / "m" / "all.yaml", line)
        for name, line in zip(OF_POD, (2, 13, 10, 10, 13, 15), strict=True)
    ]


def test_junit_xml_names_them(pytester, folder, run):
    """By manifest, template and promise id, also with pytest-xdist."""
    folder({"m/all.yaml": SEVERAL})

    for more in ([], ["-n1", "-rs"]):
        run("--podshare-manifests=m", "--junit-xml=out.xml", "-k", "web", *more)

        cases = ET.parse(pytester.path / "out.xml").findall(".//testcase")
        assert [(each.get("classname"), each.get("name")) for each in cases] == [
            ("m.all.yaml.Deployment/web", "wiring"),
            ("m.all.yaml.Deployment/web", "restart@data[c]"),
            ("m.all.yaml.Deployment/web", "deleted@data"),
        ]


def test_a_path_that_leads_nowhere_is_a_usage_error(folder, run):
    """Before anything is run, with workers as well."""
    folder({"m/a.yaml": POD})

    for more in ([], ["-n2"]):
        result = run("--podshare-manifests=n", *more)

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert "ERROR: There is no file or folder n" in result.stderr.str()


def test_a_path_with_a_space_is_one_path(folder, ids):
    """On the command line; elsewhere it is quoted, as in a shell."""
    folder({"my pods/a.yaml": POD})

    assert len(ids("--podshare-manifests=my pods")) == 6


def test_the_settings_of_the_check_hold(folder, ids, run):
    """Ignored rules, files that are passed over, and where custom kinds have their Pods."""
    folder(
        {
            "pyproject.toml": "[tool.podshare]\n"
            "ignore = ['mount-without-volume', 'volume-not-shared']\n"
            "exclude = ['m/old/*']\npod-templates = {Rollout = 'spec.template'}\n",
            "m/a.yaml": BROKEN,
            "m/old/b.yaml": BROKEN,
            "m/r.yaml": SEVERAL.partition("---")[0].replace("Deployment", "Rollout"),
        }
    )

    assert {each.partition("::")[0] for each in ids("--podshare-manifests=m")} == {
        "m/a.yaml",
        "m/r.yaml",
    }
    run("--podshare-manifests=m", "-k", "a.yaml and wiring").assert_outcomes(passed=1, deselected=5)


def test_fixtures_that_are_meant_for_every_test_are_theirs(pytester, folder, run):
    """Also those of a module or a class, which manifests have not."""
    folder({"m/a.yaml": POD})
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True, scope="module")
        def of_module(request):
            print("module", request.node.name)

        @pytest.fixture(autouse=True, scope="class")
        def of_class():
            print("class")

        @pytest.fixture(autouse=True)
        def of_test(request):
            print("test", request.node.name)
        """
    )

    result = run("--podshare-manifests=m", "-s", "-k", "wiring")

    result.assert_outcomes(passed=1, deselected=5)
    text = result.stdout.str()
    assert "module a.yaml\nclass\ntest wiring\n" in text


def test_collecting_and_planning_touch_no_cluster(pytester, folder, run):
    """Nobody asked for one yet."""
    folder({"m/a.yaml": POD})

    run("--podshare-manifests=m", "--collect-only")
    result = run("--podshare-manifests=m", "--setup-plan")

    assert "podshare_factory" in result.stdout.str()
    assert not (pytester.path / "cache").exists()


def test_the_header_says_that_the_applications_do_not_run(folder, run):
    """In skeleton mode, with what runs instead."""
    folder({"m/a.yaml": POD})
    line = "podshare: skeleton mode: alpine runs instead of the manifests' applications"
    options = ("--podshare-manifests=m", "--collect-only", "--podshare-probe-image=alpine")

    assert line in run(*options, "--podshare-skeleton").outlines
    assert line not in run(*options).outlines


def test_an_overlay_is_rendered_when_it_is_collected(folder, ids, monkeypatch):
    """It stands for what it makes; a patch is no manifest."""
    monkeypatch.setenv("PATH", PROGRAMS)
    if not (shutil.which("kustomize") or shutil.which("kubectl")):
        pytest.skip("there is no kustomize on PATH")
    folder(
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


def test_a_chart_is_a_file_with_a_level_for_each_scenario(folder, ids, monkeypatch):
    """Its default values, and each of those that its authors test it with."""
    monkeypatch.setenv("PATH", PROGRAMS)
    if not shutil.which("helm"):
        pytest.skip("there is no helm on PATH")
    template = POD.replace("name: web", "name: {{ .Values.name }}")
    folder(
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
            "chart/values.yaml": "name: plain\n",
            "chart/ci/tls-values.yaml": "name: tls\n",
            "chart/templates/pod.yaml": template,
        }
    )

    assert [each for each in ids("--podshare-manifests=chart") if "wiring" in each] == [
        "chart/Chart.yaml::default values::wiring",
        "chart/Chart.yaml::ci/tls-values.yaml::wiring",
    ]
    # values that have to be given are no fault of the chart's
    folder({"chart/templates/pod.yaml": template.replace(".Values", "required `name` .Values")})
    folder({"chart/values.yaml": ""})
    assert [each for each in ids("chart/Chart.yaml") if "wiring" in each] == [
        "chart/Chart.yaml::ci/tls-values.yaml::wiring",
    ]


def test_a_scenario_keeps_its_name_whatever_it_is(folder, ids, pytester, monkeypatch):
    """A file of values may have parentheses in its name; helm is one of the test's own here."""
    folder(
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
            "chart/ci/a (b)-values.yaml": "",
            "bin/helm": f"#!{sys.executable}\nprint({POD!r})\n",
        }
    )
    (pytester.path / "bin" / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", str(pytester.path / "bin"))

    assert [each for each in ids("chart/Chart.yaml") if "wiring" in each] == [
        "chart/Chart.yaml::default values::wiring",
        "chart/Chart.yaml::ci/a (b)-values.yaml::wiring",
    ]


def test_a_chart_that_cannot_be_rendered_fails(folder, run):
    """Its wiring is not known; the other manifests are tested."""
    folder(
        {
            "m/chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
            "m/chart/templates/pod.yaml": POD,
            "m/pod.yaml": POD,
        }
    )

    result = run("--podshare-manifests=m", "-m", "podshare_static")

    result.assert_outcomes(failed=1, passed=1, deselected=5)
    result.stdout.fnmatch_lines(["*is rendered by helm, which is not on PATH."])


def test_the_marks_are_registered(run):
    """--strict-markers knows them."""
    result = run("--markers")

    result.stdout.fnmatch_lines(
        ["@pytest.mark.podshare(manifest): *", "@pytest.mark.podshare_static*"]
    )
