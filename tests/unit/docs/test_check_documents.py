"""What the documents say of `podshare check` is what it does."""

import re
import shlex
from pathlib import Path

import pytest

from pytest_podshare.cli import main

HOW_TO = Path("docs/how-to/check-without-a-cluster.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", HOW_TO, re.M | re.S)
COMMANDS = sorted(set(re.findall(r"podshare (check [^|`>\n]*?)\s*(?=[|`>\n])", HOW_TO)))
# what a page on the check shows of its options
OPTIONS = [
    action
    for action in main._check_parser()._actions
    if action.option_strings and action.dest != "help"
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_is_shown_can_be_given(command):
    """With the options that there are."""
    asked = main._parsed(shlex.split(command))

    assert asked.paths or asked.rules


def test_there_are_commands_to_try():
    """The positive control: also those within configurations of CI systems."""
    assert len(COMMANDS) > 6
    with pytest.raises(SystemExit):
        main._parsed(["check", "--no-such-option"])


def test_what_is_shown_is_what_comes_out(capsys):
    """Word for word."""
    shown = [text for language, text in BLOCKS if text.startswith("$ podshare")]

    for text in shown:
        command, _, expected = text.partition("\n")
        main.main(shlex.split(command)[2:])
        assert capsys.readouterr().out == expected
    assert shown


def test_the_reference_lists_every_option_of_the_command():
    """With its default and its help."""
    rows = [each for each in Path("docs/reference.md").read_text().splitlines() if "`--" in each]

    missing = [
        action.option_strings[0]
        for action in OPTIONS
        if not any(f"`{action.option_strings[0]}`" in row and action.help in row for row in rows)
    ]

    assert len(OPTIONS) > 8
    assert missing == []
