"""Who is told what: the file, stdout and stderr."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import formats, graph
from pytest_podshare.check.checker import Result
from pytest_podshare.check.formats import text


def tell(result: Result, format_: str, drawing: str | None, output: Path | None) -> None:
    """Write a result.

    Args:
        result: what became of the manifests.
        format_: one of `formats.NAMES`.
        drawing: one of `graph.KINDS`, or None for none.
        output: a file for it; stdout then gets the text all the same. None for stdout.

    Raises:
        SettingsInvalid: the file cannot be written.
    """
    whole = _whole(result, format_, drawing)
    if output is not None:
        _write(output, whole)
    if output is not None or (format_ == "text" and drawing in (None, "text")):
        if drawing == "text":
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            print(graph.graph(result, "text", width))
        text.write(result, sys.stdout)
        return
    sys.stdout.write(whole)
    if drawing is not None:
        text.write(result, sys.stderr)


def _whole(result: Result, format_: str, drawing: str | None) -> str:
    if drawing in ("mermaid", "svg"):
        return graph.graph(result, drawing)
    matrices = f"{graph.graph(result, drawing)}\n" if drawing is not None else ""
    return matrices + formats.named(format_)(result)


def _write(output: Path, whole: str) -> None:
    try:
        output.write_text(whole, encoding="utf-8")
    except OSError as error:
        raise errors.SettingsInvalid(
            f"{output} cannot be written: {error.strerror}.", "Give another file to --output."
        ) from None
