"""Tests of error messages: data until they are shown, and the spelling of options in them."""

from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.errors import Fact, Remedy
from pytest_podshare.messages import OPTION_PREFIX, format_message

PACKAGE = Path(errors.__file__).parent
# both pytest and `podshare clean` show the errors of these rooms, except run.py's, which only
# pytest shows
SHARED = [
    path
    for room in ("cluster", "kube")
    for path in (PACKAGE / room).glob("*.py")
    if path.name != "run.py"
]


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ([], "no"),
        ([Fact("", "Fix it.\nOr not.")], "no\nFix it.\nOr not."),
        ([Fact("got", "x"), Fact("to do", "y\n  z")], "no\n  got    x\n  to do  y\n  z"),
        # no other fact may add lines
        ([Fact("got", "x\n  why  y")], "no\n  got  x\\n  why  y"),
    ],
)
def test_a_message_is_a_headline_and_facts(facts, text):
    """All failures have the same layout."""
    assert format_message("no", facts) == text


def test_each_interface_spells_options_in_its_own_way():
    """The default is pytest's way; a value never changes."""
    remedy = Remedy("Say {}={value}, or {}.", "context", "kind-bin", value="{--podshare-x}")
    error = errors.ContextNotAllowed("no", remedy)
    other = error.with_option_prefix("--")

    assert str(error) == "no\nSay --podshare-context={--podshare-x}, or --podshare-kind-bin."
    assert str(other) == "no\nSay --context={--podshare-x}, or --kind-bin."
    assert type(other) is errors.ContextNotAllowed
    assert error.remedy == str(remedy)


def test_an_error_keeps_its_attributes_with_another_remedy():
    """The last log lines of a container are added to a remedy."""
    error = errors.PodGone("no", "Fix it.", eviction="the volume is too large")
    other = error.with_remedy("Fix it.\n  c: no space")

    assert str(other) == "no\nFix it.\n  c: no space"
    assert other.eviction == "the volume is too large"
    assert str(error) == "no\nFix it."


def test_a_remedy_without_options_is_the_same_in_all_interfaces():
    """It may name an option of another program."""
    error = errors.ClusterError("no", "Say --podshare-x to it.")

    assert error.with_option_prefix("--") is error


@pytest.mark.parametrize("path", SHARED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_text_of_a_shared_room_spells_an_option(path):
    """It would be wrong in one of the two interfaces."""
    assert OPTION_PREFIX not in path.read_text()
