"""What breaks, as notes at the lines of manifests."""

from pathlib import Path

from pytest_podshare.errors import Fact
from pytest_podshare.report import github_annotations
from tests.support.sample_reports import broken, held, shown

HERE = Path("/work/project")
ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/work/project"}


def lines(checks, here=HERE, environ=ACTIONS):
    """The commands for GitHub's runner."""
    return github_annotations.lines(checks, here=here, environ=environ)


def test_a_broken_promise_is_a_note_at_the_mount_that_is_to_blame():
    """One line, with the file, the line, the cause and the whole failure."""
    checks = shown(
        broken(at="manifests/web.yaml:41", headline="first", facts=(Fact("", "second"),))
    )

    assert lines(checks) == [
        "::error file=manifests/web.yaml,line=41,title=assert_file_visible%3A different subPath"
        "::first%0Asecond"
    ]


def test_nothing_is_said_elsewhere():
    """Only GitHub's runner reads these lines."""
    checks = shown(broken(at="manifests/web.yaml:41"))

    assert lines(checks, environ={}) == []
    assert lines(checks, environ={"GITHUB_ACTIONS": "false"}) == []
    assert len(lines(checks)) == 1


def test_only_what_is_broken_and_has_a_place_is_noted():
    """Not what held, not what is unknown, not what the test expected."""
    at = "manifests/web.yaml:41"
    unknown = broken(verdict="unknown", at=at)

    assert lines(shown(held(at=at), unknown, broken(), failed=True)) == []
    assert lines(shown(broken(at=at), failed=False)) == []


def test_what_would_end_the_command_is_escaped():
    """Percent signs and line ends everywhere, colons and commas in properties."""
    checks = shown(
        broken(at="a,b:c%.yaml:3", cause="x:y,z", headline="100 %\r\n::error::no", facts=())
    )

    assert lines(checks) == [
        "::error file=a%2Cb%3Ac%25.yaml,line=3,title=assert_file_visible%3A x%3Ay%2Cz"
        r"::100 %25\r%0A\x3a:error::no"
    ]


def test_files_are_named_from_the_top_of_the_checkout():
    """Tests may be started below it, or be given whole paths; what lies outside stays as it is."""
    checks = [
        *shown(broken(at="../m/a.yaml:1", cause="a")),
        *shown(broken(at="/work/project/m/b.yaml:2", cause="b")),
        *shown(broken(at="/elsewhere/c.yaml:3", cause="c")),
    ]

    found = [line.split(",title")[0] for line in lines(checks, HERE / "tests")]
    assert found == [
        "::error file=m/a.yaml,line=1",
        "::error file=m/b.yaml,line=2",
        "::error file=/elsewhere/c.yaml,line=3",
    ]


def test_the_same_mount_and_cause_is_noted_once():
    """GitHub shows ten notes of a step, so that one mistake must not take all of them."""
    at = "manifests/web.yaml:41"
    first, again = broken(at=at, headline="first"), broken(at=at, headline="again")
    other = broken(at=at, cause="read-only", headline="other")

    said = [line.rpartition("::")[2] for line in lines(shown(first, again, other))]
    assert [text.partition("%0A")[0] for text in said] == ["first", "other"]
