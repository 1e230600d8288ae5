"""Where things stand in the drawing of a wiring: boxes, rows and lines, in pixels.

Pure geometry. A mount is a row in its container's box, so that no two labels can meet.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence

from pytest_podshare.diagrams import text_table
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

CHAR = 7.3  # a character of the drawing's monospaced 12px
LINE, PAD = 18.0, 12.0
MODE = 3 * CHAR  # `rw `
_GAP, _PORT = 16.0, 18.0


@dataclasses.dataclass(frozen=True)
class Measures:
    """How much room there is.

    Args:
        edge: pixels around everything.
        path: characters of a mount's path in one line, at least and at most.
        name: characters of a volume's name in one line, at most.
        channel: pixels between the boxes, at least and at most.
        grown: pixels that each volume beyond the second adds to the channel.
    """

    edge: float
    path: tuple[int, int]
    name: int
    channel: tuple[float, float]
    grown: float


WIDE = Measures(edge=12.0, path=(14, 44), name=30, channel=(84.0, 160.0), grown=10.0)
# as much as a phone shows: 366 pixels
NARROW = Measures(edge=4.0, path=(12, 18), name=16, channel=(38.0, 38.0), grown=0.0)


@dataclasses.dataclass(frozen=True)
class Row:
    """A mount in its container's box: its path in `lines`, its line to the volume at `y`."""

    mount: VolumeMount
    lines: tuple[str, ...]
    y: float


@dataclasses.dataclass(frozen=True)
class ContainerBox:
    """A container, the lines of its title, and its mounts."""

    container: ContainerSpec
    title: tuple[str, ...]
    rows: tuple[Row, ...]
    y: float
    height: float

    @property
    def body(self) -> float:
        """Where the title ends and the mounts begin."""
        return self.y + LINE * len(self.title) + 14


@dataclasses.dataclass(frozen=True)
class VolumeBox:
    """A volume: the lines of its name, and those that say what it is."""

    volume: VolumeSpec
    name: tuple[str, ...]
    words: tuple[str, ...]
    y: float
    height: float


@dataclasses.dataclass(frozen=True)
class Edge:
    """A mount as a line, from its row to its port at the volume."""

    container: ContainerSpec
    row: Row
    volume: VolumeSpec
    to_y: float


@dataclasses.dataclass(frozen=True)
class Layout:
    """The whole drawing; containers begin at x = 0 and volumes at `volumes_x`."""

    containers: tuple[ContainerBox, ...]
    volumes: tuple[VolumeBox, ...]
    edges: tuple[Edge, ...]
    containers_width: float
    volumes_x: float
    volumes_width: float
    height: float

    @property
    def width(self) -> float:
        """From the containers' left side to the volumes' right side."""
        return self.volumes_x + self.volumes_width


def of(wiring: Wiring, measures: Measures = WIDE) -> Layout:
    """The layout of a wiring."""
    volumes = text_table.columns(wiring)
    room = _room(wiring.containers, measures)
    ports = Counter(mount.volume for each in wiring.containers for mount in text_table.mounts(each))
    bare = [_volume(each, ports[each.name], measures.name) for each in volumes]
    beside = sum(box.height + _GAP for box in bare) - _GAP
    boxes = tuple(_containers(wiring.containers, room, beside))
    placed, edges = _placed(boxes, bare)
    left = 2 * PAD + MODE + room * CHAR
    words = (len(line) for box in placed for line in (*box.name, *box.words))
    shortest, longest = measures.channel
    return Layout(
        containers=boxes,
        volumes=placed,
        edges=edges,
        containers_width=left,
        volumes_x=left + min(longest, shortest + measures.grown * max(0, len(volumes) - 2)),
        volumes_width=2 * PAD + max(words, default=0) * CHAR,
        height=max([*(box.y + box.height for box in boxes), *(b.y + b.height for b in placed)]),
    )


def broken(text: str, room: int) -> tuple[str, ...]:
    """A text in lines that fit, broken after a slash or a dash where there is one."""
    text, lines = printable(text), list[str]()
    while len(text) > room:
        cut = max(text.rfind("/", 0, room), text.rfind("-", 0, room)) + 1
        cut = cut if cut > room // 2 else room
        lines.append(text[:cut])
        text = text[cut:]
    return (*lines, text)


