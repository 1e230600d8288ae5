"""subPaths of one volume that overlap, or miss one another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules import path_mentions, similar_names
from pytest_podshare.check.rules.finding import Remark, of_mount, rule
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.shared_mounts import find_shared_mounts

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template


@rule("info")
def overlapping_sub_paths(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A subPath of a volume lies within another subPath of it."""
    for volume in wiring.volumes:
        for (one, mine), (two, theirs) in _pairs(wiring, volume):
            here, there = path_mentions.parts(mine.sub_path), path_mentions.parts(theirs.sub_path)
            if here == there or here[: len(there)] != there[: len(here)]:
                continue
            outer, inner = sorted(
                ((one, mine), (two, theirs)),
                key=lambda pair: len(path_mentions.parts(pair[1].sub_path)),
            )
            yield of_mount(
                *inner,
                f" with subPath {inner[1].sub_path!r}, which lies within {outer[1].sub_path!r} "
                f"that container {outer[0].name!r} mounts at {outer[1].path}",
                "Mount folders beside one another, unless the one is meant to see the other.",
            )


@rule("warning")
def sub_path_near_miss(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """Two containers mount subPaths of a volume that differ by a slip of the pen."""
    for volume in wiring.volumes:
        for (one, mine), (two, theirs) in _pairs(wiring, volume):
            if one is two or mine.sub_path == theirs.sub_path:
                continue
            if not similar_names.is_typo(mine.sub_path, theirs.sub_path):
                continue
            if _meet(wiring, volume, one, two):
                continue
            yield of_mount(
                two,
                theirs,
                f" with subPath {theirs.sub_path!r}, where container {one.name!r} has "
                f"{mine.sub_path!r}: they share nothing",
                "Write the same subPath in both.",
            )


def _pairs(
    wiring: Wiring, volume: VolumeSpec
) -> Iterator[tuple[tuple[ContainerSpec, VolumeMount], tuple[ContainerSpec, VolumeMount]]]:
    """Every two mounts of a volume that have a subPath which is known."""
    if volume.is_written_by_containers:
        mounts = wiring.mounts_of(volume.name)
        known = [pair for pair in mounts if pair[1].sub_path and not pair[1].expression]
        yield from itertools.combinations(known, 2)


def _meet(wiring: Wiring, volume: VolumeSpec, one: ContainerSpec, two: ContainerSpec) -> bool:
    return any(
        each.volume.name == volume.name for each in find_shared_mounts(wiring, one.name, two.name)
    )
