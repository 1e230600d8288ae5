"""subPaths of the same volume that overlap, or differ by mistake."""

from __future__ import annotations

import dataclasses
import itertools
import posixpath
import re
from collections.abc import Iterator

from pytest_podshare.check.rules.container_paths import overlap
from pytest_podshare.check.rules.finding import Issue, Severity, mount_issue, rule
from pytest_podshare.check.rules.heuristics import (
    looks_like_scratch,
    may_write,
    names_scratch,
    split_words,
)
from pytest_podshare.check.rules.shared_names import suggests_sharing
from pytest_podshare.check.rules.similar_names import is_typo
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.shared_mounts import find_shared_mount
from pytest_podshare.wiring.templates import Template

_MountOf = tuple[ContainerSpec, VolumeMount]
_NUMBER = re.compile(r"\d+")


@rule("info")
def overlapping_sub_paths(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A subPath of a volume is inside another subPath of it."""
    fix = "Use separate folders, unless one container is meant to see the other's files."
    for pair in _list_pairs(wiring):
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
    for (first, first_mount), (container, mount) in _list_pairs(wiring):
        if first is container or first_mount.sub_path == mount.sub_path:
            continue
        if not is_typo(first_mount.sub_path, mount.sub_path):
            continue
        if find_shared_mount(wiring, first.name, container.name, mount.volume) is not None:
            continue
        detail = (
            f" with subPath {mount.sub_path!r}, but container {first.name!r} uses "
            f"{first_mount.sub_path!r}: they share nothing"
        )
        fix = "Use the same subPath in both."
        yield mount_issue(container, mount, detail, fix)


@rule("warning")
def separate_sub_paths(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Two containers mount separate subPaths of an emptyDir, so they share nothing."""
    for volume in wiring.volumes if wiring.sub_path_mounts else ():
        apart = [_judge(wiring, volume, pair) for pair in _list_apart(wiring, volume)]
        # tell it once, at the container of which it is most certain; if of none, at the last
        found = [issue for issue in reversed(apart) if issue is not None]
        yield from sorted(found, key=lambda issue: issue.severity == "info")[:1]


def _list_apart(wiring: Wiring, volume: VolumeSpec) -> Iterator[tuple[_MountOf, _MountOf]]:
    """Yield the containers that share no folder of an emptyDir, each with one that mounts it."""
    mounts = wiring.mounts_of(volume.name)
    if not volume.starts_empty or not all(mount.sub_path for _, mount in mounts):
        return
    parts = {mount.sub_path for _, mount in mounts}
    if any(is_typo(*pair) for pair in itertools.combinations(parts, 2)):
        return
    keys = {key.volume for container in wiring.containers for key in container.file_keys}
    first = {container.name: (container, mount) for container, mount in reversed(mounts)}
    for name, pair in reversed(first.items()):
        others = [other for other in reversed(first) if other != name]
        shared = (find_shared_mount(wiring, name, other, volume.name) for other in others)
        if others and volume.name not in keys and not any(shared):
            yield pair, first[others[0]]


def _judge(wiring: Wiring, volume: VolumeSpec, pair: tuple[_MountOf, _MountOf]) -> Issue | None:
    """Return the issue of a container with a part of its own; None if that is intended."""
    (container, mount), (other, other_mount) = pair
    mounts = container.mounts_of(volume.name)
    is_shared = suggests_sharing(wiring, volume, container, mount)
    if looks_like_scratch(volume, () if is_shared else mounts):
        return None
    if any(names_scratch(part.sub_path) for part in (*mounts, other_mount)):
        return None
    is_read_only = all(part.read_only for part in mounts)
    is_output = container.role == "init" and may_write(container, mount)
    severity: Severity = "warning" if is_shared or is_read_only or is_output else "info"
    if severity == "info" and (
        _is_numbered(mount, other_mount) or all(itertools.starmap(_is_own, pair))
    ):
        return None
    detail = (
        f" with subPath {mount.sub_path!r}, but container {other.name!r} mounts only subPath "
        f"{other_mount.sub_path!r}: they share nothing"
    )
    fix = "Use the same subPath in both, or two volumes if they are not to share files."
    return dataclasses.replace(mount_issue(container, mount, detail, fix), severity=severity)


def _is_numbered(first: VolumeMount, second: VolumeMount) -> bool:
    """Return whether two subPaths differ in a number alone, as on purpose."""
    return _NUMBER.sub("", first.sub_path) == _NUMBER.sub("", second.sub_path)


def _is_own(container: ContainerSpec, mount: VolumeMount) -> bool:
    """Return whether a part has the name of its container, of its program or of its folder."""
    names = split_words(container.name, posixpath.basename(container.image).partition(":")[0])
    is_like_folder = mount.sub_folders[-1:] == (posixpath.basename(mount.folder),)
    return is_like_folder or bool(split_words(mount.sub_path) & names)


def _list_pairs(wiring: Wiring) -> Iterator[tuple[_MountOf, _MountOf]]:
    """Yield all pairs of mounts of the same volume that have a subPath without variables."""
    fixed = [entry for entry in wiring.sub_path_mounts if not entry[1].expression]
    for volume in wiring.volumes if fixed else ():
        if volume.is_written_by_containers:
            own = [entry for entry in fixed if entry[1].volume == volume.name]
            yield from itertools.combinations(own, 2)
