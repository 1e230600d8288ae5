"""Output for people: each finding with what to do about it, and a summary."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TextIO

from pytest_podshare.check import rules
from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.rules import Finding
from pytest_podshare.escaping import printable

# a text and its style, in rich's terms
Span = tuple[str, str]

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_WIDTH = max(len(severity) for severity in rules.SEVERITIES)


def render(result: CheckResult) -> str:
    """Return the whole text, without colours."""
    return "".join("".join(text for text, _ in line) + "\n" for line in _lines(result))


def write(result: CheckResult, stream: TextIO) -> None:
    """Write the whole text, with colours if the stream is a terminal."""
    if not _is_coloured(stream):
        stream.write(render(result))
        return
    # not at the top: the import takes longer than the check of a few manifests
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, force_terminal=True)
    for line in _lines(result):
        console.print(Text.assemble(*line), soft_wrap=True)


def summarize(result: CheckResult) -> str:
    """Return `1 error, 2 warnings: 14 Pod templates in 12 manifests`."""
    severities = Counter(finding.severity for finding in result.findings)
    counts = [_count(severities[name], name) for name in rules.SEVERITIES if severities[name]]
    parts = counts or ["no findings"]
    if result.problems:
        parts.append(f"{len(result.problems)} not checked")
    templates = _count(len(result.templates), "Pod template")
    manifests = _count(sum(checked.is_checked for checked in result.manifests), "manifest")
    return f"{', '.join(parts)}: {templates} in {manifests}"


def summarize_hidden(result: CheckResult) -> str:
    """Return how many findings are not shown, and how to see them; "" if all are shown."""
    hidden = len(result.distinct_findings) - len(result.shown_findings)
    if not hidden:
        return ""
    return f"… and {_count(hidden, 'more finding')}; see all of them with --limit 0"


def format_location(finding: Finding) -> str:
    """Return `web.yaml:12:9`."""
    numbers = [str(number) for number in (finding.line, finding.column) if number]
    return printable(":".join([finding.file, *numbers]))


def _is_coloured(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _lines(result: CheckResult) -> Iterator[Sequence[Span]]:
    for distinct in result.shown_findings:
        finding = distinct.finding
        yield [
            (printable(distinct.location), "bold"),
            ("  ", ""),
            (finding.severity.ljust(_WIDTH), _STYLES[finding.severity]),
            ("  ", ""),
            (finding.rule, "magenta"),
            ("  ", ""),
            (printable(finding.message + distinct.scope), ""),
        ]
        yield [("    ", ""), (printable(finding.fix), "dim")]
    if hidden := summarize_hidden(result):
        yield [(hidden, "bold")]
    yield [(summarize(result), "bold")]


def _count(number: int, word: str) -> str:
    plural = "" if number == 1 or word == "info" else "s"
    return f"{number} {word}{plural}"
