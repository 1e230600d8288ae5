"""The wiring of Pods as a Mermaid flowchart: containers left, volumes right, mounts between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_podshare.diagrams import text_table
from pytest_podshare.diagrams.folding import list_folded
from pytest_podshare.diagrams.marks import NO_MARKS, Marks, mark
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import Wiring

_MARKED = "stroke:#b91c1c,stroke-width:2px"
_HARMLESS = " -_./=(),:"


def render_mermaid(wirings: Sequence[tuple[str, Wiring]], marks: Sequence[Marks] = ()) -> str:
    """Return one chart of several Pods, given by title and wiring.

    Args:
        wirings: the Pods.
        marks: what of each Pod is marked; empty for nothing.
    """
    lines, links = ["flowchart LR"], 0
    marked_links, marked_nodes = list[str](), list[str]()
    for number, (title, wiring) in enumerate(wirings):
        pod = _Pod(f"p{number}", wiring, marks[number] if marks else NO_MARKS)
        lines.append(f"  subgraph p{number}[{_quote(title)}]")
        lines.append("    direction LR")
        lines += [f"    {line}" for line in (*pod.nodes(), *pod.links())]
        lines.append("  end")
        marked_nodes += pod.marked_nodes()
        marked_links += [str(links + index) for index in pod.marked_links()]
        links += len(list(pod.links()))
    if marked_nodes:
        lines += [f"  classDef marked {_MARKED}", f"  class {','.join(marked_nodes)} marked"]
    if marked_links:
        lines.append(f"  linkStyle {','.join(marked_links)} {_MARKED}")
    return "\n".join(lines) + "\n"


class _Pod:
    """One Pod in the chart."""

    def __init__(self, name: str, wiring: Wiring, marks: Marks) -> None:
        self._name, self._wiring, self._marks = name, wiring, marks
        self._folded = {volume.name: volume for volume in list_folded(wiring, marks)}
        volumes = text_table.list_volumes(wiring)
        self._volumes = [volume for volume in volumes if volume.name not in self._folded]
        numbers = {volume.name: number for number, volume in enumerate(self._volumes)}
        self._edges = [
            (index, container, mount, numbers[mount.volume])
            for index, container in enumerate(wiring.containers)
            for mount in text_table.list_mounts(container)
            if mount.volume in numbers
        ]

    def nodes(self) -> Iterator[str]:
        """Yield the containers, with their folded volumes, and the other volumes."""
        for index, container in enumerate(self._wiring.containers):
            title = text_table.format_title(container)
            lines = [mark(title, container.name in self._marks.containers)]
            for mount in text_table.list_mounts(container):
                if volume := self._folded.get(mount.volume):
                    heading = text_table.format_heading(volume)
                    lines.append(f"{text_table.format_mount(mount, volume)} = {heading}")
            yield f'{self._name}c{index}["{"<br>".join(map(_escape, lines))}"]'
        for number, volume in enumerate(self._volumes):
            name = mark(volume.name, volume.name in self._marks.volumes)
            label = f"{_escape(name)}<br>{_escape(text_table.format_source(volume))}"
            yield f'{self._name}v{number}[("{label}")]'

    def links(self) -> Iterator[str]:
        """Yield the mounts, as a dotted line if the mount is read-only."""
        for index, container, mount, number in self._edges:
            declared = self._wiring.volume(mount.volume)
            line = "---" if text_table.format_mode(mount, declared) == "rw" else "-.-"
            text = text_table.format_mount(mount, declared)
            label = _quote(mark(text, self._marks.has_mount(container, mount)))
            yield f"{self._name}c{index} {line}|{label}| {self._name}v{number}"

    def marked_nodes(self) -> Iterator[str]:
        """Yield the ids of the marked containers and volumes."""
        for index, container in enumerate(self._wiring.containers):
            if container.name in self._marks.containers:
                yield f"{self._name}c{index}"
        for number, volume in enumerate(self._volumes):
            if volume.name in self._marks.volumes:
                yield f"{self._name}v{number}"

    def marked_links(self) -> Iterator[int]:
        """Yield the numbers of the marked mounts among the links of this Pod."""
        for number, (_, container, mount, _) in enumerate(self._edges):
            if self._marks.has_mount(container, mount):
                yield number


def _quote(text: str) -> str:
    return f'"{_escape(text)}"'


def _escape(text: str) -> str:
    """Replace each character that Mermaid or HTML may interpret by its number."""
    return "".join(
        character if character.isalnum() or character in _HARMLESS else f"#{ord(character)};"
        for character in printable(text)
    )
