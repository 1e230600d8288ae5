"""The search for manifests in files, folders and globs."""

from pathlib import Path

import pytest

from pytest_podshare.check import inputs
from pytest_podshare.manifests import source
from pytest_podshare.manifests.position import find_position

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"


@pytest.fixture(autouse=True)
def _working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name, text=POD):
    """Write a file in the working folder, and create the folders that it needs."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def origins(*paths, **options):
    """Return the names of the manifests that were found, all of them readable."""
    selection = inputs.find(paths, **options)
    assert selection.problems == ()
    return [manifest.origin for manifest in selection.manifests]


def find_problem(*paths):
    """Return the only problem with the paths."""
    (problem,) = inputs.find(paths).problems
    return problem


def test_a_folder_is_searched_with_its_subfolders():
    """YAML and JSON files are found, sorted by name; other files are skipped."""
    for name in ("m/b.yaml", "m/a.yml", "m/deep/er/c.json", "m/readme.md", "m/d.yaml.orig"):
        write(name)

    assert origins("m") == ["m/a.yml", "m/b.yaml", "m/deep/er/c.json"]


@pytest.mark.parametrize(
    "name", [".git/a.yaml", "node_modules/x/a.yaml", ".hidden.yaml", "env/lib/a.yaml"]
)
def test_files_that_are_not_the_projects_own_are_skipped(name):
    """These are hidden files and folders, packages, and virtual environments."""
    write("m/env/pyvenv.cfg", "")
    write(f"m/{name}")
    write("m/own.yaml")

    assert origins("m") == ["m/own.yaml"]


@pytest.mark.parametrize("text", ["replicas: 3\n", "- {{ jinja }}\n", "", "\0\1", "kind: values\n"])
def test_a_file_in_a_folder_that_is_not_a_manifest_is_skipped(text):
    """It does not have to be YAML."""
    write("m/own.yaml")
    write("m/values.yaml", text)

    assert origins("m") == ["m/own.yaml"]


def test_a_named_file_is_never_skipped():
    """The check reports it if it is not a manifest."""
    write("values.yaml", "replicas: 3\n")

    assert origins("values.yaml") == ["values.yaml"]
    assert inputs.find(["values.yaml"]).manifests[0].named


def test_with_as_found_a_named_file_that_is_not_a_manifest_is_skipped():
    """pre-commit names all files that have changed."""
    write("values.yaml", "replicas: 3\n")
    write("pod.yaml")

    assert origins("values.yaml", "pod.yaml", as_found=True) == ["pod.yaml"]


def test_a_manifest_in_utf_16_is_not_skipped():
    """It is a manifest, and its error must be seen."""
    Path("wide.yaml").write_bytes(POD.encode("utf-16"))

    assert origins(".") == ["wide.yaml"]


def test_a_glob_is_expanded():
    """`**` matches any number of folders."""
    for name in ("a/x.yaml", "a/b/y.yaml", "a/z.txt"):
        write(name)

    assert origins("a/**/*.yaml") == ["a/b/y.yaml", "a/x.yaml"]
    assert origins("a/*") == ["a/b/y.yaml", "a/x.yaml"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file():
    """A file that exists is not a glob."""
    write("a[1].yaml")

    assert origins("a[1].yaml") == ["a[1].yaml"]


def test_each_file_is_found_once():
    """Several paths and links may lead to it."""
    write("m/pod.yaml")
    Path("m/same.yaml").symlink_to("pod.yaml")

    assert origins("m/pod.yaml", "m", "m/*.yaml", "./m/../m/pod.yaml") == ["m/pod.yaml"]


def test_a_folder_that_contains_itself_is_searched_once():
    """Links to folders are not followed."""
    write("m/pod.yaml")
    Path("m/loop").symlink_to(".")

    assert origins("m") == ["m/pod.yaml"]


def test_excluded_paths_are_skipped():
    """`*` also matches slashes, and named files can be excluded."""
    for name in ("m/a.yaml", "m/test/b.yaml", "m/test/deep/c.yaml"):
        write(name)

    assert origins("m", exclude=["m/test*"]) == ["m/a.yaml"]
    assert origins("m/a.yaml", "m/test/b.yaml", exclude=["*/b.yaml"]) == ["m/a.yaml"]


def test_standard_input_is_one_manifest():
    """It has a name of its own."""
    (manifest,) = inputs.find(["-"], read_stdin=POD.encode).manifests

    assert (manifest.origin, manifest.path, manifest.named) == ("stdin", None, True)
    assert manifest.read().objects[0]["kind"] == "Pod"


def test_rendered_text_on_standard_input_is_split_by_template():
    """Each template keeps its line numbers."""
    text = f"---\n# Source: web/templates/a.yaml\n{POD}---\n# Source: web/templates/b.yaml\n{POD}"

    found = inputs.find(["-"], read_stdin=text.encode).manifests

    assert [manifest.origin for manifest in found] == [
        "stdin: templates/a.yaml",
        "stdin: templates/b.yaml",
    ]
    objects = [source.read(manifest.content).objects[0] for manifest in found]
    assert [find_position(thing).line for thing in objects] == [3, 9]


def test_empty_standard_input_is_not_skipped():
    """The program before the pipe may have failed; the check reports it."""
    found = inputs.find(["-"], read_stdin=lambda: b"").manifests

    assert [manifest.named for manifest in found] == [True]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.yaml", "No such file or folder: missing.yaml"),
        ("missing/*.yaml", "Nothing matches missing/*.yaml"),
        ("empty", "The folder empty contains no Kubernetes manifest"),
        ("nul\0byte", "No such file or folder: nul"),
        ("x" * 5000, "No such file or folder: xxx"),
    ],
)
def test_a_path_that_leads_nowhere_is_a_problem_of_two_lines(path, message):
    """The other paths are still followed."""
    Path("empty").mkdir()
    write("pod.yaml")

    selection = inputs.find([path, "pod.yaml"])

    (problem,) = selection.problems
    assert str(problem).startswith(message)
    assert len(str(problem).splitlines()) == 2
    assert [manifest.origin for manifest in selection.manifests] == ["pod.yaml"]


def test_a_template_of_a_chart_is_not_a_manifest():
    """The error names the chart."""
    write("web/Chart.yaml", "name: web\n")
    write("web/templates/pod.yaml", "{{ bad yaml")

    problem = find_problem("web/templates/pod.yaml")

    assert problem.what == "web/templates/pod.yaml is a template of the chart web, not a manifest."
    assert problem.remedy == "Check the chart: `podshare check web`."
