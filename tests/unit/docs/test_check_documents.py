"""The documents on `podshare check` show commands that exist, and their real output."""

import re
import shlex
from pathlib import Path

import click
import pytest

from pytest_podshare.cli.check import check
from pytest_podshare.cli.main import main

HOW_TO = Path("docs/how-to/check-without-a-cluster.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", HOW_TO, re.M | re.S)
COMMANDS = sorted(set(re.findall(r"podshare check ([^|`>\n]*?)\s*(?=[|`>\n])", HOW_TO)))
OPTIONS = [parameter for parameter in check.params if isinstance(parameter, click.Option)]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_the_documents_is_valid(command):
    """Its options exist."""
    parameters = check.make_context("check", shlex.split(command)).params

    assert parameters["paths"] or parameters["list_rules"]


def test_the_documents_contain_commands():
    """The positive control: commands in configurations of CI systems are found as well."""
    assert len(COMMANDS) > 6
    with pytest.raises(click.NoSuchOption):
        check.make_context("check", ["--no-such-option"])


def test_the_output_in_the_documents_is_real(capsys):
    """It is compared word by word."""
    examples = [text for language, text in BLOCKS if text.startswith("$ podshare")]

    for text in examples:
        command, _, expected = text.partition("\n")
        main(shlex.split(command)[2:])
        assert capsys.readouterr().out == expected
    assert examples


def test_the_reference_lists_every_option_of_the_command():
    """Each row has the option's help."""
    rows = [line for line in Path("docs/reference.md").read_text().splitlines() if "`--" in line]

    missing = [
        option.opts[0]
        for option in OPTIONS
        if not any(f"`{option.opts[0]}`" in row and option.help in row for row in rows)
    ]

    assert len(OPTIONS) > 8
    assert missing == []
