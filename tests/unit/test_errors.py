"""Errors as data: what is the matter, what there is to say of it, and how it becomes text."""

from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.errors import Fact, Remedy

PACKAGE = Path(errors.__file__).parent
# rooms whose errors both pytest and `podshare clean` show, but for what only a run of pytest says
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
        ([Fact("", "Mend it.\nOr not.")], "no\nMend it.\nOr not."),
        ([Fact("got", "x"), Fact("to do", "y\n  z")], "no\n  got    x\n  to do  y\n  z"),
        # no other fact makes lines of its own
        ([Fact("got", "x\n  why  y")], "no\n  got  x\\n  why  y"),
    ],
)
def test_a_headline_and_its_facts(facts, text):
    """The one shape of all failures."""
    assert errors.text("no", facts) == text


def test_each_interface_writes_options_in_its_own_way():
    """In pytest's unless it is asked for otherwise; a value stays what it is."""
    remedy = Remedy("Say {}={value}, or {}.", "context", "kind-bin", value="{--podshare-x}")
    error = errors.ContextNotAllowed("no", remedy)

    assert str(error) == "no\nSay --podshare-context={--podshare-x}, or --podshare-kind-bin."
    assert str(error.spelled("--")) == "no\nSay --context={--podshare-x}, or --kind-bin."
    assert type(error.spelled("--")) is errors.ContextNotAllowed
    assert error.remedy == str(remedy)


def test_a_remedy_without_options_is_the_same_everywhere():
    """It may speak of an option of another program."""
    error = errors.ClusterError("no", "Say --podshare-x to it.")

    assert error.spelled("--") is error


@pytest.mark.parametrize("path", SHARED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_text_of_a_shared_room_spells_an_option(path):
    """It would be wrong for one of the two."""
    assert errors.PREFIX not in path.read_text()
