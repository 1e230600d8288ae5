"""Tests that untrusted text is printed without effect on terminals and CI systems."""

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
from pytest_podshare.messages import format_message
from pytest_podshare.pods.evidence import Evidence

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e\r\x08\u2028\x00\udcff"
COMMANDS = [
    "::error file=a.py,line=1::no, really",
    "  ::add-mask::word",
    "::stop-commands::token",
    "\t::group::x",
    "##[error]no",
    "said ##vso[task.complete result=Failed;]done",
    "##teamcity[testFailed name='x']",
]


def is_harmless(text):
    """Return whether no part of a text is a command to a terminal or a CI system."""
    return not any(
        not line.replace("\t", "").isprintable()
        or re.match(r"\s*::[\w-]+.*::", line)
        or re.search(r"##\w*\[", line)
        for line in text.split("\n")
    )


@example(["::error ti", "\ttle::no"])
@given(st.lists(st.sampled_from([*HOSTILE, *COMMANDS, "\n", "a", "#", ":", "::", " "])))
def test_escaped_text_is_harmless_whatever_it_contains(pieces):
    """All characters are printable, no line is a command, and escaping twice changes nothing."""
    text = "".join(pieces)

    assert is_harmless(printable(text))
    assert is_harmless(printable_lines(text))
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_ci_command_is_escaped(line):
    """It stays readable. Control: unescaped, it would be a command."""
    assert not is_harmless(line)
    assert printable(line) != line
    assert printable(line).replace("\\x3a", ":").replace("\\x23", "#") == escape_tabs(line)


def escape_tabs(line):
    """Return the line with tabs escaped as by `printable`."""
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
def test_text_that_only_resembles_a_command_is_not_changed(text):
    """Examples are addresses and the names of tests and types."""
    assert printable(text) == text


IDENTITY = Identity("", ())


@pytest.mark.parametrize(
    "render",
    [
        lambda text: str(errors.ApiError(text, text)),
        lambda text: str(errors.ManifestInvalid(text, text, excerpt=text)),
        lambda text: str(errors.PromiseBroken(text)),
        lambda text: str(errors.PromiseBroken(text, [Fact("to do", text), Fact("", text)])),
        lambda text: str(errors.ApiError(text, text).with_explanation(text, [Fact("why", text)])),
        lambda text: str(Evidence(text, text, "p", IDENTITY, (text,), 0.1)),
        lambda text: format_message(
            text,
            failure.facts(
                expected=text, got=text, cause=Cause("unknown", text, text), pod=text, where=text
            ),
        ),
    ],
    ids=["error", "manifest", "promise", "to do", "explained", "evidence", "failure"],
)
@pytest.mark.parametrize("text", [HOSTILE, *COMMANDS, "a\n::error::b\n\x1b[31m"])
def test_all_texts_of_the_package_are_harmless(render, text):
    """They contain names, messages and contents from outside."""
    assert is_harmless(render(text))


def test_no_fact_adds_lines():
    """Otherwise a name that contains a line break could fake a cause."""
    cause = Cause("unknown", "beside it: a\n  why  all is well")
    facts = failure.facts(expected="e", got="g\n  to do  nothing", cause=cause, pod="p")
    text = format_message("x", facts)

    assert [line.split()[0] for line in text.splitlines()] == ["x", "expected", "got", "why", "pod"]
