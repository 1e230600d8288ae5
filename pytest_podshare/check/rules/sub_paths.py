"""subPaths of the same volume that overlap, or differ by mistake."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from pytest_podshare.check.rules.container_paths import overlap
from pytest_podshare.check.rules.finding import Issue, mount_issue, rule
from pytest_podshare.check.rules.similar_names import is_typo
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.shared_mounts import find_shared_mount
from pytest_podshare.wiring.templates import Template

_MountOf = tuple[ContainerSpec, VolumeMount]


@rule("info")
def overlapping_sub_paths(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A subPath of a volume is inside another subPath of it."""
    fix = "Use separate folders, unless one container is meant to see the other's files."
    for volume in wiring.volumes:
        for pair in _pairs(wiring, volume):
            by_depth = sorted(pair, key=lambda entry: len(entry[1].sub_folders))
            (other, outer), (container, inner) = by_depth
            if outer.sub_folders != inner.sub_folders and overlap(outer, inner):
                detail = (
                    f" with subPath {inner.sub_path!r}, which is inside {outer.sub_path!r}, "
                    f"mounted at {outer.path} in container {other.name!r}"
                )
                yield mount_issue(container, inner, detail, fix)


@rule("warning")
def sub_path_near_miss(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Two containers mount subPaths of a volume that differ only by a typo."""
    for volume in wiring.volumes:
        for (first, first_mount), (container, mount) in _pairs(wiring, volume):
            if first is container or first_mount.sub_path == mount.sub_path:
                continue
            if not is_typo(first_mount.sub_path, mount.sub_path):
                continue
            if find_shared_mount(wiring, first.name, container.name, volume.name) is not None:
                continue
            detail = (
                f" with subPath {mount.sub_path!r}, but container {first.name!r} uses "
                f"{first_mount.sub_path!r}: they share nothing"
            )
            fix = "Use the same subPath in both."
            yield mount_issue(container, mount, detail, fix)


def _pairs(wiring: Wiring, volume: VolumeSpec) -> Iterator[tuple[_MountOf, _MountOf]]:
    """Yield all pairs of mounts of a volume that have a subPath without variables."""
    if volume.is_written_by_containers:
        mounts = wiring.mounts_of(volume.name)
        fixed = [pair for pair in mounts if pair[1].sub_path and not pair[1].expression]
        yield from itertools.combinations(fixed, 2)
