"""Files and folders that cannot be read: an error of two lines for each, and never a traceback."""

import codecs
import contextlib
import os
import threading
from pathlib import Path

import pytest

from pytest_podshare.check import checker, formats, inputs
from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.manifests import source

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"
NOBODY = 65534


@pytest.fixture(autouse=True)
def _working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("m").mkdir()
    Path("m/pod.yaml").write_text(POD)


@pytest.fixture
def as_nobody():
    """Return a context in which root is a user who may not read everything."""

    @contextlib.contextmanager
    def become():
        if os.getuid() != 0:
            yield
            return
        Path().chmod(0o755)
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return become


def check(*paths):
    """Return the result for paths."""
    selection = inputs.find(paths)
    manifests = checker.check_all(selection.manifests, ProjectSettings())
    return CheckResult(manifests, selection.problems)


def find_problem(*paths, templates=1):
    """Return the only problem, beside which the other manifests have been checked."""
    result = check(*paths)
    assert len(result.templates) == templates
    assert result.exit_code == 2
    (problem,) = result.problems
    assert len([*problem.what.splitlines(), *problem.remedy.splitlines()]) == 2
    return problem.what


@pytest.mark.parametrize("name", ["m/loop.yaml", "m/Chart.yaml", "m/kustomization.yaml"])
def test_a_symlink_to_itself_is_a_problem(name):
    """It is found in its folder, or named."""
    Path(name).symlink_to(Path(name).name)
    expected = f"{name} cannot be read: Too many levels of symbolic links."

    assert find_problem("m") == expected
    assert find_problem("m/*.yaml") == expected
    assert find_problem(name, templates=0) == expected


@pytest.mark.parametrize("name", ["m/gone.yaml", "m/folder"])
def test_a_symlink_that_leads_nowhere_is_a_problem(name):
    """It says where it leads; in a folder, only names of manifests count."""
    Path(name).symlink_to("no/such")
    expected = f"{name} is a symlink to no/such, which does not exist."

    assert find_problem(name, templates=0) == expected
    if name.endswith(".yaml"):
        assert find_problem("m") == expected
    else:
        assert check("m").problems == ()


def test_an_excluded_symlink_is_not_followed():
    """The remedy of its error works."""
    Path("m/loop.yaml").symlink_to("loop.yaml")

    assert inputs.find(["m", "m/loop.yaml"], exclude=["*/loop.yaml"]).problems == ()


def test_a_pipe_is_read_only_if_it_is_named():
    """`podshare check <(helm template web)` is a pipe; one that nobody writes to is empty."""
    os.mkfifo("m/pipe.yaml")

    assert check("m", "m/*.yaml").problems == ()
    assert find_problem("m/pipe.yaml", templates=0) == "m/pipe.yaml is empty."
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        threading.Timer(0.1, lambda: (stream.write(POD), stream.close())).start()
        result = check(f"/dev/fd/{reader}")
    os.close(reader)
    assert (len(result.templates), result.problems) == (1, ())


@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_manifest_in_a_wide_encoding_is_a_problem(encoding, mark):
    """It is found in its folder, with and without a byte order mark."""
    content = ("\ufeff" if mark else "") + POD
    Path("m/wide.yaml").write_bytes(content.encode(encoding))
    name = encoding[:6].upper()

    assert find_problem("m") == f"m/wide.yaml:1:1: the encoding is {name}, not UTF-8."


def test_utf_8_with_a_byte_order_mark_is_read():
    """The positive control for encodings."""
    Path("m/pod.yaml").write_bytes(codecs.BOM_UTF8 + POD.encode())

    assert (len(check("m").templates), check("m").problems) == (1, ())


@pytest.mark.parametrize("mode", [0o000, 0o404, 0o101])
@pytest.mark.parametrize("name", ["m/folder", "m/folder/pod.yaml"])
def test_a_folder_or_file_that_may_not_be_read_is_a_problem(name, mode, as_nobody):
    """It is found or named; a folder may lack the permission to list it, or to enter it."""
    Path("m/folder").mkdir()
    Path("m/folder/pod.yaml").write_text(POD)
    path = Path(name)
    path.chmod(mode if path.is_dir() else mode & 0o101)

    with as_nobody():
        found, named = find_problem("m"), find_problem(name, templates=0)
    path.chmod(0o700)

    for what in (found, named):
        assert "m/folder" in what
        assert what.endswith(": Permission denied.")


def test_a_file_that_is_removed_while_it_is_read_is_a_problem(monkeypatch):
    """The others are checked."""
    Path("m/late.yaml").write_text(POD)
    read = source.read_bytes

    def remove_first(path):
        if path.name == "late.yaml":
            path.unlink()
        return read(path)

    monkeypatch.setattr(source, "read_bytes", remove_first)

    assert find_problem("m").startswith("No such file or folder: m/late.yaml (")


def test_standard_input_that_is_closed_is_a_problem(monkeypatch):
    """Python has no stdin then."""
    monkeypatch.setattr("sys.stdin", None)

    assert find_problem("m", "-") == "Standard input cannot be read: it is closed."


@pytest.mark.parametrize("name", formats.NAMES)
def test_a_name_that_is_not_utf_8_is_shown_in_every_format(name):
    """It does not stop the output."""
    pod = POD.replace("{name: c}", "{name: c, volumeMounts: [{name: v, mountPath: /v}]}")
    Path(os.fsdecode(b"\xff.yaml")).write_text(pod)
    result = check(".")

    assert [finding.rule for finding in result.findings] == ["mount-without-volume"]
    assert formats.render(name, result).encode()
