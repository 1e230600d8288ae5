"""The output of `podshare check`: what goes to a file, to stdout and to stderr."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import formats, graph
from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.formats import text


def write(result: CheckResult, format_: str, graph_kind: str | None, output: Path | None) -> None:
    """Write a result.

    Args:
        result: the result of the check.
        format_: one of `formats.NAMES`.
        graph_kind: one of `graph.KINDS`; None for no graph.
        output: a file for the result, while stdout gets it as text; None for stdout.

    Raises:
        SettingsInvalid: the file cannot be written.
    """
    content = _render(result, format_, graph_kind)
    if output is not None:
        try:
            output.write_text(content, encoding="utf-8")
        except OSError as error:
            raise errors.SettingsInvalid(
                f"{output} cannot be written: {error.strerror}.",
                "Choose another file for --output.",
            ) from None
    if output is not None or (format_ == "text" and graph_kind in (None, "text")):
        if graph_kind == "text":
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            print(graph.render(result, "text", width))
        text.write(result, sys.stdout)
        return
    sys.stdout.write(content)
    if graph_kind is not None:
        text.write(result, sys.stderr)


def _render(result: CheckResult, format_: str, graph_kind: str | None) -> str:
    if graph_kind in ("mermaid", "svg"):
        return graph.render(result, graph_kind)
    tables = f"{graph.render(result, graph_kind)}\n" if graph_kind is not None else ""
    return tables + formats.render(format_, result)
