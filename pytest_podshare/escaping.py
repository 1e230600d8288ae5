"""Text of somebody else's, made safe to show: what would steer whoever reads it is spelled out.

A name, a message or a line of a log may hold an escape sequence, a NUL, or a command to the program
that reads a CI job's output along.
"""

from __future__ import annotations

import re

# `::error file=x::text` at the beginning of a line, as GitHub's runner takes it
_COMMAND = re.compile(r"(?m)^(\s*):(?=:[\w-]+[^\n]*::)")
# `##[error]`, `##vso[task.complete]`, `##teamcity[...]`, anywhere in a line
_MARK = re.compile(r"#(?=#\w*\[)")


def printable(text: str) -> str:
    r"""The text with every character that does not print written as Python writes it: `\x1b`."""
    return _without_commands(_spelled_out(text))


def printable_lines(text: str) -> str:
    """The same of a text of several lines, which stay so, with their tabs."""
    return _without_commands(re.sub(r"[^\n\t]+", lambda found: _spelled_out(found[0]), text))


def github_command(name: str, message: str, **properties: str) -> str:
    """`::error file=web.yaml,line=12::message`, escaped as the runner reads it back.

    Args:
        name: of the command: `error`, `warning`, `notice`.
        message: of any number of lines.
        properties: those that are empty are left out.
    """
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if given else ''}{given}::{_data(message)}"


def _spelled_out(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _without_commands(text: str) -> str:
    """The text without what a CI runner obeys; a tab does not end a command."""
    if "::" in text or "##" in text:
        text = _MARK.sub(r"\\x23", _COMMAND.sub(r"\1\\x3a", text))
    return text


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
