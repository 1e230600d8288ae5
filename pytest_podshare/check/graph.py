"""The wirings of a result as text tables, or as one diagram of all of them."""

from __future__ import annotations

from pytest_podshare.check.checker import CheckResult
from pytest_podshare.diagrams.text_table import render_table
from pytest_podshare.escaping import printable

KINDS = ("text", "mermaid", "svg")


def render(result: CheckResult, kind: str, width: int | None = None) -> str:
    """Return the tables or the diagram.

    Args:
        result: the result, which has kept its wirings.
        kind: one of `KINDS`.
        width: the available columns for text; None for unlimited.
    """
    wirings = [
        (f"{checked.manifest.origin}: {template.subject}", template.wiring)
        for checked in result.manifests
        for template in checked.templates
        if template.wiring is not None
    ]
    if kind == "mermaid":
        from pytest_podshare.diagrams import mermaid

        return mermaid.render_mermaid(wirings)
    if kind == "svg":
        from pytest_podshare.diagrams import svg

        return svg.render_sheet(wirings)
    return "\n".join(
        f"{printable(title)}\n{render_table(wiring, width)}\n" for title, wiring in wirings
    )
