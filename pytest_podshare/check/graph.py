"""The wirings of a result, drawn: as text with the verdict, or as one chart or drawing of all."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare.check.checker import Result
from pytest_podshare.diagrams.text_table import render_table
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import Wiring

KINDS = ("text", "mermaid", "svg")


def graph(result: Result, kind: str, width: int | None = None) -> str:
    """The drawing.

    Args:
        result: whose wirings.
        kind: one of `KINDS`.
        width: columns of text that there is room for; None for as wide as it comes.
    """
    wirings = list(_wirings(result))
    if kind == "mermaid":
        from pytest_podshare.diagrams import mermaid

        return mermaid.render_mermaid(wirings)
    if kind == "svg":
        from pytest_podshare.diagrams import svg

        return svg.render_sheet(wirings)
    return "\n".join(
        f"{printable(title)}\n{render_table(wiring, width)}\n" for title, wiring in wirings
    )


def _wirings(result: Result) -> Iterator[tuple[str, Wiring]]:
    for one in result.checked:
        for pod in one.pods:
            if pod.wiring is not None:
                yield f"{one.given.origin}: {pod.subject}", pod.wiring
