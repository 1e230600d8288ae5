"""Output for GitHub Actions: one workflow command for each finding, shown as an annotation."""

from __future__ import annotations

from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.formats import text
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rules import Finding
from pytest_podshare.escaping import github_command, printable

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(result: CheckResult) -> str:
    """Return the commands, and a summary for the log."""
    commands = [_finding(finding, manifest) for finding, manifest in result.located_findings()]
    commands += [
        github_command("error", f"{problem.what}\n{problem.remedy}", title=type(problem).__name__)
        for problem in result.problems
    ]
    return "".join(line + "\n" for line in [*commands, text.summarize(result)])


def _finding(finding: Finding, manifest: Input) -> str:
    # line numbers of rendered text are not those of the template
    line, column = (0, 0) if manifest.rendered else (finding.line, finding.column)
    location = f"{text.format_location(finding)}: " if manifest.rendered else ""
    return github_command(
        _COMMANDS[finding.severity],
        f"{location}{printable(finding.message)}\n{printable(finding.fix)}",
        file=printable(manifest.path.as_posix()) if manifest.path else "",
        line=str(line or ""),
        col=str(column or ""),
        title=f"{finding.rule} ({finding.subject})",
    )
