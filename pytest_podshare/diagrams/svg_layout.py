"""The layout of a wiring's SVG: boxes, rows and lines, in pixels.

Pure geometry. A mount is a row in the box of its container, so labels cannot overlap.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pytest_podshare.diagrams import text_table
from pytest_podshare.diagrams.folding import list_folded
from pytest_podshare.diagrams.marks import NO_MARKS, Marks
from pytest_podshare.diagrams.volume_facts import list_facts
from pytest_podshare.diagrams.wrapping import wrap, wrap_words
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

CHARACTER_WIDTH = 7.3  # of a monospaced font of 12px
LINE_HEIGHT, PADDING = 18.0, 12.0
MODE_WIDTH = 3 * CHARACTER_WIDTH  # `rw `
_GAP, _PORT_SPACING = 16.0, 18.0


@dataclasses.dataclass(frozen=True)
class Measures:
    """The space for a drawing, in pixels unless a description says otherwise.

    Args:
        margin: the space around the drawing.
        path: the minimum and maximum number of characters in a line of a mount's path.
        name: the maximum number of characters in a line of a volume's name.
        channel: the minimum and maximum distance between containers and volumes.
        channel_growth: what each volume after the second adds to that distance.
    """

    margin: float
    path: tuple[int, int]
    name: int
    channel: tuple[float, float]
    channel_growth: float


WIDE = Measures(margin=12.0, path=(14, 44), name=30, channel=(84.0, 160.0), channel_growth=10.0)
# fits the 366 pixels of a phone
NARROW = Measures(margin=4.0, path=(12, 18), name=16, channel=(38.0, 38.0), channel_growth=0.0)


@dataclasses.dataclass(frozen=True)
class MountRow:
    """A mount in the box of its container.

    Args:
        mount: the mount.
        mode: its mode.
        lines: the lines of its path and its subPath.
        y: where its line to the volume begins.
        volume: the lines of its volume, if that has no box of its own.
    """

    mount: VolumeMount
    mode: str
    lines: tuple[str, ...]
    y: float
    volume: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class ContainerBox:
    """A container, the lines of its title, and its mounts."""

    container: ContainerSpec
    title: tuple[str, ...]
    rows: tuple[MountRow, ...]
    y: float
    height: float

    @property
    def body(self) -> float:
        """Return the `y` at which the title ends and the mounts begin."""
        return self.y + LINE_HEIGHT * len(self.title) + 14


@dataclasses.dataclass(frozen=True)
class VolumeBox:
    """A volume, the lines of its name, and the lines that describe its source."""

    volume: VolumeSpec
    name: tuple[str, ...]
    source: tuple[str, ...]
    y: float
    height: float


@dataclasses.dataclass(frozen=True)
class Edge:
    """A mount as a line, from its row to its port at the volume's box."""

    container: ContainerSpec
    row: MountRow
    volume: VolumeSpec
    to_y: float


@dataclasses.dataclass(frozen=True)
class Layout:
    """A whole drawing, in which containers start at x = 0 and volumes at `volumes_x`."""

    containers: tuple[ContainerBox, ...]
    volumes: tuple[VolumeBox, ...]
    edges: tuple[Edge, ...]
    containers_width: float
    volumes_x: float
    volumes_width: float
    height: float

    @property
    def width(self) -> float:
        """Return the width from the containers' left side to the volumes' right side."""
        return self.volumes_x + self.volumes_width


def compute_layout(wiring: Wiring, measures: Measures = WIDE, marks: Marks = NO_MARKS) -> Layout:
    """Return the layout of a wiring; what is marked gets a box of its own."""
    folded = {volume.name: volume for volume in list_folded(wiring, marks)}
    volumes = [v for v in text_table.list_volumes(wiring) if v.name not in folded]
    line_length = _line_length(wiring.containers, measures)
    containers = [_container_box(spec, wiring, line_length, folded) for spec in wiring.containers]
    ports = Counter(row.mount.volume for box in containers for row in box.rows if not row.volume)
    unplaced = [_volume_box(volume, ports[volume.name], measures.name) for volume in volumes]
    boxes = tuple(_place_containers(containers, _stacked_height(unplaced)))
    placed, edges = _place_volumes(boxes, unplaced)
    containers_width = 2 * PADDING + MODE_WIDTH + line_length * CHARACTER_WIDTH
    lengths = (len(line) for box in placed for line in (*box.name, *box.source))
    shortest, longest = measures.channel
    channel = shortest + measures.channel_growth * max(0, len(volumes) - 2)
    bottoms = [*(box.y + box.height for box in boxes), *(box.y + box.height for box in placed)]
    return Layout(
        containers=boxes,
        volumes=placed,
        edges=edges,
        containers_width=containers_width,
        volumes_x=containers_width + min(longest, channel),
        volumes_width=2 * PADDING + max(lengths, default=0) * CHARACTER_WIDTH,
        height=max(bottoms, default=0.0),
    )


