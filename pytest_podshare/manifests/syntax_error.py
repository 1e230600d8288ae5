"""Syntax errors in a manifest: what is wrong, where, and what to do."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, NamedTuple

import yaml

from pytest_podshare.manifests import excerpt
from pytest_podshare.manifests.position import Position, locate

# anything but the characters that YAML allows
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
GENERAL_REMEDY = "Fix the line: check its indentation, its quotes and its brackets."


@dataclasses.dataclass(eq=False)
class ManifestSyntaxError(Exception):
    """A place in a text that cannot be read.

    Args:
        problem: what is wrong, without a full stop.
        remedy: one sentence that says what to do.
        position: where in the text.
    """

    problem: str
    remedy: str
    position: Position


class _Explanation(NamedTuple):
    # matches the error in the words of PyYAML and in those of libyaml
    pattern: str
    # may name the {character} there, the {line} where the value starts, and the pattern's {group}
    problem: str
    remedy: str
    # whether the start of the value is a better position than where the parser gave up
    at_start: bool = False


_EXPLANATIONS = (
    _Explanation("quoted scalar, found unexpected (?:end|document)",
                 "this quoted string is not closed",
                 "Add the closing quote.", at_start=True),
    _Explanation("quoted scalar, .*(?:escape|hexdecimal)",
                 "invalid escape sequence in a double-quoted string",
                 "Write the backslash twice, or use single quotes."),
    _Explanation("simple key",
                 "expected ': ' after this key",
                 "Write `key: value`, with a space after the colon.", at_start=True),
    _Explanation("mapping values are not allowed",
                 "unexpected ':'",
                 "Fix the indentation, or put a value that contains a colon in quotes."),
    _Explanation("entries are not allowed",
                 "a list cannot start here",
                 "Start the list on the next line, or put the value in quotes."),
    _Explanation("flow .* the text ends",
                 "a bracket is not closed",
                 "Add the closing bracket.", at_start=True),
    _Explanation("expected ',' or '(.)'",
                 "expected ',' or '{group}' in the brackets that open on line {line}",
                 "Separate the entries with commas, and close the bracket after the last one."),
    _Explanation("node content",
                 "unexpected {character}",
                 "Remove it, or put the value in quotes."),
    _Explanation("cannot start any token|an? (?:alias|anchor|directive), .*alphabet",
                 "text without quotes cannot start with {character}",
                 "Put the text in quotes.", at_start=True),
    _Explanation("<document start>",
                 "unexpected text after the end of the document",
                 "Separate documents with a line of ---."),
    _Explanation("a block (mapping|collection), .* the line starts",
                 "this line does not fit into the {group} that starts on line {line}",
                 "Fix its indentation."),
    _Explanation("a block (mapping|collection), ",
                 "unexpected text",
                 "Remove it, or put the whole value in quotes."),
)  # fmt: skip


def from_yaml_error(text: str, error: yaml.YAMLError | UnicodeEncodeError) -> ManifestSyntaxError:
    """Return what the YAML parser reports about a text, in plain words if they are known."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _from_character_error(text, error)
    mark = error.problem_mark or error.context_mark
    position, start = mark_position(mark), mark_position(error.context_mark or mark)
    line = excerpt.extract_line(text, position)
    if tab := _find_tab(line, position, error.problem or ""):
        return ManifestSyntaxError(
            "YAML does not allow a tab in the indentation", "Indent with spaces.", tab
        )
    report = f"{error.context}, {error.problem}"
    if _is_at_end(text, position):
        report += ", the text ends"
        position = excerpt.find_end(text.rstrip())
        start = position if _is_at_end(text, start) else start
    elif line.startswith("---"):
        report += ", the text ends"
    elif position != start and not line[: position.column - 1].strip():
        report += ", the line starts"
    for explanation in _EXPLANATIONS:
        if found := re.search(explanation.pattern, report):
            place = start if explanation.at_start else position
            problem = explanation.problem.format(
                character=repr(excerpt.extract_line(text, place)[place.column - 1 :][:1]),
                group=(found[1] if found.re.groups else "").replace("collection", "list"),
                line=start.line,
            )
            return ManifestSyntaxError(f"invalid YAML: {problem}", explanation.remedy, place)
    return ManifestSyntaxError(f"invalid YAML: {error.problem}", GENERAL_REMEDY, position)


def mark_position(mark: Any) -> Position:
    """Return the position of a mark of PyYAML's."""
    return locate(mark) if mark else Position(1, 1)


def _from_character_error(text: str, error: Exception) -> ManifestSyntaxError:
    found = _FORBIDDEN.search(text)
    if found is None:
        problem = f"invalid YAML: {' '.join(str(error).split())}"
        return ManifestSyntaxError(problem, GENERAL_REMEDY, Position(1, 1))
    return ManifestSyntaxError(
        f"YAML does not allow the character U+{ord(found[0]):04X}",
        "Remove it, or write it as an escape sequence in double quotes.",
        excerpt.find_end(text[: found.start()]),
    )


def _find_tab(line: str, position: Position, problem: str) -> Position | None:
    """Return the position of the tab that caused the problem, whatever the parser calls it."""
    if problem.startswith("mapping values are not allowed"):
        column = line.find("\t", 0, len(line) - len(line.lstrip())) + 1
    else:
        column = line.find("\t", position.column - 1) + 1
        is_cause = column == position.column and "cannot start any token" in problem
        column = column if is_cause or "tab" in problem else 0
    return Position(position.line, column) if column else None


def _is_at_end(text: str, position: Position) -> bool:
    """Return whether only white space follows."""
    starts = excerpt.find_line_starts(text)
    return (
        position.line > len(starts)
        or not text[starts[position.line - 1] + position.column - 1 :].strip()
    )
