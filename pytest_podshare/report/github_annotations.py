"""What breaks, as GitHub's runner reads it: a note at the line of the mount that is to blame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_podshare.escaping import github_command
from pytest_podshare.messages import format_message
from pytest_podshare.pods.evidence import BROKEN
from pytest_podshare.report.records import CheckRecord


def lines(checks: Iterable[CheckRecord], *, here: Path, environ: Mapping[str, str]) -> list[str]:
    """A line for each broken check whose mount is known; those of one mount and cause in one.

    Args:
        checks: those of the whole run.
        here: the folder that relative paths of manifests start from.
        environ: the environment, which says whether GitHub's runner reads along, and where the
            checkout is, from whose top folder files are named.

    Returns:
        Nothing where nobody would read them.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return []
    workspace = Path(environ.get("GITHUB_WORKSPACE") or here)
    found: dict[tuple[str, str, str], str] = {}
    for each in checks:
        check = each.check
        if each.verdict == BROKEN and check.at:
            file, _, line = check.at.rpartition(":")
            where = (_from_workspace(file, here, workspace), line)
            text = format_message(check.headline, check.facts)
            found.setdefault((*where, f"{check.assertion}: {check.cause}"), text)
    return [
        github_command("error", text, file=file, line=line, title=title)
        for (file, line, title), text in found.items()
    ]


def _from_workspace(file: str, here: Path, workspace: Path) -> str:
    """The path as it is from the workspace; as it was given, where it does not lie in there."""
    path = (here / file).resolve()
    top = workspace.resolve()
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else file