def _stacked_height(boxes: Sequence[ContainerBox | VolumeBox]) -> float:
    return sum(box.height + _GAP for box in boxes) - _GAP


def _mount_lines(mount: VolumeMount, length: int) -> tuple[str, ...]:
    """Return the lines of a mount's path, then those of its subPath."""
    sub_path = wrap(f"subPath={mount.sub_path}", length) if mount.sub_path else ()
    return (*wrap(mount.path, length), *sub_path)


def _line_length(containers: Sequence[ContainerSpec], measures: Measures) -> int:
    """Return the number of characters per line that the paths and titles of the boxes need."""
    shortest, longest = measures.path
    mounts = [mount for spec in containers for mount in text_table.list_mounts(spec)]
    paths = [len(line) for mount in mounts for line in _mount_lines(mount, longest)]
    titles = [len(text_table.format_title(container)) for container in containers]
    return max(shortest, min(max([*paths, *titles], default=0), longest))


def _title_lines(container: ContainerSpec, length: int) -> tuple[str, ...]:
    """Return the name and the role, in separate lines if they do not fit into one."""
    title = text_table.format_title(container)
    if len(title) <= length:
        return (title,)
    role = title[len(printable(container.name)) :].strip()
    return (*wrap(container.name, length), *([role] if role else []))


def _container_box(
    container: ContainerSpec, wiring: Wiring, length: int, folded: Mapping[str, VolumeSpec]
) -> ContainerBox:
    """Return a box at y = 0."""
    title, rows = _title_lines(container, length), list[MountRow]()
    y = LINE_HEIGHT * len(title) + 14 + PADDING
    # what is shared first
    mounts = sorted(text_table.list_mounts(container), key=lambda mount: mount.volume in folded)
    for mount in mounts:
        lines = _mount_lines(mount, length)
        mode = text_table.format_mode(mount, wiring.volume(mount.volume))
        volume = folded.get(mount.volume)
        heading = wrap_words(text_table.format_heading(volume), length) if volume else ()
        rows.append(MountRow(mount, mode, lines, y + LINE_HEIGHT / 2, heading))
        y += LINE_HEIGHT * (len(lines) + len(heading))
    height = (y if rows else y + LINE_HEIGHT) + PADDING
    return ContainerBox(container, title, tuple(rows), 0.0, height)


def _place_containers(boxes: Sequence[ContainerBox], height: float) -> Iterator[ContainerBox]:
    """Yield the boxes from top to bottom, centred beside volumes of that height."""
    y = max(0.0, (height - _stacked_height(boxes)) / 2)
    for box in boxes:
        rows = tuple(dataclasses.replace(row, y=row.y + y) for row in box.rows)
        yield dataclasses.replace(box, rows=rows, y=y)
        y += box.height + _GAP


def _volume_box(volume: VolumeSpec, ports: int, length: int) -> VolumeBox:
    """Return a box at y = 0, kept narrow by a line for each part of the source."""
    source = tuple(line for fact in list_facts(volume) for line in wrap(fact, length))
    name = wrap(volume.name, length)
    height = max(
        LINE_HEIGHT * len((*name, *source)) + PADDING * 1.5, PADDING * 2 + _PORT_SPACING * ports
    )
    return VolumeBox(volume, name, source, 0.0, height)


def _has_line(row: MountRow) -> bool:
    return not row.volume


def _place_volumes(
    containers: Sequence[ContainerBox], volumes: Sequence[VolumeBox]
) -> tuple[tuple[VolumeBox, ...], tuple[Edge, ...]]:
    """Return the volumes as close to their mounts as possible, and the lines to them."""
    ends = {box.volume.name: list[tuple[ContainerSpec, MountRow]]() for box in volumes}
    for container_box in containers:
        for row in filter(_has_line, container_box.rows):
            ends[row.mount.volume].append((container_box.container, row))
    middles = {
        name: sum(row.y for _, row in rows) / len(rows) if rows else math.inf
        for name, rows in ends.items()
    }
    remaining = _stacked_height(volumes)
    bottom = max([remaining, *(box.y + box.height for box in containers)])
    placed, edges, y = list[VolumeBox](), list[Edge](), 0.0
    for box in sorted(volumes, key=lambda box: middles[box.volume.name]):
        rows = ends[box.volume.name]
        # high enough for the volumes below
        y = max(y, min(middles[box.volume.name] - box.height / 2, bottom - remaining))
        placed.append(dataclasses.replace(box, y=y))
        port_y = y + (box.height - _PORT_SPACING * (len(rows) - 1)) / 2
        for index, (container, row) in enumerate(rows):
            edges.append(Edge(container, row, box.volume, port_y + index * _PORT_SPACING))
        y += box.height + _GAP
        remaining -= box.height + _GAP
    return tuple(placed), tuple(edges)