def _lines(mount: VolumeMount, room: int) -> tuple[str, ...]:
    """A mount's path, and its subPath below it."""
    part = broken(f"subPath={mount.sub_path}", room) if mount.sub_path else ()
    return (*broken(mount.path, room), *part)


def _room(containers: Sequence[ContainerSpec], measures: Measures) -> int:
    """How many characters of a path to a line; a container's title has to fit as well."""
    least, most = measures.path
    mounts = [mount for each in containers for mount in text_table.mounts(each)]
    paths = [len(line) for each in mounts for line in _lines(each, most)]
    titles = [len(text_table.title(each)) for each in containers]
    return max(least, min(max([*paths, *titles], default=0), most))


def _title(container: ContainerSpec, room: int) -> tuple[str, ...]:
    """The name and the role; the role goes below where they do not fit in one line."""
    title = text_table.title(container)
    if len(title) <= room:
        return (title,)
    role = title[len(printable(container.name)) :].strip()
    return (*broken(container.name, room), *([role] if role else []))


def _containers(
    containers: Sequence[ContainerSpec], room: int, beside: float
) -> Iterator[ContainerBox]:
    """The containers one below the other, in the middle of what stands `beside` them."""
    texts = [[_lines(mount, room) for mount in text_table.mounts(each)] for each in containers]
    titles = [_title(each, room) for each in containers]
    heights = [
        LINE * (len(title) + max(1, sum(map(len, lines)))) + 2 * PAD + 14
        for title, lines in zip(titles, texts, strict=True)
    ]
    y = max(0.0, (beside - sum(heights) - _GAP * (len(heights) - 1)) / 2)
    for container, title, lines, height in zip(containers, titles, texts, heights, strict=True):
        box = ContainerBox(container, title, (), y, height)
        starts = itertools.accumulate(map(len, lines), initial=0)
        rows = (
            Row(mount, text, box.body + PAD + LINE * (start + 0.5))
            for mount, text, start in zip(text_table.mounts(container), lines, starts, strict=False)
        )
        yield dataclasses.replace(box, rows=tuple(rows))
        y += height + _GAP


def _volume(volume: VolumeSpec, ports: int, room: int) -> VolumeBox:
    """A volume's box at y = 0; what it is takes a line for each word, so that it stays narrow."""
    size = f"{volume.medium} {volume.size_limit}".strip()
    facts = (volume.kind, size, volume.source)
    words = tuple(line for fact in facts if fact for line in broken(fact, room))
    name = broken(volume.name, room)
    height = max(LINE * len((*name, *words)) + PAD * 1.5, PAD * 2 + _PORT * ports)
    return VolumeBox(volume, name, words, 0.0, height)


def _placed(
    boxes: Sequence[ContainerBox], bare: Sequence[VolumeBox]
) -> tuple[tuple[VolumeBox, ...], tuple[Edge, ...]]:
    """The volumes at the height of their mounts, as near as they come, and the lines to them."""
    ends = {box.volume.name: list[tuple[ContainerSpec, Row]]() for box in bare}
    for each in boxes:
        for row in each.rows:
            ends[row.mount.volume].append((each.container, row))
    middles = {
        name: sum(row.y for _, row in rows) / len(rows) if rows else math.inf
        for name, rows in ends.items()
    }
    left = sum(box.height + _GAP for box in bare) - _GAP
    bottom = max([left, *(box.y + box.height for box in boxes)])
    placed, edges, y = list[VolumeBox](), list[Edge](), 0.0
    for box in sorted(bare, key=lambda each: middles[each.volume.name]):
        rows = ends[box.volume.name]
        # not so low that those after it have no room
        y = max(y, min(middles[box.volume.name] - box.height / 2, bottom - left))
        placed.append(dataclasses.replace(box, y=y))
        first = y + (box.height - _PORT * (len(rows) - 1)) / 2
        for index, (container, row) in enumerate(rows):
            edges.append(Edge(container, row, box.volume, first + index * _PORT))
        y += box.height + _GAP
        left -= box.height + _GAP
    return tuple(placed), tuple(edges)
