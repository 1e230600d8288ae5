"""Changes that never arrive, because a subPath is resolved once."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules.finding import Remark, of_mount, rule
from pytest_podshare.wiring.model import ContainerSpec, Wiring

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

# what ends, or is made anew, before a change can matter to it
_SHORT_LIVED = ("Job", "CronJob")
_ROLLED = re.compile(r"checksum|sha256|hash|timestamp|rollme", re.IGNORECASE)
# the suffix that kustomize gives to what it generates: a change makes another name
_GENERATED = re.compile(r"-(?=\w*\d)[bcdfghkmt2456789]{10}$")


@rule("warning")
def sub_path_never_updates(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A file of a ConfigMap or Secret by subPath, which never changes while the container runs."""
    if template.kind in _SHORT_LIVED or _is_rolled(template):
        return
    fix = "Mount the folder without subPath"
    fix += "." if template.kind == "Pod" else ", or roll the Pods by a checksum annotation."
    for container, mount in wiring.mounts():
        volume = wiring.volume(mount.volume)
        if volume is None or not volume.is_updated_by_kubelet or not mount.sub_path:
            continue
        # a program is read when it starts, and then it does not matter
        if mount.path in container.command or mount.path.endswith(".sh"):
            continue
        if container.role != "init" and not _GENERATED.search(volume.source):
            yield of_mount(
                container,
                mount,
                f" ({volume.kind}) by subPath: a change of it never arrives there",
                fix,
            )


@rule("warning")
def git_sync_sub_path(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A subPath of a volume that git-sync fills: its link is followed once, and then goes stale."""
    for volume in wiring.volumes:
        syncing = [
            container
            for container, mount in wiring.mounts_of(volume.name)
            if _is_git_sync(container) and not mount.read_only
        ]
        if not syncing or all(each.role == "init" for each in syncing):
            continue
        for container, mount in wiring.mounts_of(volume.name):
            if mount.sub_path and not _is_git_sync(container):
                yield of_mount(
                    container,
                    mount,
                    f" by subPath {mount.sub_path!r}, a link that {syncing[0].name!r} replaces: "
                    "what it pulls later is not seen",
                    "Mount the whole volume, and let the program follow the link.",
                )


def _is_rolled(template: Template) -> bool:
    """Whether the Pods are made anew when what they mount changes."""
    # an annotation of the object itself does nothing to its Pods, but for a program that reads it
    metadata = template.pod.get("metadata") or {}
    its_own = metadata.get("annotations") or {}
    return any(map(_ROLLED.search, its_own)) or any(
        "reloader" in key for key in template.annotations
    )


def _is_git_sync(container: ContainerSpec) -> bool:
    return "git-sync" in posixpath.basename(container.image) or "git-sync" in container.name
