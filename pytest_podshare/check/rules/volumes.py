"""Volumes that the API server or the kubelet refuses, or takes for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules import similar_names, sources
from pytest_podshare.check.rules.finding import Remark, of_mount, of_volume, rule
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.model import VolumeSpec, Wiring

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_EMPTY_DIR = ("medium", "sizeLimit")
_MOUNT = (
    *("mountPath", "subPath", "subPathExpr"),
    *("readOnly", "recursiveReadOnly", "mountPropagation"),
)


@rule("error")
def duplicate_volume(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """Two volumes of a Pod have the same name."""
    first: dict[str, VolumeSpec] = {}
    for volume in template.declared.volumes:
        other = first.setdefault(volume.name, volume)
        if other is not volume:
            where = f" (line {other.position.line})" if other.position else ""
            yield of_volume(
                volume, f" is declared twice{where}", "Remove one, or give it a name of its own."
            )


@rule("error")
def invalid_volume_name(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A volume's name is no DNS label."""
    for volume in template.declared.volumes:
        if not _LABEL.fullmatch(volume.name):
            yield of_volume(
                volume,
                " has a name that is no DNS label",
                "Use at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit.",
            )


@rule("error")
def several_volume_sources(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A volume is made of several sources."""
    for volume in template.declared.volumes:
        kinds = [kind for kind in volume.kinds if kind in LIFETIMES]
        if len(kinds) > 1:
            matter = f" is made of {' and '.join(kinds)} at once"
            yield of_volume(volume, matter, "Keep one, or declare two volumes.")


@rule("error")
def invalid_volume_source(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A volume's source lacks what it needs, or has a value that there is not."""
    for volume in template.declared.volumes:
        for matter, fix in sources.troubles(volume.kind, volume.facts):
            yield of_volume(volume, f": {matter}", fix)


@rule("error")
def invalid_size_limit(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """The sizeLimit of an emptyDir is no amount, or a negative one."""
    for volume in template.declared.volumes:
        amount = quantity.parse(volume.size_limit)
        if volume.size_limit and (amount is None or amount < 0):
            what = "is no amount" if amount is None else "is negative"
            matter = f" has sizeLimit {volume.size_limit!r}, which {what}"
            yield of_volume(volume, matter, "Write an amount, for example 64Mi or 1Gi.")


@rule("error")
def unknown_medium(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """The medium of an emptyDir is one that no kubelet has."""
    for volume in template.declared.volumes:
        medium = volume.medium
        if medium in ("", "Memory", "HugePages") or medium.startswith("HugePages-"):
            continue
        fix = "Write Memory, or leave it out for the node's disk."
        yield of_volume(volume, f" has medium {medium!r}, which no kubelet has", fix)


@rule("warning")
def unknown_volume_source(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A source that is misspelt, which the API server drops: the volume becomes an emptyDir."""
    for volume in template.declared.volumes:
        for kind in volume.kinds:
            near = None if kind in LIFETIMES else similar_names.nearest(kind, LIFETIMES)
            if near:
                matter = f" has the source {kind!r}, which there is not"
                if len(volume.kinds) == 1:
                    matter += ": the API server makes it an emptyDir"
                yield of_volume(volume, matter, f"Write {near}.")


@rule("warning")
def misspelt_field(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A field of a mount or an emptyDir that is misspelt, which the API server drops."""
    for container, mount in wiring.mounts():
        for field in mount.unknown:
            near = similar_names.nearest(field, _MOUNT)
            if near:
                matter = f" with {field!r}, which there is not, so that it is ignored"
                yield of_mount(container, mount, matter, f"Write {near}.")
    for volume in template.declared.volumes:
        for field in volume.facts if volume.kind == "emptyDir" else ():
            near = None if field in _EMPTY_DIR else similar_names.nearest(field, _EMPTY_DIR)
            if near:
                matter = f" has {field!r}, which there is not, so that it is ignored"
                yield of_volume(volume, matter, f"Write {near}.")


@rule("warning")
def decimal_mode(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A file mode in decimal whose digits look like the octal one that was meant."""
    for volume in template.declared.volumes:
        for field, mode in sources.modes(volume.facts):
            if mode in (400, 440, 444):
                matter = f" has {field} {mode}, which is {mode:04o} in octal"
                yield of_volume(volume, matter, f"Write 0{mode}.")
