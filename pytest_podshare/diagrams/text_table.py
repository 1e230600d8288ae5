"""The wiring of a Pod as a text table: a row per volume, a column per container."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pytest_podshare.diagrams.marks import NO_MARKS, Marks, mark
from pytest_podshare.diagrams.volume_facts import list_facts
from pytest_podshare.diagrams.wrapping import wrap_words
from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

UNDECLARED = "not declared"
_NOT_MOUNTED = "-"
_SEPARATOR, _INDENT = "  ", "   "
# a column is not narrower than this, even if the terminal is
_NARROWEST = 16
_ROLES = {"init": " (init)", "sidecar": " (sidecar)"}

_Cell = list[str]
_Column = list[_Cell]


def render_table(wiring: Wiring, width: int | None = None, marks: Marks = NO_MARKS) -> str:
    """Return the table: `rw /tmp/data` in the cell of a container and a volume.

    Args:
        wiring: the Pod's wiring.
        width: the maximum number of characters per line; long cells are wrapped, and containers
            that do not fit go to another table below. None for no limit.
        marks: what gets a `!` behind it.
    """
    volumes = list_volumes(wiring)
    names = [mark(format_heading(volume), volume.name in marks.volumes) for volume in volumes]
    headings = [["volume"], *([name] for name in names)]
    columns = [_column(container, wiring, marks) for container in wiring.containers]
    if width is not None:
        widest = max(map(_widest, columns), default=0)
        headings = _wrap_column(headings, max(width // 3, width - len(_SEPARATOR) - widest))
        rest = width - len(_SEPARATOR) - _widest(headings)
        columns = [_wrap_column(column, rest) for column in columns]
    tables, current = list[str](), [headings]
    for column in columns:
        if len(current) > 1 and width is not None and _width([*current, column]) > width:
            tables.append(_join_columns(current))
            current = [headings]
        current.append(column)
    tables.append(_join_columns(current))
    return "\n\n".join(tables)


def list_volumes(wiring: Wiring) -> tuple[VolumeSpec, ...]:
    """Return the volumes in the order of a diagram.

    First those that several containers share, then those of one container, container by container,
    then those that are not mounted, at last those that are mounted but not declared.
    """
    declared = {volume.name for volume in wiring.volumes}
    mounts = (mount for container in wiring.containers for mount in list_mounts(container))
    missing = dict.fromkeys(mount.volume for mount in mounts if mount.volume not in declared)
    users = {volume.name: _list_users(wiring, volume) for volume in wiring.volumes}
    # the number of containers is that of no container
    places = {
        name: -1 if len(found) > 1 else found[0] if found else len(wiring.containers)
        for name, found in users.items()
    }
    in_order = sorted(wiring.volumes, key=lambda volume: places[volume.name])
    return (*in_order, *(VolumeSpec(name, UNDECLARED) for name in missing))


def _list_users(wiring: Wiring, volume: VolumeSpec) -> list[int]:
    """Return the numbers of the containers that mount a volume."""
    return [
        number
        for number, container in enumerate(wiring.containers)
        if any(mount.volume == volume.name for mount in list_mounts(container))
    ]


def list_mounts(container: ContainerSpec) -> tuple[VolumeMount, ...]:
    """Return the mounts of a container, then its block devices in the form of mounts."""
    devices = (
        VolumeMount(device.volume, f"{device.path} (device)") for device in container.devices
    )
    return (*container.mounts, *devices)


def format_heading(volume: VolumeSpec) -> str:
    """Return `xchange  emptyDir Memory 10Mi`."""
    return f"{printable(volume.name)}  {format_source(volume)}"


def format_source(volume: VolumeSpec) -> str:
    """Return `emptyDir Memory 10Mi`, `hostPath /var/log` or `projected configMap a, secret b`."""
    kind, *details = list_facts(volume)
    return printable(f"{kind} {', '.join(details)}".strip())


def format_title(container: ContainerSpec) -> str:
    """Return `c1`, `setup (init)` or `agent (sidecar)`."""
    return printable(container.name) + _ROLES.get(container.role, "")


def format_mode(mount: VolumeMount, volume: VolumeSpec | None) -> str:
    """Return `ro` or `rw`: whether the container can write, by the mount and by the volume."""
    is_kubelets = volume is not None and not volume.is_written_by_containers
    return "ro" if mount.read_only or is_kubelets else "rw"


def format_mount(mount: VolumeMount, volume: VolumeSpec | None) -> str:
    """Return `ro /usr/share/nginx/html subPath=out`."""
    sub_path = f" subPath={mount.sub_path}" if mount.sub_path else ""
    return printable(f"{format_mode(mount, volume)} {mount.path}{sub_path}")


def _column(container: ContainerSpec, wiring: Wiring, marks: Marks) -> _Column:
    mounts = list_mounts(container)
    cells = (
        [
            mark(format_mount(mount, volume), marks.has_mount(container, mount))
            for mount in mounts
            if mount.volume == volume.name
        ]
        or [_NOT_MOUNTED]
        for volume in list_volumes(wiring)
    )
    return [[mark(format_title(container), container.name in marks.containers)], *cells]


def _wrap_column(column: _Column, width: int) -> _Column:
    """Return a column whose lines have at most this many characters, or the fewest possible."""
    length = max(width, _NARROWEST)
    return [[part for line in cell for part in _wrap_line(line, length)] for cell in column]


def _wrap_line(line: str, length: int) -> list[str]:
    if len(line) <= length:
        return [line]
    first, *others = wrap_words(line, length - len(_INDENT))
    return [first, *(_INDENT + other for other in others)]


def _widest(column: _Column) -> int:
    return max(len(line) for cell in column for line in cell)


def _width(columns: Sequence[_Column]) -> int:
    return sum(map(_widest, columns)) + len(_SEPARATOR) * (len(columns) - 1)


def _join_columns(columns: Sequence[_Column]) -> str:
    """Return the columns side by side; a row is as high as its highest cell."""
    widths = list(map(_widest, columns))
    lines = list[str]()
    for row in zip(*columns, strict=True):
        for texts in itertools.zip_longest(*row, fillvalue=""):
            padded = (text.ljust(width) for text, width in zip(texts, widths, strict=True))
            lines.append(_SEPARATOR.join(padded).rstrip())
    lines.insert(1, _SEPARATOR.join("-" * width for width in widths))
    return "\n".join(lines)
