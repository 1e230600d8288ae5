"""Who may write where."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules import path_mentions
from pytest_podshare.check.rules.finding import Remark, of_container, of_mount, rule
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, Wiring

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

_GIVES_AWAY = re.compile(r"\b(?:chown|chmod|chgrp|setfacl|umask|install\s+-\S*[omg])\b")
_IDLE = re.compile(r"(?:\S*sh -c )?(?:exec )?(?:\S*/)?(?:sleep \S+|pause)")
_SHELLS = ("sh", "ash", "bash", "dash", "zsh")
_REDIRECTION = re.compile(r"(?:(?<![<>&\d])\d?>>?|\btee\s+(?:-a\s+)?)\s*[\"']?(/[\w./-]+)")


@rule("warning")
def users_differ(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """Two users write to a volume, and no fsGroup gives its files to both."""
    if wiring.fs_group is not None:
        return
    for volume in wiring.volumes:
        if not volume.is_written_by_containers:
            continue
        writers = [
            (container, mount)
            for container, mount in wiring.mounts_of(volume.name)
            if not mount.read_only and container.user is not None
        ]
        for (one, mine), (two, theirs) in itertools.combinations(writers, 2):
            if one.user != two.user and _can_clash(one, two) and _overlap(mine, theirs):
                yield of_mount(
                    two,
                    theirs,
                    f" as user {two.user}, and container {one.name!r} as user {one.user}, "
                    "without an fsGroup: neither can change the other's files",
                    "Give both one runAsUser; or the Pod an fsGroup, and both a umask of 0002.",
                )
                break


@rule("warning")
def claim_not_writable(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A user that is not root writes to a claim, which belongs to root without an fsGroup."""
    if wiring.fs_group is not None or wiring.groups:
        return
    for volume in wiring.volumes:
        mounts = wiring.mounts_of(volume.name)
        if not volume.is_claim or any(_prepares(each) for each, _ in mounts):
            continue
        for container, mount in mounts:
            if mount.read_only or not (container.user or container.non_root):
                continue
            who = f"as user {container.user}" if container.user else "not as root"
            yield of_mount(
                container,
                mount,
                f" {who}, and the Pod has no fsGroup: a new claim belongs to root",
                "Give the Pod's securityContext an fsGroup.",
            )
            break


@rule("info")
def nowhere_to_write(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A container with a read-only root file system has no place to write to."""
    for container in wiring.containers:
        if container.role == "init" or not container.read_only_root:
            continue
        if _IDLE.fullmatch(path_mentions.command(container)):
            continue
        if not any(_is_writable(wiring, mount) for mount in container.mounts):
            yield of_container(
                container,
                " has a read-only root file system, and no volume to write to, not even at /tmp",
                "Mount an emptyDir where it writes, if it does.",
            )


@rule("warning")
def writes_to_read_only(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A command writes to a path that is mounted read-only."""
    for container in wiring.containers:
        if not _is_shell(container):
            continue
        for path in dict.fromkeys(_REDIRECTION.findall(path_mentions.command(container))):
            mount = path_mentions.holder(container, path)
            if mount is not None and not _is_writable(wiring, mount):
                yield of_mount(
                    container,
                    mount,
                    f" read-only, and writes to {path}",
                    "Mount it without readOnly, or write elsewhere.",
                )
            elif mount is None and container.read_only_root and not _is_special(path):
                yield of_container(
                    container,
                    f" writes to {path}, and its root file system is read-only",
                    f"Mount an emptyDir at {posixpath.dirname(path)}.",
                    path=path,
                )


def _can_clash(one: ContainerSpec, two: ContainerSpec) -> bool:
    """Whether what one leaves is in the other's way; an init container as root may give it away."""
    root = next((each for each in (one, two) if each.user == 0), None)
    if root is None:
        return True
    # root at the same time, or after, may do anything: only what it leaves first matters
    if root.role != "init" or root is two:
        return False
    return _is_shell(root) and not _GIVES_AWAY.search(path_mentions.command(root))


def _overlap(one: VolumeMount, two: VolumeMount) -> bool:
    mine, theirs = path_mentions.parts(one.sub_path), path_mentions.parts(two.sub_path)
    shorter = min(len(mine), len(theirs))
    return mine[:shorter] == theirs[:shorter]


def _prepares(container: ContainerSpec) -> bool:
    """Whether it may give the volume to another user."""
    return container.user == 0 or bool(_GIVES_AWAY.search(path_mentions.command(container)))


def _is_writable(wiring: Wiring, mount: VolumeMount) -> bool:
    volume = wiring.volume(mount.volume)
    return not mount.read_only and (volume is None or volume.is_written_by_containers)


def _is_shell(container: ContainerSpec) -> bool:
    return any(posixpath.basename(word) in _SHELLS for word in container.command[:2])


def _is_special(path: str) -> bool:
    return any(path_mentions.is_within(path, folder) for folder in ("/dev", "/proc", "/sys"))
