"""The wiring of a Pod as a text table: a row per volume, a column per container."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

UNDECLARED = "not declared"
_NOT_MOUNTED = "-"
_SEPARATOR = "  "
_ROLES = {"init": " (init)", "sidecar": " (sidecar)"}

_Cell = list[str]
_Column = list[_Cell]


def render_table(wiring: Wiring, width: int | None = None) -> str:
    """Return the table: `rw /tmp/data` in the cell of a container and a volume.

    Args:
        wiring: the Pod's wiring.
        width: the maximum number of characters per line; containers that do not fit go to another
            table below. None for no limit.
    """
    headings = [["volume"], *([format_heading(volume)] for volume in list_volumes(wiring))]
    tables, current = list[str](), [headings]
    for container in wiring.containers:
        column = _column(container, wiring)
        if len(current) > 1 and width is not None and _width([*current, column]) > width:
            tables.append(_join_columns(current))
            current = [headings]
        current.append(column)
    tables.append(_join_columns(current))
    return "\n\n".join(tables)


def list_volumes(wiring: Wiring) -> tuple[VolumeSpec, ...]:
    """Return the declared volumes, then the volumes that are mounted but not declared."""
    declared = {volume.name for volume in wiring.volumes}
    mounts = (mount for container in wiring.containers for mount in list_mounts(container))
    missing = dict.fromkeys(mount.volume for mount in mounts if mount.volume not in declared)
    return (*wiring.volumes, *(VolumeSpec(name, UNDECLARED) for name in missing))


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
    """Return `emptyDir Memory 10Mi` or `configMap settings`."""
    words = (volume.kind, volume.medium, volume.size_limit, volume.source)
    return printable(" ".join(word for word in words if word))


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


def _column(container: ContainerSpec, wiring: Wiring) -> _Column:
    mounts = list_mounts(container)
    cells = (
        [format_mount(mount, volume) for mount in mounts if mount.volume == volume.name]
        or [_NOT_MOUNTED]
        for volume in list_volumes(wiring)
    )
    return [[format_title(container)], *cells]


def _widths(columns: Sequence[_Column]) -> list[int]:
    return [max(len(line) for cell in column for line in cell) for column in columns]


def _width(columns: Sequence[_Column]) -> int:
    return sum(_widths(columns)) + len(_SEPARATOR) * (len(columns) - 1)


def _join_columns(columns: Sequence[_Column]) -> str:
    """Return the columns side by side; a row is as high as its highest cell."""
    widths = _widths(columns)
    lines = list[str]()
    for row in zip(*columns, strict=True):
        for texts in itertools.zip_longest(*row, fillvalue=""):
            padded = (text.ljust(width) for text, width in zip(texts, widths, strict=True))
            lines.append(_SEPARATOR.join(padded).rstrip())
    lines.insert(1, _SEPARATOR.join("-" * width for width in widths))
    return "\n".join(lines)
