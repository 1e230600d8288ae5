"""For people: a line for each finding, what to do below it, and a summary."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TextIO

from pytest_podshare.check import rules
from pytest_podshare.check.checker import Result
from pytest_podshare.check.rules import Finding
from pytest_podshare.escaping import printable

# text and its style, by rich's names
Span = tuple[str, str]

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_WIDEST = max(len(severity) for severity in rules.SEVERITIES)


def render(result: Result) -> str:
    """The whole of it, plain."""
    return "".join("".join(text for text, _ in line) + "\n" for line in lines(result))


def write(result: Result, stream: TextIO) -> None:
    """The whole of it, with colours where a terminal shows them."""
    if not _is_coloured(stream):
        stream.write(render(result))
        return
    # not at the top: it takes longer than checking a few manifests
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, force_terminal=True)
    for line in lines(result):
        console.print(Text.assemble(*line), soft_wrap=True)


def _is_coloured(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def lines(result: Result) -> Iterator[Sequence[Span]]:
    """The same in lines of text with styles."""
    for finding in result.findings:
        yield from _finding(finding)
    yield [(summary(result), "bold")]


def summary(result: Result) -> str:
    """`1 error, 2 warnings: 14 Pod templates in 12 manifests`."""
    counts = Counter(finding.severity for finding in result.findings)
    found = [_count(counts[each], each) for each in rules.SEVERITIES if counts[each]]
    unread = len(result.all_problems)
    unread_text = [f"{unread} not checked"] if unread else []
    checked = sum(each.problem is None for each in result.checked)
    where = f"{_count(len(result.pods), 'Pod template')} in {_count(checked, 'manifest')}"
    return f"{', '.join([*(found or ['no findings']), *unread_text])}: {where}"


def place(finding: Finding) -> str:
    """`web.yaml:12:9`."""
    known = [str(each) for each in (finding.line, finding.column) if each]
    return printable(":".join([finding.file, *known]))


def _finding(finding: Finding) -> Iterator[Sequence[Span]]:
    yield [
        (place(finding), "bold"),
        ("  ", ""),
        (finding.severity.ljust(_WIDEST), _STYLES[finding.severity]),
        ("  ", ""),
        (finding.rule, "magenta"),
        ("  ", ""),
        (printable(finding.message), ""),
    ]
    yield [("    ", ""), (printable(finding.fix), "dim")]


def _count(number: int, word: str) -> str:
    plural = "" if number == 1 or word == "info" else "s"
    return f"{number} {word}{plural}"
