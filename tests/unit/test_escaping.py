"""Text of somebody else's is shown, and steers nobody who reads it."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.errors import Fact
from pytest_podshare.escaping import printable, printable_lines
from pytest_podshare.kube.pod_status import Identity
from pytest_podshare.pods.evidence import Evidence

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e\r\x08\u2028\x00\udcff"
STEERING = [
    "::error file=a.py,line=1::no, really",
    "  ::add-mask::word",
    "::stop-commands::token",
    "\t::group::x",
    "##[error]no",
    "said ##vso[task.complete result=Failed;]done",
    "##teamcity[testFailed name='x']",
]


def harmless(text):
    """Whether nothing in a text would steer a terminal or the reader of a CI job's output."""
    return not any(
        not line.replace("\t", "").isprintable()
        or re.match(r"\s*::[\w-]+.*::", line)
        or re.search(r"##\w*\[", line)
        for line in text.split("\n")
    )


@example(["::error ti", "\ttle::no"])
@given(st.lists(st.sampled_from([*HOSTILE, *STEERING, "\n", "a", "#", ":", "::", " "])))
def test_nothing_steers_whatever_it_is_made_of(pieces):
    """Every character is printable in the end, and no line is a command."""
    text = "".join(pieces)

    assert harmless(printable(text))
    assert harmless(printable_lines(text))
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize("line", STEERING)
def test_a_command_to_a_ci_runner_is_spelled_out(line):
    """And can still be read; the control is that it would be one as it is."""
    assert not harmless(line)
    assert printable(line) != line
    assert printable(line).replace("\\x3a", ":").replace("\\x23", "#") == printable_tabs(line)


def printable_tabs(line):
    """The line, with tabs spelled as `printable` does."""
    return line.replace("\t", "\\t")


@pytest.mark.parametrize(
    "text",
    [
        "::1 - - GET /",
        "std::vector<int>",
        "a::b::c",
        "tests/test_a.py::test_b",
        "## heading",
        "—→…",
    ],
)
def test_what_only_looks_like_a_command_stays_as_it_is(text):
    """Addresses, names of tests and of types."""
    assert printable(text) == text


IDENTITY = Identity("", ())


@pytest.mark.parametrize(
    "shown",
    [
        lambda text: str(errors.ApiError(text, text)),
        lambda text: str(errors.ManifestInvalid(text, text, excerpt=text)),
        lambda text: str(errors.PromiseBroken(text)),
        lambda text: str(errors.PromiseBroken(text, [Fact("to do", text), Fact("", text)])),
        lambda text: str(errors.ApiError(text, text).explained(text, [Fact("why", text)])),
        lambda text: str(Evidence(text, text, "p", IDENTITY, (text,), 0.1)),
        lambda text: errors.text(
            text,
            failure.facts(
                expected=text, got=text, cause=Cause("unknown", text, text), pod=text, where=text
            ),
        ),
    ],
    ids=["error", "manifest", "promise", "to do", "explained", "evidence", "failure"],
)
@pytest.mark.parametrize("text", [HOSTILE, *STEERING, "a\n::error::b\n\x1b[31m"])
def test_no_text_of_ours_steers(shown, text):
    """Wherever a name, a message or a content of somebody else's comes into it."""
    assert harmless(shown(text))


def test_no_fact_makes_lines_of_its_own():
    """A name with a line's end in it would otherwise tell a cause that nobody found."""
    cause = Cause("unknown", "beside it: a\n  why  all is well")
    facts = failure.facts(expected="e", got="g\n  to do  nothing", cause=cause, pod="p")
    told = errors.text("x", facts)

    assert [line.split()[0] for line in told.splitlines()] == ["x", "expected", "got", "why", "pod"]
