"""Paths in ConfigMaps of the same render, against the mounts of the containers that read them."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Iterator

from pytest_podshare.check.rules.configured_paths import ConfiguredPath, find_paths
from pytest_podshare.check.rules.finding import Issue, rule
from pytest_podshare.check.rules.heuristics import looks_like_scratch
from pytest_podshare.check.rules.sharing import COMMON_FOLDERS
from pytest_podshare.check.rules.similar_names import is_typo
from pytest_podshare.wiring.folders import is_within
from pytest_podshare.wiring.kubelet_sources import find_objects, list_files, list_sources
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, Wiring
from pytest_podshare.wiring.render_objects import CONFIG_MAP
from pytest_podshare.wiring.templates import Template

# a file of a ConfigMap: the names of the ConfigMap and of its key
_File = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class _Mismatch:
    """A path in a configuration file that is in a shared volume elsewhere, or probably meant to be.

    Args:
        volume: the name of the volume.
        own: the mount of the volume in the container that reads the file; None for none.
        writer: the container that mounts the volume at the path; "" for none.
        fix: what to do.
    """

    volume: str
    own: VolumeMount | None
    writer: str
    fix: str


@rule("warning")
def config_path_not_mounted(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A configuration file names a path of a shared volume that its container mounts elsewhere."""
    if len(wiring.containers) < 2 or not template.objects.objects:
        return
    visible = {
        container.name: dict(_list_configs(template, wiring, container))
        for container in wiring.containers
    }
    for container in wiring.containers:
        for file, text in visible[container.name].items():
            readers = [other for other in wiring.containers if file in visible[other.name]]
            configured = find_paths(text)
            missing = [path for path in configured if not _is_mounted(readers, path)]
            known: set[str] = set()
            for path in missing:
                found = _find_elsewhere(wiring, container, path)
                found = found or _find_near(wiring, container, path, configured)
                if found is not None and found.volume not in known:
                    known.add(found.volume)
                    yield _describe(container, file, path, found)


def _describe(
    container: ContainerSpec, file: _File, path: ConfiguredPath, found: _Mismatch
) -> Issue:
    own = found.own
    volume = f"volume {found.volume!r}"
    does = f"mounts {volume} at {own.path}" if own else f"does not mount {volume}"
    where = f", where container {found.writer!r} mounts it" if found.writer else ""
    return Issue(
        f"container {container.name!r} {does}, but {file[1]} of ConfigMap {file[0]!r} names "
        f"{path.path}{where}",
        found.fix,
        own.position if own else container.position,
        container.name,
        found.volume,
        path.path,
    )


def _list_configs(
    template: Template, wiring: Wiring, container: ContainerSpec
) -> Iterator[tuple[_File, str]]:
    """Yield the ConfigMaps' files that a container mounts, with their texts."""
    for mount in container.mounts:
        volume = wiring.volume(mount.volume)
        for source in list_sources(volume) if volume is not None else ():
            things = find_objects(template, source) if source.object_kind == CONFIG_MAP else ()
            # the name of an object that another folder has as well does not tell its text
            for file in list_files(template, source) if len(things) == 1 else ():
                names = tuple(file.path.split("/"))
                if names[: len(mount.sub_folders)] == mount.sub_folders:
                    yield (source.name, file.key), things[0].values.get(file.key, "")


def _is_mounted(readers: list[ContainerSpec], path: ConfiguredPath) -> bool:
    """Return whether a container that reads the file has a mount at the path."""
    return any(reader.covering_mount(path.location) is not None for reader in readers)


def _find_elsewhere(
    wiring: Wiring, container: ContainerSpec, path: ConfiguredPath
) -> _Mismatch | None:
    """Return the mismatch if another container mounts a shared volume at the path."""
    for other, mount in _shared_mounts(wiring, container):
        if mount.folder in COMMON_FOLDERS or not mount.covers(path.location):
            continue
        own = container.mounts_of(mount.volume)
        if any(mine.sub_path for mine in own):
            continue
        if own:
            rest = posixpath.relpath(path.path, mount.folder)
            fix = f"Write {posixpath.join(own[0].path, rest)}, or mount it at {mount.path}."
            return _Mismatch(mount.volume, own[0], other.name, fix)
        if path.is_read:
            fix = f"Mount {mount.volume!r} at {mount.path} in {container.name!r} as well."
            return _Mismatch(mount.volume, None, other.name, fix)
    return None


def _find_near(
    wiring: Wiring,
    container: ContainerSpec,
    path: ConfiguredPath,
    configured: tuple[ConfiguredPath, ...],
) -> _Mismatch | None:
    """Return the mismatch if a path is beside a shared volume, and probably meant to be in it."""
    shared = {mount.volume for _, mount in _shared_mounts(wiring, container)}
    for mount in container.mounts:
        if mount.volume not in shared or mount.folder in COMMON_FOLDERS:
            continue
        if any(is_within(other.location, mount.folder) for other in configured):
            continue
        depth = mount.folder.count("/")
        outer = "/".join(path.location.split("/")[: depth + 1])
        is_above = path.is_read and posixpath.dirname(mount.folder) == path.location
        if outer != mount.folder and (is_typo(outer, mount.folder) or is_above):
            return _Mismatch(mount.volume, mount, "", f"Write a path below {mount.path}.")
    return None


def _shared_mounts(
    wiring: Wiring, container: ContainerSpec
) -> Iterator[tuple[ContainerSpec, VolumeMount]]:
    """Yield the mounts of other containers through which they may share files with this one."""
    for other, mount, volume in wiring.declared_mounts:
        if other is container or mount.sub_path or mount.read_only:
            continue
        if (volume.starts_empty or volume.is_claim) and not looks_like_scratch(volume, (mount,)):
            yield other, mount
