"""For GitHub Actions: a workflow command for each finding, which becomes an annotation."""

from __future__ import annotations

from pytest_podshare.check.checker import Result
from pytest_podshare.check.formats import text
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rules import Finding
from pytest_podshare.escaping import github_command, printable

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(result: Result) -> str:
    """The commands, and a summary for whoever reads the log."""
    commands = [_finding(finding, one.given) for one in result.checked for finding in one.findings]
    commands += [
        github_command("error", f"{each.what}\n{each.remedy}", title=type(each).__name__)
        for each in result.all_problems
    ]
    return "".join(line + "\n" for line in [*commands, text.summary(result)])


def _finding(finding: Finding, given: Input) -> str:
    # lines of rendered text are none of the file's
    line, column = (0, 0) if given.rendered else (finding.line, finding.column)
    where = f"{text.place(finding)}: " if given.rendered else ""
    return github_command(
        _COMMANDS[finding.severity],
        f"{where}{printable(finding.message)}\n{printable(finding.fix)}",
        file=given.path.as_posix() if given.path else "",
        line=str(line or ""),
        col=str(column or ""),
        title=f"{finding.rule} ({finding.subject})",
    )
