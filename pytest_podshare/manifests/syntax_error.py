"""What is wrong with a text, and where."""

from __future__ import annotations

import re
from typing import Any

import yaml

from pytest_podshare.manifests import excerpt
from pytest_podshare.manifests.position import Position

# what YAML allows in a text
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MEND = "Mend the line; often it is the indentation, a tab, or a missing quote."


class ManifestSyntaxError(Exception):
    """A place in a text that cannot be read.

    Args:
        problem: what is the matter, without a full stop.
        remedy: one sentence, saying what to do.
        at: where.
    """

    def __init__(self, problem: str, remedy: str, at: Position) -> None:
        super().__init__(problem, remedy, at)
        self.problem = problem
        self.remedy = remedy
        self.at = at


def of_yaml(text: str, error: yaml.YAMLError | UnicodeEncodeError) -> ManifestSyntaxError:
    """What PyYAML says of a text, with its place, and in our words where they are clearer."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _forbidden(text, error)
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return ManifestSyntaxError(
            f"this is no YAML: {error.problem or error.context}", _MEND, Position(1, 1)
        )
    at, problem = _position(mark), error.problem
    tab = _tab(excerpt.line_of(text, at), at, problem or "")
    if tab:
        return ManifestSyntaxError(
            "a tab stands where YAML wants spaces", "Indent with spaces.", tab
        )
    opened = _position(error.context_mark) if error.context_mark else None
    if opened and error.context == "while scanning a simple key":
        at = opened
    elif _is_end(text, at):
        is_known = opened is not None and not _is_end(text, opened)
        at = opened if opened and is_known else excerpt.end_of(text.rstrip())
        problem = f"{error.context or problem}, the text ends"
    return ManifestSyntaxError(f"this is no YAML: {problem}", _MEND, at)


def of_number(mark: Any) -> ManifestSyntaxError:
    """A number that is too large for what it stands for: a character, a version."""
    return ManifestSyntaxError("this is no YAML: the number is too large", _MEND, _position(mark))


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _forbidden(text: str, error: Exception) -> ManifestSyntaxError:
    found = _FORBIDDEN.search(text)
    if found is None:
        return ManifestSyntaxError(
            f"this is no YAML: {' '.join(str(error).split())}", _MEND, Position(1, 1)
        )
    return ManifestSyntaxError(
        f"the character U+{ord(found[0]):04X} must not stand in YAML",
        "Take it out, or write it as an escape in double quotes.",
        excerpt.end_of(text[: found.start()]),
    )


def _tab(line: str, at: Position, problem: str) -> Position | None:
    """The tab that a parser stumbled over, whatever it calls it."""
    if problem.startswith("mapping values are not allowed"):
        column = line.find("\t", 0, len(line) - len(line.lstrip())) + 1
    else:
        column = line.find("\t", at.column - 1) + 1
        is_meant = column == at.column and "cannot start any token" in problem
        column = column if is_meant or "tab" in problem else 0
    return Position(at.line, column) if column else None


def _is_end(text: str, at: Position) -> bool:
    begins = excerpt.starts(text)
    return at.line > len(begins) or not text[begins[at.line - 1] + at.column - 1 :].strip()
