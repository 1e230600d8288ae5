"""The wiring of Pods as a Mermaid flowchart: containers left, volumes right, mounts between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_podshare.diagrams import text_table
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import Wiring


def mermaid(wirings: Sequence[tuple[str, Wiring]]) -> str:
    """One chart of them all; each is a title and a wiring."""
    lines = ["flowchart LR"]
    for number, (title, wiring) in enumerate(wirings):
        lines.append(f"  subgraph p{number}[{_quoted(title)}]")
        lines.append("    direction LR")
        lines += [f"    {line}" for line in _pod(f"p{number}", wiring)]
        lines.append("  end")
    return "\n".join(lines) + "\n"


def _pod(pod: str, wiring: Wiring) -> Iterator[str]:
    volumes = text_table.columns(wiring)
    numbers = {volume.name: number for number, volume in enumerate(volumes)}
    for index, container in enumerate(wiring.containers):
        yield f"{pod}c{index}[{_quoted(text_table.title(container))}]"
    for declared in volumes:
        words = f"{_escaped(declared.name)}<br>{_escaped(text_table.facts(declared))}"
        yield f'{pod}v{numbers[declared.name]}[("{words}")]'
    for index, container in enumerate(wiring.containers):
        for mount in text_table.mounts(container):
            volume = wiring.volume(mount.volume)
            # dotted for those who only read
            line = "---" if text_table.mode(mount, volume) == "rw" else "-.-"
            label = _quoted(text_table.cell(mount, volume))
            yield f"{pod}c{index} {line}|{label}| {pod}v{numbers[mount.volume]}"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Every character that could mean something to Mermaid or to HTML, by its number."""
    plain = " -_./=(),:"
    return "".join(
        each if each.isalnum() or each in plain else f"#{ord(each)};" for each in printable(text)
    )
