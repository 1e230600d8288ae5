"""Broken checks as annotations at the lines of manifests."""

from pathlib import Path

from pytest_podshare.errors import Fact
from pytest_podshare.report import github_annotations
from tests.support.sample_reports import broken, held, records

FOLDER = Path("/work/project")
ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/work/project"}


def annotations(checks, folder=FOLDER, environ=ACTIONS):
    """Return the workflow commands for these checks."""
    return github_annotations.format_annotations(checks, folder=folder, environ=environ)


def test_a_broken_check_is_annotated_at_the_mount_at_fault():
    """The command has the file, the line, the cause and the whole failure."""
    checks = records(
        broken(at="manifests/web.yaml:41", headline="first", facts=(Fact("", "second"),))
    )

    assert annotations(checks) == [
        "::error file=manifests/web.yaml,line=41,title=assert_file_visible%3A different subPath"
        "::first%0Asecond"
    ]


def test_there_are_no_annotations_outside_of_github():
    """Only GitHub reads these commands."""
    checks = records(broken(at="manifests/web.yaml:41"))

    assert annotations(checks, environ={}) == []
    assert annotations(checks, environ={"GITHUB_ACTIONS": "false"}) == []
    assert len(annotations(checks)) == 1


def test_only_broken_checks_with_a_line_are_annotated():
    """Held, unknown and expected checks are not annotated."""
    at = "manifests/web.yaml:41"
    unknown = broken(verdict="unknown", at=at)

    assert annotations(records(held(at=at), unknown, broken(), failed=True)) == []
    assert annotations(records(broken(at=at), failed=False)) == []


def test_special_characters_are_escaped():
    """These are percent signs and line ends, and in properties colons and commas."""
    checks = records(
        broken(at="a,b:c%.yaml:3", cause="x:y,z", headline="100 %\r\n::error::no", facts=())
    )

    assert annotations(checks) == [
        "::error file=a%2Cb%3Ac%25.yaml,line=3,title=assert_file_visible%3A x%3Ay%2Cz"
        r"::100 %25\r%0A\x3a:error::no"
    ]


def test_paths_are_relative_to_the_checkout():
    """Tests may start below the checkout or use absolute paths; a path outside stays as it is."""
    checks = [
        *records(broken(at="../m/a.yaml:1", cause="a")),
        *records(broken(at="/work/project/m/b.yaml:2", cause="b")),
        *records(broken(at="/elsewhere/c.yaml:3", cause="c")),
    ]

    found = [line.split(",title")[0] for line in annotations(checks, FOLDER / "tests")]
    assert found == [
        "::error file=m/a.yaml,line=1",
        "::error file=m/b.yaml,line=2",
        "::error file=/elsewhere/c.yaml,line=3",
    ]


def test_the_same_mount_and_cause_is_annotated_once():
    """GitHub shows only ten annotations of a step, and one mistake should not take them all."""
    at = "manifests/web.yaml:41"
    first, again = broken(at=at, headline="first"), broken(at=at, headline="again")
    other = broken(at=at, cause="read-only", headline="other")

    texts = [line.rpartition("::")[2] for line in annotations(records(first, again, other))]
    assert [text.partition("%0A")[0] for text in texts] == ["first", "other"]
