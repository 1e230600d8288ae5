"""The wiring of a Pod as an SVG: containers left, volumes right, a line for each mount.

It is legible without colours. A sheet is a file of its own, a drawing is part of an HTML page.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_podshare.diagrams import svg_layout, text_table
from pytest_podshare.diagrams.jinja_templates import load_template
from pytest_podshare.diagrams.marks import NO_MARKS, SIGN, Marks
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import Wiring

# (container, mountPath) → `held`, `broken`, `unknown` or `skipped`
Verdicts = Mapping[tuple[str, str], str]

_FOLDER = Path(__file__).parent
_TITLE_HEIGHT, _GAP = 26.0, 34.0
_SIGNS = {"held": "✓", "broken": "✗", "unknown": "?", "skipped": "-", "marked": SIGN}


@dataclasses.dataclass(frozen=True)
class _Drawing:
    """One Pod in the picture."""

    layout: svg_layout.Layout
    verdicts: Verdicts
    title: str = ""
    y: float = 0.0
    marks: Marks = NO_MARKS

    def description(self, edge: svg_layout.Edge) -> str:
        mount = edge.row.mount
        text = text_table.format_mount(mount, edge.volume)
        note = f" ({verdict})" if (verdict := self.verdict(edge)) else ""
        return printable(f"{edge.container.name} mounts {mount.volume}: {text}{note}")

    def verdict(self, edge: svg_layout.Edge) -> str:
        if self.marks.has_mount(edge.container, edge.row.mount):
            return "marked"
        verdict = self.verdicts.get((edge.container.name, edge.row.mount.path), "")
        return verdict if verdict in _SIGNS else ""

    def container_style(self, box: svg_layout.ContainerBox) -> str:
        return "box marked" if box.container.name in self.marks.containers else "box"

    def volume_style(self, box: svg_layout.VolumeBox) -> str:
        if box.volume.name in self.marks.volumes:
            return "box marked"
        if box.volume.kind == text_table.UNDECLARED:
            return "box undeclared"
        is_mounted = any(edge.volume is box.volume for edge in self.layout.edges)
        return "box" if is_mounted else "box unmounted"


def render_style() -> str:
    """Return the style sheet of the drawings, for a page with drawings of `render_svg`.

    The page sets the colours by `--podshare-ink`, `-dim`, `-paper`, `-box`, `-rim`, `-line`,
    `-held`, `-broken` and `-unknown`; by default they follow the reader's light or dark mode.
    """
    return load_template(_FOLDER / "wiring.css.j2").render()


def render_svg(wiring: Wiring, verdicts: Verdicts | None = None, *, narrow: bool = False) -> str:
    """Return the SVG of a wiring, for a page with the style sheet of `render_style`.

    Args:
        wiring: the Pod's wiring.
        verdicts: the verdict on each mount; a mount without one is drawn neutrally.
        narrow: whether to fit the 366 pixels of a phone.
    """
    measures = svg_layout.NARROW if narrow else svg_layout.WIDE
    verdicts = verdicts or {}
    judged = [
        (c.name, m.volume, m.path) for c, m in wiring.mounts() if (c.name, m.path) in verdicts
    ]
    drawn = Marks(mounts=frozenset(judged))
    drawing = _Drawing(svg_layout.compute_layout(wiring, measures, drawn), verdicts)
    return _render(
        [drawing],
        height=drawing.layout.height,
        is_sheet=False,
        label=printable(_describe(wiring, verdicts)),
        margin=measures.margin,
        width=drawing.layout.width,
    )


def render_sheet(wirings: Sequence[tuple[str, Wiring]], marks: Sequence[Marks] = ()) -> str:
    """Return one SVG of several Pods, given by title and wiring, from top to bottom.

    Args:
        wirings: the Pods.
        marks: what of each Pod is marked; empty for nothing.
    """
    drawings, labels, y, width = list[_Drawing](), list[str](), 0.0, 0.0
    for number, (name, wiring) in enumerate(wirings):
        marked = marks[number] if marks else NO_MARKS
        layout = svg_layout.compute_layout(wiring, marks=marked)
        title = printable(name)
        drawings.append(_Drawing(layout, {}, title, y, marked))
        labels.append(f"{title}: {_describe(wiring, {})}")
        width = max(width, layout.width, len(title) * (svg_layout.CHARACTER_WIDTH + 0.5))
        y += _TITLE_HEIGHT + layout.height + _GAP
    return _render(
        drawings,
        height=max(0.0, y - _GAP),
        is_sheet=True,
        label=printable(" ".join(labels)),
        margin=svg_layout.WIDE.margin,
        width=width,
    )


def _render(drawings: Sequence[_Drawing], **values: Any) -> str:
    return load_template(_FOLDER / "wiring.svg.j2").render(
        drawings=drawings, geometry=svg_layout, signs=_SIGNS, title_height=_TITLE_HEIGHT, **values
    )


def _describe(wiring: Wiring, verdicts: Verdicts) -> str:
    """Return the whole drawing in words, for a screen reader."""
    sentences = []
    for container in wiring.containers:
        mounts = [
            f"{mount.volume} {text_table.format_mount(mount, wiring.volume(mount.volume))}"
            + (f" ({verdict})" if (verdict := verdicts.get((container.name, mount.path))) else "")
            for mount in text_table.list_mounts(container)
        ]
        title = text_table.format_title(container)
        sentences.append(f"{title} mounts {', '.join(mounts) or 'nothing'}.")
    return " ".join(sentences)
