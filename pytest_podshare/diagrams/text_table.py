"""The wiring of a Pod as a table of text: a row per volume, a column per container."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_podshare.escaping import printable
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

UNDECLARED = "not declared"
_NOT_MOUNTED = "-"
_BETWEEN = "  "
_ROLES = {"init": " (init)", "sidecar": " (sidecar)"}

_Cells = list[str]
_Row = list[_Cells]


def matrix(wiring: Wiring, width: int | None = None) -> str:
    """Who mounts what where: `rw /tmp/data` in the cell of container and volume.

    Args:
        wiring: the Pod's.
        width: columns of text that there is room for: with more containers than fit, the table
            goes on below itself. None for as wide as it comes.
    """
    names = _Row([["volume"], *([heading(volume)] for volume in columns(wiring))])
    tables, current = list[str](), [names]
    for container in wiring.containers:
        column = _column(container, wiring)
        if len(current) > 1 and width is not None and _wide([*current, column]) > width:
            tables.append(_table(current))
            current = [names]
        current.append(column)
    tables.append(_table(current))
    return "\n\n".join(tables)


def columns(wiring: Wiring) -> tuple[VolumeSpec, ...]:
    """The volumes, and after them those that are mounted and that nobody declares."""
    declared = {volume.name for volume in wiring.volumes}
    mounted = (mount.volume for each in wiring.containers for mount in mounts(each))
    strays = dict.fromkeys(name for name in mounted if name not in declared)
    return (*wiring.volumes, *(VolumeSpec(name, UNDECLARED) for name in strays))


def mounts(container: ContainerSpec) -> tuple[VolumeMount, ...]:
    """Its mounts, and after them its block devices as if they were mounts."""
    devices = (VolumeMount(each.volume, f"{each.path} (device)") for each in container.devices)
    return (*container.mounts, *devices)


def heading(volume: VolumeSpec) -> str:
    """`xchange  emptyDir Memory 10Mi`."""
    return f"{printable(volume.name)}  {facts(volume)}"


def facts(volume: VolumeSpec) -> str:
    """What a volume is, in a few words: `emptyDir Memory 10Mi`, `configMap settings`."""
    words = (volume.kind, volume.medium, volume.size_limit, volume.source)
    return printable(" ".join(word for word in words if word))


def title(container: ContainerSpec) -> str:
    """`c1`, `setup (init)`, `agent (sidecar)`."""
    return printable(container.name) + _ROLES.get(container.role, "")


def mode(mount: VolumeMount, volume: VolumeSpec | None) -> str:
    """`ro` or `rw`: whether the container may write there, by the mount and by the volume."""
    kubelets = volume is not None and not volume.is_written_by_containers
    return "ro" if mount.read_only or kubelets else "rw"


def cell(mount: VolumeMount, volume: VolumeSpec | None) -> str:
    """`ro /usr/share/nginx/html subPath=out`."""
    part = f" subPath={mount.sub_path}" if mount.sub_path else ""
    return printable(f"{mode(mount, volume)} {mount.path}{part}")


def _column(container: ContainerSpec, wiring: Wiring) -> _Row:
    cells = (
        [cell(mount, volume) for mount in mounts(container) if mount.volume == volume.name]
        or [_NOT_MOUNTED]
        for volume in columns(wiring)
    )
    return [[title(container)], *cells]


def _widths(table: Sequence[_Row]) -> Iterable[int]:
    return (max(len(line) for cells in column for line in cells) for column in table)


def _wide(table: Sequence[_Row]) -> int:
    return sum(_widths(table)) + len(_BETWEEN) * (len(table) - 1)


def _table(table: Sequence[_Row]) -> str:
    """The columns side by side; a cell with several mounts takes as many lines."""
    widths = list(_widths(table))
    lines = list[str]()
    for row in zip(*table, strict=True):
        for index in range(max(len(cells) for cells in row)):
            words = [cells[index] if index < len(cells) else "" for cells in row]
            padded = (word.ljust(width) for word, width in zip(words, widths, strict=True))
            lines.append(_BETWEEN.join(padded).rstrip())
    lines.insert(1, _BETWEEN.join("-" * width for width in widths))
    return "\n".join(lines)
