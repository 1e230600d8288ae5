"""For GitHub Actions: a workflow command for each finding, which becomes an annotation."""

from __future__ import annotations

from pytest_podshare.check.checking import Result
from pytest_podshare.check.formats import text
from pytest_podshare.check.inputs import Input
from pytest_podshare.printable import printable
from pytest_podshare.wiring.rules import Finding

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(result: Result) -> str:
    """The commands, and a summary for whoever reads the log."""
    commands = [_finding(finding, one.given) for one in result.checked for finding in one.findings]
    commands += [
        command("error", f"{each.what}\n{each.remedy}", title=type(each).__name__)
        for each in result.all_problems
    ]
    return "".join(line + "\n" for line in [*commands, text.summary(result)])


def command(name: str, message: str, **properties: str) -> str:
    """`::error file=web.yaml,line=12::message`, escaped as the runner reads it back.

    Args:
        name: of the command: `error`, `warning`, `notice`.
        message: of any number of lines.
        properties: those that are empty are left out.
    """
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if given else ''}{given}::{_data(message)}"


def _finding(finding: Finding, given: Input) -> str:
    # lines of rendered text are none of the file's
    line, column = (0, 0) if given.rendered else (finding.line, finding.column)
    where = f"{text.place(finding)}: " if given.rendered else ""
    return command(
        _COMMANDS[finding.severity],
        f"{where}{printable(finding.message)}\n{printable(finding.fix)}",
        file=given.path.as_posix() if given.path else "",
        line=str(line or ""),
        col=str(column or ""),
        title=f"{finding.rule} ({finding.subject})",
    )


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
