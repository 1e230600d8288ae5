"""The wiring of a Pod as a drawing: containers left, volumes right, a line for each mount.

One self-contained SVG, legible without colours; a file of its own, or inside a page.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_podshare.diagrams import svg_layout, text_table
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import VolumeMount, Wiring

Verdicts = Mapping[tuple[str, str], str]

_TITLE, _BETWEEN = 26.0, 34.0
_SIGNS = {"held": "✓", "broken": "✗", "unknown": "?"}
_LIGHT = {
    "ink": "#1f2937", "dim": "#5b6472", "paper": "#ffffff", "box": "#f8fafc", "rim": "#cbd5e1",
    "line": "#64748b", "held": "#15803d", "broken": "#b91c1c", "unknown": "#b45309",
}  # fmt: skip
_DARK = {
    "ink": "#e5e7eb", "dim": "#a3adba", "paper": "#111827", "box": "#1f2937", "rim": "#475569",
    "line": "#94a3b8", "held": "#4ade80", "broken": "#f87171", "unknown": "#fbbf24",
}  # fmt: skip
_STYLE = """
.podshare-wiring{max-width:100%;height:auto;color:var(--ink);
font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.podshare-wiring text{fill:currentColor}
.podshare-wiring .name{font-weight:700}
.podshare-wiring .dim{fill:var(--dim)}
.podshare-wiring .paper{fill:var(--paper)}
.podshare-wiring .box{fill:var(--box);stroke:var(--rim);stroke-width:1.2}
.podshare-wiring .odd{stroke:var(--broken);stroke-dasharray:5 3}
.podshare-wiring .lone{stroke-dasharray:5 3}
.podshare-wiring .rule{stroke:var(--rim);stroke-width:1}
.podshare-wiring .mount{--mine:var(--line)}
.podshare-wiring .mount.held{--mine:var(--held)}
.podshare-wiring .mount.broken{--mine:var(--broken)}
.podshare-wiring .mount.unknown{--mine:var(--unknown)}
.podshare-wiring .mount path{fill:none;stroke:var(--mine);stroke-width:1.8}
.podshare-wiring .mount.broken path{stroke-dasharray:6 4}
.podshare-wiring .mount.unknown path{stroke-dasharray:2 4}
.podshare-wiring .mount polygon{fill:var(--mine)}
.podshare-wiring .mount circle{fill:var(--mine);stroke:var(--paper);stroke-width:1.5}
.podshare-wiring .mount .sign{fill:var(--paper);font-weight:700;font-size:10px;text-anchor:middle}
""".strip()


def svg(wiring: Wiring, verdicts: Verdicts | None = None, *, narrow: bool = False) -> str:
    """The drawing of a wiring.

    A page decides the colours by setting `--podshare-ink`, `-dim`, `-paper`, `-box`, `-rim`,
    `-line`, `-held`, `-broken` and `-unknown`; else they follow the reader's light or dark mode.

    Args:
        wiring: the Pod's.
        verdicts: `held`, `broken` or `unknown` by (container, mountPath); a mount that is not in it
            is drawn without one.
        narrow: for a phone, at most 366 pixels wide.
    """
    measures = svg_layout.NARROW if narrow else svg_layout.WIDE
    drawing = _Drawing(svg_layout.of(wiring, measures), verdicts or {})
    plan, said = drawing.plan, _said(wiring, drawing.verdicts)
    return _whole(measures.edge, plan.width, plan.height, said, drawing.everything())


def sheet(wirings: Sequence[tuple[str, Wiring]]) -> str:
    """The drawings of several wirings below each other; each is a title and a wiring."""
    edge, y, width = svg_layout.WIDE.edge, 0.0, 0.0
    said = list[str]()
    # a file of its own has no page behind it
    lines = [f'<rect class="paper" x="{-edge:g}" y="{-edge:g}" width="100%" height="100%"/>']
    for title, wiring in wirings:
        drawing = _Drawing(svg_layout.of(wiring), {})
        title = printable(title)
        said.append(f"{title}: {_said(wiring, {})}")
        lines.append(_text("name", 0, y + 13, title))
        lines.append(f'<g transform="translate(0 {y + _TITLE:.1f})">')
        lines += [*drawing.everything(), "</g>"]
        width = max(width, drawing.plan.width, len(title) * (svg_layout.CHAR + 0.5))
        y += _TITLE + drawing.plan.height + _BETWEEN
    return _whole(edge, width, max(0.0, y - _BETWEEN), " ".join(said), lines)


def _whole(edge: float, width: float, height: float, said: str, lines: Iterable[str]) -> str:
    wide, high = f"{width + 2 * edge:.0f}", f"{height + 2 * edge:.0f}"
    parts = [
        '<svg class="podshare-wiring" xmlns="http://www.w3.org/2000/svg" role="img"'
        f' viewBox="{-edge:g} {-edge:g} {wide} {high}" width="{wide}" height="{high}"'
        f' aria-label="{_safe(said)}">',
        f"<style>{_colours(_LIGHT)}\n"
        f"@media (prefers-color-scheme:dark){{{_colours(_DARK)}}}\n{_STYLE}</style>",
        *lines,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _colours(colours: Mapping[str, str]) -> str:
    ours = (f"--{name}:var(--podshare-{name},{value})" for name, value in colours.items())
    return f".podshare-wiring{{{';'.join(ours)}}}"


def _said(wiring: Wiring, verdicts: Verdicts) -> str:
    """The whole drawing in words."""
    sentences = []
    for container in wiring.containers:
        mounts = [
            f"{mount.volume} {text_table.cell(mount, wiring.volume(mount.volume))}"
            + (f" ({verdict})" if (verdict := verdicts.get((container.name, mount.path))) else "")
            for mount in text_table.mounts(container)
        ]
        sentences.append(f"{text_table.title(container)} mounts {', '.join(mounts) or 'nothing'}.")
    return " ".join(sentences)


class _Drawing:
    """What is drawn of a layout, piece by piece."""

    def __init__(self, plan: svg_layout.Layout, verdicts: Verdicts) -> None:
        self.plan = plan
        self.verdicts = verdicts
        self._volumes = {each.volume.name: each.volume for each in plan.volumes}

    def everything(self) -> Iterator[str]:
        """All of it; the signs last, so that no line runs over them."""
        yield from (line for edge in self.plan.edges for line in self.line(edge))
        yield from (line for box in self.plan.containers for line in self.container(box))
        yield from (line for box in self.plan.volumes for line in self.volume(box))
        yield from (line for edge in self.plan.edges for line in self.sign(edge))

    def line(self, edge: svg_layout.Edge) -> Iterator[str]:
        """An arrow into the container, and one into the volume where the mount may write."""
        mount, verdict = edge.row.mount, self._verdict(edge)
        x1, y1, x2, y2 = self.plan.containers_width, edge.row.y, self.plan.volumes_x, edge.to_y
        writes = self._mode(mount) == "rw"
        middle, end = (x1 + x2) / 2, x2 - 4 if writes else x2
        words = (
            f"{edge.container.name} mounts {mount.volume}: {text_table.cell(mount, edge.volume)}"
        )
        yield f'<g class="mount {verdict}"><title>{_safe(words)}</title>'
        yield (
            f'<path d="M{x1 + 4:.1f} {y1:.1f} C{middle:.1f} {y1:.1f}'
            f' {middle:.1f} {y2:.1f} {end:.1f} {y2:.1f}"/>'
        )
        yield _arrow(x1, y1, 8)
        if writes:
            yield _arrow(x2, y2, -8)
        yield "</g>"

    def sign(self, edge: svg_layout.Edge) -> Iterator[str]:
        """The verdict on the mount's line, beside its row, where no other mount's can be."""
        verdict = self._verdict(edge)
        if verdict:
            x, y = self.plan.containers_width + 17, edge.row.y
            yield f'<g class="mount {verdict}"><circle cx="{x:.1f}" cy="{y:.1f}" r="7"/>'
            yield f'<text class="sign" x="{x:.1f}" y="{y + 3.5:.1f}">{_SIGNS[verdict]}</text></g>'

    def container(self, box: svg_layout.ContainerBox) -> Iterator[str]:
        """Its box: the title, a rule, its mounts."""
        width = self.plan.containers_width
        yield _box("box", 0, box.y, width, box.height)
        for index, text in enumerate(box.title):
            yield _text("name", svg_layout.PAD, box.y + 21 + index * svg_layout.LINE, text)
        yield (
            f'<line class="rule" x1="0" x2="{width:.1f}" y1="{box.body:.1f}" y2="{box.body:.1f}"/>'
        )
        if not box.rows:
            yield _text("dim", svg_layout.PAD, box.body + svg_layout.PAD + 13, "mounts nothing")
        for row in box.rows:
            yield _text("dim", svg_layout.PAD, row.y + 4, self._mode(row.mount))
            for index, text in enumerate(row.lines):
                y = row.y + 4 + index * svg_layout.LINE
                yield _text("", svg_layout.PAD + svg_layout.MODE, y, text)

    def volume(self, box: svg_layout.VolumeBox) -> Iterator[str]:
        """Its box: the name, and what it is."""
        used = any(edge.volume is box.volume for edge in self.plan.edges)
        odd = "odd" if box.volume.kind == text_table.UNDECLARED else "" if used else "lone"
        yield _box(
            f"box {odd}".strip(), self.plan.volumes_x, box.y, self.plan.volumes_width, box.height
        )
        lines = [*(("name", line) for line in box.name), *(("dim", line) for line in box.words)]
        y = box.y + (box.height - svg_layout.LINE * len(lines)) / 2 + 13
        for index, (kind, line) in enumerate(lines):
            yield _text(
                kind, self.plan.volumes_x + svg_layout.PAD, y + index * svg_layout.LINE, line
            )

    def _mode(self, mount: VolumeMount) -> str:
        return text_table.mode(mount, self._volumes[mount.volume])

    def _verdict(self, edge: svg_layout.Edge) -> str:
        verdict = self.verdicts.get((edge.container.name, edge.row.mount.path), "")
        return verdict if verdict in _SIGNS else ""


def _safe(text: str) -> str:
    return html.escape(printable(text))


def _arrow(x: float, y: float, length: float) -> str:
    back = x + length
    return f'<polygon points="{x:.1f},{y:.1f} {back:.1f},{y - 4:.1f} {back:.1f},{y + 4:.1f}"/>'


def _box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}" rx="8"/>'
    )


def _text(kind: str, x: float, y: float, text: str) -> str:
    words = html.escape(text)
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" xml:space="preserve">{words}</text>'
