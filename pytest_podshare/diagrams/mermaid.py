"""The wiring of Pods as a Mermaid flowchart: containers left, volumes right, mounts between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_podshare.diagrams import text_table
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import Wiring

_HARMLESS = " -_./=(),:"


def render_mermaid(wirings: Sequence[tuple[str, Wiring]]) -> str:
    """Return one chart of several Pods, given by title and wiring."""
    lines = ["flowchart LR"]
    for number, (title, wiring) in enumerate(wirings):
        lines.append(f"  subgraph p{number}[{_quote(title)}]")
        lines.append("    direction LR")
        lines += [f"    {line}" for line in _pod(f"p{number}", wiring)]
        lines.append("  end")
    return "\n".join(lines) + "\n"


def _pod(pod: str, wiring: Wiring) -> Iterator[str]:
    volumes = text_table.list_volumes(wiring)
    numbers = {volume.name: number for number, volume in enumerate(volumes)}
    for index, container in enumerate(wiring.containers):
        yield f"{pod}c{index}[{_quote(text_table.format_title(container))}]"
    for number, volume in enumerate(volumes):
        label = f"{_escape(volume.name)}<br>{_escape(text_table.format_source(volume))}"
        yield f'{pod}v{number}[("{label}")]'
    for index, container in enumerate(wiring.containers):
        for mount in text_table.list_mounts(container):
            declared = wiring.volume(mount.volume)
            # a dotted line for a read-only mount
            line = "---" if text_table.format_mode(mount, declared) == "rw" else "-.-"
            label = _quote(text_table.format_mount(mount, declared))
            yield f"{pod}c{index} {line}|{label}| {pod}v{numbers[mount.volume]}"


def _quote(text: str) -> str:
    return f'"{_escape(text)}"'


def _escape(text: str) -> str:
    """Replace each character that Mermaid or HTML may interpret by its number."""
    return "".join(
        character if character.isalnum() or character in _HARMLESS else f"#{ord(character)};"
        for character in printable(text)
    )
