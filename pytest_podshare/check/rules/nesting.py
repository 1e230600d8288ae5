"""Mounts within mounts."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules import path_mentions
from pytest_podshare.check.rules.finding import Remark, of_mount, rule
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template


@rule("warning")
def hidden_mount(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A mount that another mount of the same container hides, or the part that others write to."""
    for container in wiring.containers:
        for first, second in itertools.combinations(container.mounts, 2):
            if path_mentions.normal(first.path) == path_mentions.normal(second.path) != "/":
                # what is mounted later lies over it; the very same path is refused elsewhere
                if first.path != second.path:
                    yield _hides(container, first, second, "all of it")
                continue
            for mount, inner in ((first, second), (second, first)):
                writer = _writer_below(wiring, container, mount, inner)
                if writer and inner.volume != mount.volume:
                    yield _hides(container, mount, inner, f"what {writer!r} writes to it there")


@rule("info")
def part_hidden(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A mount within a shared one, which another container has without it."""
    for container in wiring.containers:
        for mount in container.mounts:
            volume = wiring.volume(mount.volume)
            if volume is None or not volume.is_written_by_containers:
                continue
            # then there has to be more wrong than that
            if volume.kind == "emptyDir" and mount.read_only:
                continue
            for inner in _within(container, mount):
                other = _sees_what_is_hidden(wiring, container, mount, inner)
                if other and not _writer_below(wiring, container, mount, inner):
                    yield of_mount(
                        container,
                        mount,
                        f", and {inner.volume!r} at {inner.path}: container {other!r} has the "
                        f"folder of {mount.volume!r} there",
                        "Mount them beside one another, or the same way in both.",
                    )


@rule("warning")
def nested_in_read_only(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """Something is mounted within a read-only emptyDir, where nobody can have made its place."""
    for container, mount in wiring.mounts():
        volume = wiring.volume(mount.volume)
        if not mount.read_only or volume is None or not volume.starts_empty:
            continue
        if any(
            path_mentions.may_fill(each, mount) for each in path_mentions.before(wiring, container)
        ):
            continue
        matter = f", within {mount.volume!r} at {mount.path}, which is read-only and still empty"
        fix = f"Mount {mount.volume!r} without readOnly, or move the other one."
        for inner in _within(container, mount):
            yield of_mount(container, inner, matter, fix)
        message = container.termination_message_path
        if message and path_mentions.holder(container, message) is mount:
            matter = f" read-only, and its termination message is {message}, within it"
            yield of_mount(container, mount, matter, "Give terminationMessagePath another path.")


@rule("error")
def file_in_config(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A file by subPath within a ConfigMap's folder, where the kubelet has made a folder for it."""
    for container, mount in wiring.mounts():
        volume = wiring.volume(mount.volume)
        # in these the kubelet makes a place for what is mounted there, and it is always a folder
        if volume is None or not volume.is_updated_by_kubelet or mount.sub_path:
            continue
        for inner in _within(container, mount):
            if _is_file(wiring, container, inner):
                yield of_mount(
                    container,
                    inner,
                    f" by subPath, within {mount.volume!r} at {mount.path}: the kubelet makes a "
                    "folder there, over which a file cannot be mounted",
                    "Project both into one volume, under `projected`.",
                )


def _is_file(wiring: Wiring, container: ContainerSpec, mount: VolumeMount) -> bool:
    """Whether a file is mounted by its subPath: a ConfigMap's, or one that was made before."""
    volume = wiring.volume(mount.volume)
    if volume is None or not mount.sub_path or mount.expression:
        return False
    if volume.starts_empty:
        before = path_mentions.before(wiring, container)
        return path_mentions.is_file(mount.sub_path) and any(
            path_mentions.may_fill(each, mount) for each in before
        )
    return volume.kind in ("configMap", "secret") and not _is_folder(volume, mount.sub_path)


def _is_folder(volume: VolumeSpec, sub_path: str) -> bool:
    """Whether a subPath of a ConfigMap or Secret is a folder by its items."""
    items = volume.facts.get("items")
    paths = [str(each.get("path")) for each in items or () if isinstance(each, dict)]
    return any(path.startswith(sub_path.rstrip("/") + "/") for path in paths)


def _within(container: ContainerSpec, mount: VolumeMount) -> Iterator[VolumeMount]:
    """The mounts of a container that lie within that one."""
    here = path_mentions.normal(mount.path)
    for each in container.mounts:
        there = path_mentions.normal(each.path)
        if there != here and path_mentions.is_within(there, here):
            yield each


def _writer_below(
    wiring: Wiring, reader: ContainerSpec, mount: VolumeMount, inner: VolumeMount
) -> str | None:
    """Who mounts just that part of a volume that an inner mount hides."""
    here, there = path_mentions.normal(mount.path), path_mentions.normal(inner.path)
    if not path_mentions.is_within(there, here):
        return None
    hidden = _hidden(mount, inner)
    for container, other in wiring.mounts_of(mount.volume):
        if container is reader or other.read_only:
            continue
        if _is_below(path_mentions.parts(other.sub_path), hidden):
            return container.name
        for path in path_mentions.spoken_of(container):
            if path_mentions.holder(container, path) is other:
                inside = posixpath.relpath(
                    path_mentions.normal(path), path_mentions.normal(other.path)
                )
                named = path_mentions.parts(f"{other.sub_path}/{inside}")
                # the folder itself may be named to make the place for the mount
                if named != hidden and _is_below(named, hidden):
                    return container.name
    return None


def _sees_what_is_hidden(
    wiring: Wiring, reader: ContainerSpec, mount: VolumeMount, inner: VolumeMount
) -> str | None:
    """Who, at the same time, writes to a volume, and has nothing mounted over that part of it."""
    hidden = _hidden(mount, inner)
    for container, other in wiring.mounts_of(mount.volume):
        theirs = path_mentions.parts(other.sub_path)
        if container is reader or container.role == "init" or other.read_only:
            continue
        if _is_below(hidden, theirs):
            place = posixpath.join(other.path, *hidden[len(theirs) :])
            over = path_mentions.holder(container, place)
            if over is other:
                return container.name
    return None


def _hidden(mount: VolumeMount, inner: VolumeMount) -> tuple[str, ...]:
    """The part of a volume that an inner mount hides, from the volume's root."""
    inside = posixpath.relpath(path_mentions.normal(inner.path), path_mentions.normal(mount.path))
    return path_mentions.parts(f"{mount.sub_path}/{inside}")


def _is_below(parts: tuple[str, ...], folder: tuple[str, ...]) -> bool:
    return parts[: len(folder)] == folder


def _hides(container: ContainerSpec, mount: VolumeMount, over: VolumeMount, what: str) -> Remark:
    return of_mount(
        container,
        mount,
        f", and {over.volume!r} at {over.path} hides {what}",
        "Mount them beside one another.",
    )
