"""A content key changes if and only if something changes that determines the product."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from tests.sandbox.toy_steps import ToyProject, toy_step

SCRIPTS = {"a": "echo a", "b": "echo b", "c": "echo c"}


@pytest.fixture
def project(tmp_path: Path) -> ToyProject:
    """Step b needs a and reads a folder and a parameter; step c stands alone."""
    plan = [
        toy_step("a"),
        toy_step("b", needs=("a",), inputs=("in-{V}",), params=("V",)),
        toy_step("c"),
    ]
    project = ToyProject(tmp_path, plan, SCRIPTS, {"V": "1", "W": "1"})
    folder = project.sandbox / "in-1" / "deep"
    folder.mkdir(parents=True)
    (folder / "file").write_text("content")
    return project


def changed_steps(project: ToyProject, before: dict[str, str]) -> str:
    """Return the names of the steps whose keys have changed."""
    after = project.store().keys
    return "".join(name for name in after if after[name] != before[name])


def test_the_same_content_has_the_same_keys(project: ToyProject, tmp_path: Path) -> None:
    """A copy in another folder with other modification times has the same keys."""
    copy = ToyProject(tmp_path / "clone", project.plan, SCRIPTS, project.params)
    shutil.copytree(project.sandbox / "in-1", copy.sandbox / "in-1")
    os.utime(copy.sandbox / "in-1" / "deep" / "file", (1, 1))
    assert dict(copy.store().keys) == dict(project.store().keys)


def test_a_changed_script_changes_its_step_and_its_dependents(project: ToyProject) -> None:
    """Step b needs a, step c does not."""
    before = dict(project.store().keys)
    project.write("a", "echo another")
    assert changed_steps(project, before) == "ab"


@pytest.mark.parametrize("change", ["content", "name", "mode", "more", "link"])
def test_a_changed_input_changes_only_the_step_that_reads_it(
    project: ToyProject, change: str
) -> None:
    """Content, name and executable bit of every file in a declared folder count."""
    before = dict(project.store().keys)
    file = project.sandbox / "in-1" / "deep" / "file"
    if change == "content":
        file.write_text("other")
    elif change == "name":
        file.rename(file.with_name("other"))
    elif change == "mode":
        file.chmod(0o755)
    elif change == "more":
        file.with_name("more").touch()
    else:
        file.unlink()
        file.symlink_to("elsewhere")
    assert changed_steps(project, before) == "b"


def test_an_undeclared_parameter_does_not_count(project: ToyProject) -> None:
    """No step declares W."""
    before = dict(project.store().keys)
    project.params = {"V": "1", "W": "2"}
    assert changed_steps(project, before) == ""


def test_a_declared_parameter_counts(project: ToyProject) -> None:
    """Step b declares V, which is also part of the name of the folder that it reads."""
    before = dict(project.store().keys)
    (project.sandbox / "in-1").rename(project.sandbox / "in-2")
    project.params = {"V": "2", "W": "1"}
    assert changed_steps(project, before) == "b"


def test_what_git_does_not_store_does_not_count(project: ToyProject) -> None:
    """Compiled files and permission bits that a clone would lack do not change any key."""
    before = dict(project.store().keys)
    (project.sandbox / "in-1" / "__pycache__").mkdir()
    (project.sandbox / "in-1" / "__pycache__" / "x.pyc").touch()
    (project.sandbox / "in-1" / "deep" / "file").chmod(0o600)
    assert changed_steps(project, before) == ""


def test_a_missing_input_is_named(project: ToyProject) -> None:
    """The error names the step and the file."""
    shutil.rmtree(project.sandbox / "in-1")
    with pytest.raises(SandboxError, match=r"step b reads .*in-1, which does not exist"):
        project.store()
