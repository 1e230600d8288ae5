"""Content keys change exactly when something changes that shapes the product."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from tests.sandbox.toys import Workshop, toy

SCRIPTS = {"a": "echo a", "b": "echo b", "c": "echo c"}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """Steps a <- b, and c beside them; b reads a folder and a parameter."""
    plan = [toy("a"), toy("b", needs=("a",), inputs=("in-{V}",), params=("V",)), toy("c")]
    made = Workshop(tmp_path, plan, SCRIPTS, {"V": "1", "W": "1"})
    folder = made.sandbox / "in-1" / "deep"
    folder.mkdir(parents=True)
    (folder / "file").write_text("content")
    return made


def changed(workshop: Workshop, before: dict[str, str]) -> str:
    """The names of the steps whose keys are others than before."""
    after = workshop.store().keys
    return "".join(name for name in after if after[name] != before[name])


def test_same_content_elsewhere_has_same_keys(workshop: Workshop, tmp_path: Path) -> None:
    """A copy in another folder, with other times, has the same keys."""
    other = Workshop(tmp_path / "clone", workshop.plan, SCRIPTS, workshop.params)
    shutil.copytree(workshop.sandbox / "in-1", other.sandbox / "in-1")
    os.utime(other.sandbox / "in-1" / "deep" / "file", (1, 1))
    assert dict(other.store().keys) == dict(workshop.store().keys)


def test_a_changed_script_changes_its_step_and_what_needs_it(workshop: Workshop) -> None:
    """B needs a, c does not."""
    before = dict(workshop.store().keys)
    workshop.write("a", "echo another")
    assert changed(workshop, before) == "ab"


@pytest.mark.parametrize("change", ["content", "name", "mode", "more", "link"])
def test_a_changed_input_changes_only_its_reader(workshop: Workshop, change: str) -> None:
    """Content, name and the executable bit of every file in a declared folder count."""
    before = dict(workshop.store().keys)
    file = workshop.sandbox / "in-1" / "deep" / "file"
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
    assert changed(workshop, before) == "b"


def test_only_declared_parameters_count(workshop: Workshop) -> None:
    """W is declared by nobody."""
    before = dict(workshop.store().keys)
    workshop.params = {"V": "1", "W": "2"}
    assert changed(workshop, before) == ""


def test_a_declared_parameter_counts(workshop: Workshop) -> None:
    """V is declared by b, and is a part of the name of the folder b reads."""
    before = dict(workshop.store().keys)
    (workshop.sandbox / "in-1").rename(workshop.sandbox / "in-2")
    workshop.params = {"V": "2", "W": "1"}
    assert changed(workshop, before) == "b"


def test_what_git_does_not_keep_does_not_count(workshop: Workshop) -> None:
    """Compiled files and permission bits that a clone would not have leave the keys as they are."""
    before = dict(workshop.store().keys)
    (workshop.sandbox / "in-1" / "__pycache__").mkdir()
    (workshop.sandbox / "in-1" / "__pycache__" / "x.pyc").touch()
    (workshop.sandbox / "in-1" / "deep" / "file").chmod(0o600)
    assert changed(workshop, before) == ""


def test_a_missing_input_is_named(workshop: Workshop) -> None:
    """The message says which step reads which file."""
    shutil.rmtree(workshop.sandbox / "in-1")
    with pytest.raises(SandboxError, match=r"step b reads .*in-1, which is not there"):
        workshop.store()
