"""Broken checks as GitHub annotations, each at the manifest line of the mount at fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_podshare.escaping import github_command
from pytest_podshare.messages import format_message
from pytest_podshare.pods.evidence import BROKEN
from pytest_podshare.report.records import CheckRecord


def format_annotations(
    records: Iterable[CheckRecord], *, folder: Path, environ: Mapping[str, str]
) -> list[str]:
    """Return a workflow command for each combination of mount and cause that broke a check.

    Args:
        records: the checks of the whole run.
        folder: the folder that relative paths of manifests start from.
        environ: the environment; GITHUB_WORKSPACE is the checkout, where paths start for GitHub.

    Returns:
        An empty list unless the run is a GitHub workflow.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return []
    workspace = Path(environ.get("GITHUB_WORKSPACE") or folder)
    texts: dict[tuple[str, str, str], str] = {}
    for record in records:
        check = record.check
        if record.verdict == BROKEN and check.at:
            file, _, line = check.at.rpartition(":")
            title = f"{check.assertion}: {check.cause}"
            key = (_relative_to_workspace(folder / file, workspace) or file, line, title)
            texts.setdefault(key, format_message(check.headline, check.facts))
    return [
        github_command("error", text, file=file, line=line, title=title)
        for (file, line, title), text in texts.items()
    ]


def _relative_to_workspace(file: Path, workspace: Path) -> str:
    """Return the path in the workspace; "" if it is outside."""
    path, top = file.resolve(), workspace.resolve()
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else ""
