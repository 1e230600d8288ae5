"""Output for GitHub Actions: one workflow command for each finding, shown as an annotation."""

from __future__ import annotations

from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.distinct_findings import DistinctFinding
from pytest_podshare.check.formats import text
from pytest_podshare.escaping import github_command, printable

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(result: CheckResult) -> str:
    """Return the commands, and a summary for the log."""
    commands = [_command(distinct) for distinct in result.shown_findings]
    commands += [
        github_command("error", f"{problem.what}\n{problem.remedy}", title=type(problem).__name__)
        for problem in result.problems
    ]
    lines = [*commands, text.summarize_hidden(result), text.summarize(result)]
    return "".join(line + "\n" for line in lines if line)


def _command(distinct: DistinctFinding) -> str:
    finding, path = distinct.finding, distinct.manifest.path
    line, column = distinct.position or (0, 0)
    # without its line in the file, the message says where it is in the rendered text
    location = f"{distinct.location}: " if distinct.manifest.rendered and not line else ""
    return github_command(
        _COMMANDS[finding.severity],
        f"{printable(location + finding.message + distinct.scope)}\n{printable(finding.fix)}",
        file=printable(path.as_posix()) if path else "",
        line=str(line or ""),
        col=str(column or ""),
        title=f"{finding.rule} ({finding.subject})",
    )
