"""Tests that the documents name existing tests, and that their workflows pin actions by commit."""

import re
from pathlib import Path

import pytest

SECURITY = Path("docs/security.md").read_text()
FINDINGS = Path("docs/findings.md").read_text()
# a test file, optionally with one of its functions
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`", SECURITY)))
FOUND_BY = sorted(set(re.findall(r"`(test_\w+)`", FINDINGS)))
FUNCTIONS = {
    name
    for folder in ("cluster", "matrix")
    for path in Path("tests", folder).rglob("test_*.py")
    for name in re.findall(r"(?m)^def (test_\w+)\(", path.read_text())
}
DOCUMENTS = [Path("README.md"), *sorted(Path("docs").glob("**/*.md"))]


def exists(file, function):
    """Return whether a test file exists, with that test or fixture if one is named."""
    path = Path(file)
    text = path.read_text() if path.is_file() else ""
    return bool(text) and (not function or f"def {function}(" in text)


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_every_test_in_the_security_document_exists(file, function):
    """A claim without a test may be wrong."""
    assert exists(file, function)


def test_a_missing_test_is_detected():
    """Counterexamples: a missing file, and a missing function."""
    assert not exists("tests/unit/test_none.py", "")
    assert not exists("tests/unit/containers/fileops/test_confined.py", "test_none")
    assert len(NAMED) > 15


@pytest.mark.parametrize("section", re.findall(r"(?ms)^### .*?(?=^#|\Z)", SECURITY))
def test_every_defence_names_a_test(section):
    """Each section is about one kind of hostile input."""
    assert re.search(r"`tests/[\w/.]+", section)


@pytest.mark.parametrize("row", re.findall(r"(?m)^\| (?!finding|claim).*\|$", FINDINGS))
def test_every_finding_names_a_test(row):
    """Its last column has one or more."""
    assert re.search(r"`test_\w+` \|$", row)


@pytest.mark.parametrize("function", FOUND_BY)
def test_every_test_in_the_findings_exists(function):
    """Each is a test on a cluster."""
    assert function in FUNCTIONS


def list_actions(text):
    """Return the GitHub actions that the workflows in a text use."""
    return re.findall(r"(?m)^\s*(?:- )?uses: *(\S+)", text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_actions_are_pinned_by_commit(document):
    """A tag may be moved to another commit."""
    for action in list_actions(document.read_text()):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)


def test_the_documents_use_actions():
    """The positive control of the test above."""
    actions = [action for path in DOCUMENTS for action in list_actions(path.read_text())]

    assert len(actions) >= 4
