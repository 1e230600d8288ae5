"""What there is to check, wherever it lies."""

from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.check import inputs
from pytest_podshare.manifests import source

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name, text=POD):
    """A file in the working folder, with the folders that it takes."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def origins(*paths, **how):
    """What the messages will call the manifests that are found."""
    found = inputs.find(paths, **how)
    assert found.problems == ()
    return [each.origin for each in found.inputs]


def problem(*paths, **how):
    """The one thing that could not be had."""
    (only,) = inputs.find(paths, **how).problems
    return only


def test_a_folder_gives_what_lies_in_it_and_below():
    """YAML and JSON, sorted by name, whatever else there is."""
    for name in ("m/b.yaml", "m/a.yml", "m/deep/er/c.json", "m/readme.md", "m/d.yaml.orig"):
        write(name)

    assert origins("m") == ["m/a.yml", "m/b.yaml", "m/deep/er/c.json"]


@pytest.mark.parametrize(
    "name", [".git/a.yaml", "node_modules/x/a.yaml", ".hidden.yaml", "env/lib/a.yaml"]
)
def test_what_is_not_the_projects_own_is_passed_over(name):
    """Hidden files and folders, packages, and virtual environments."""
    write("m/env/pyvenv.cfg", "")
    write(f"m/{name}")
    write("m/own.yaml")

    assert origins("m") == ["m/own.yaml"]


@pytest.mark.parametrize("text", ["replicas: 3\n", "- {{ jinja }}\n", "", "\0\1", "kind: values\n"])
def test_a_file_in_a_folder_that_is_no_manifest_is_passed_over(text):
    """It need not even be YAML."""
    write("m/own.yaml")
    write("m/values.yaml", text)

    assert origins("m") == ["m/own.yaml"]


def test_a_file_by_name_is_never_passed_over():
    """Whatever is in it; the check will say."""
    write("values.yaml", "replicas: 3\n")

    assert origins("values.yaml") == ["values.yaml"]
    assert inputs.find(["values.yaml"]).inputs[0].named


def test_named_as_found_it_is_passed_over():
    """As pre-commit names them: all that were touched."""
    write("values.yaml", "replicas: 3\n")
    write("pod.yaml")

    assert origins("values.yaml", "pod.yaml", as_found=True) == ["pod.yaml"]


def test_a_manifest_in_utf_16_is_not_passed_over():
    """It is one, and the error for it is to be seen."""
    Path("wide.yaml").write_bytes(POD.encode("utf-16"))

    assert origins(".") == ["wide.yaml"]


def test_a_glob_that_the_shell_left_alone():
    """With ** for any number of folders."""
    for name in ("a/x.yaml", "a/b/y.yaml", "a/z.txt"):
        write(name)

    assert origins("a/**/*.yaml") == ["a/b/y.yaml", "a/x.yaml"]
    assert origins("a/*") == ["a/b/y.yaml", "a/x.yaml"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file():
    """It exists."""
    write("a[1].yaml")

    assert origins("a[1].yaml") == ["a[1].yaml"]


def test_everything_comes_once():
    """However many ways lead to it."""
    write("m/pod.yaml")
    Path("m/same.yaml").symlink_to("pod.yaml")

    assert origins("m/pod.yaml", "m", "m/*.yaml", "./m/../m/pod.yaml") == ["m/pod.yaml"]


def test_a_folder_that_contains_itself_ends():
    """Links to folders are not followed, but for one that is named."""
    write("m/pod.yaml")
    Path("m/loop").symlink_to(".")

    assert origins("m") == ["m/pod.yaml"]


def test_excluded_paths_are_passed_over():
    """A star stands for slashes as well; what is excluded is so by name, too."""
    for name in ("m/a.yaml", "m/test/b.yaml", "m/test/deep/c.yaml"):
        write(name)

    assert origins("m", exclude=["m/test*"]) == ["m/a.yaml"]
    assert origins("m/a.yaml", "m/test/b.yaml", exclude=["*/b.yaml"]) == ["m/a.yaml"]


def test_standard_input_is_one_text():
    """Under a name of its own."""
    (only,) = inputs.find(["-"], stdin=POD.encode).inputs

    assert (only.origin, only.path, only.named) == ("stdin", None, True)
    assert only.read().objects[0]["kind"] == "Pod"


def test_rendered_text_on_standard_input_is_told_apart_by_helms_notes():
    """The lines stay those of the whole."""
    text = f"---\n# Source: web/templates/a.yaml\n{POD}---\n# Source: web/templates/b.yaml\n{POD}"

    found = inputs.find(["-"], stdin=text.encode).inputs

    assert [each.origin for each in found] == ["stdin: templates/a.yaml", "stdin: templates/b.yaml"]
    assert [source.read(each.content).objects[0].position.line for each in found] == [3, 9]


def test_empty_standard_input_is_not_nothing():
    """What should have filled it may have failed; the check will say."""
    assert [each.named for each in inputs.find(["-"], stdin=lambda: b"").inputs] == [True]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("missing.yaml", "There is no file or folder missing.yaml"),
        ("missing/*.yaml", "Nothing matches missing/*.yaml"),
        ("empty", "The folder empty holds no Kubernetes manifest"),
        ("nul\0byte", "There is no file or folder nul"),
        ("x" * 5000, "There is no file or folder xxx"),
    ],
)
def test_what_leads_nowhere_is_said_in_two_lines(path, says):
    """And the other paths are followed."""
    Path("empty").mkdir()
    write("pod.yaml")

    found = inputs.find([path, "pod.yaml"])

    (told,) = found.problems
    assert str(told).startswith(says)
    assert len(str(told).splitlines()) == 2
    assert [each.origin for each in found.inputs] == ["pod.yaml"]


def test_a_file_that_cannot_be_read_is_a_problem():
    """Here, a link that leads to itself."""
    Path("loop.yaml").symlink_to("loop.yaml")

    assert isinstance(problem("loop.yaml"), errors.ManifestNotFound)


def test_a_template_of_a_chart_is_no_manifest():
    """The error names the chart."""
    write("web/Chart.yaml", "name: web\n")
    write("web/templates/pod.yaml", "{{ bad yaml")

    told = problem("web/templates/pod.yaml")

    assert told.what == (
        "web/templates/pod.yaml is a template of the chart web, and no manifest by itself."
    )
    assert told.remedy == "Check the chart: `podshare check web`."
