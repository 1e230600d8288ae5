"""docs/security.md claims nothing without a test, and examples take nothing that can change."""

import re
from pathlib import Path

import pytest

PAGE = Path("docs/security.md").read_text()
# a file of tests, and perhaps one of its functions
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`", PAGE)))
DOCUMENTS = [Path("README.md"), *sorted(Path("docs").glob("**/*.md"))]


def is_there(file, function):
    """Whether there is such a test, or such a fixture."""
    path = Path(file)
    found = path.is_file() and path.read_text()
    return bool(found) and (not function or f"def {function}(" in found)


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_every_test_that_is_named_exists(file, function):
    """A claim is worth what holds it."""
    assert is_there(file, function)


def test_a_name_of_no_test_is_found():
    """The mutated twins."""
    assert not is_there("tests/unit/test_none.py", "")
    assert not is_there("tests/unit/containers/fileops/test_confined.py", "test_none")
    assert len(NAMED) > 15


@pytest.mark.parametrize("section", re.findall(r"(?ms)^### .*?(?=^#|\Z)", PAGE))
def test_every_defence_names_a_test(section):
    """What is said of hostile input is tried."""
    assert re.search(r"`tests/[\w/.]+", section)


def used(text):
    """What workflows in a text use."""
    return re.findall(r"(?m)^\s*(?:- )?uses: *(\S+)", text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_actions_are_named_by_commit(document):
    """A tag may come to mean something else."""
    for action in used(document.read_text()):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)


def test_there_are_actions():
    """The control: they are found where they are."""
    assert len([each for document in DOCUMENTS for each in used(document.read_text())]) >= 4
