"""Untrusted text made safe to print.

A name, a message or a line of a log may contain an escape sequence, a NUL, or a command to the
program that reads the output of a CI job.
"""

from __future__ import annotations

import re

# `::error file=x::text` at the beginning of a line, as GitHub's runner parses it
_COMMAND = re.compile(r"(?m)^(\s*):(?=:[\w-]+[^\n]*::)")
# `##[error]`, `##vso[task.complete]`, `##teamcity[...]`, anywhere in a line
_BRACKET_COMMAND = re.compile(r"#(?=#\w*\[)")


def printable(text: str) -> str:
    r"""Return the text with each unprintable character as an escape sequence: `\x1b`."""
    return _escape_commands(_escape_unprintable(text))


def printable_lines(text: str) -> str:
    """Escape like `printable`, but keep line breaks and tabs."""
    return _escape_commands(re.sub(r"[^\n\t]+", lambda match: _escape_unprintable(match[0]), text))


def github_command(name: str, message: str, **properties: str) -> str:
    """Return the workflow command `::error file=web.yaml,line=12::message`, escaped.

    Args:
        name: the command: `error`, `warning` or `notice`.
        message: any number of lines.
        properties: the properties; empty ones are left out.
    """
    fields = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if fields else ''}{fields}::{_data(message)}"


def _escape_unprintable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _escape_commands(text: str) -> str:
    """Escape commands to a CI runner; a command may contain tabs."""
    if "::" in text or "##" in text:
        text = _BRACKET_COMMAND.sub(r"\\x23", _COMMAND.sub(r"\1\\x3a", text))
    return text


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
