"""Mounts that never see a change, because a subPath is resolved only once."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pytest_podshare.check.rules.finding import Issue, mount_issue, rule
from pytest_podshare.wiring.model import ContainerSpec, Wiring
from pytest_podshare.wiring.templates import Template

# kinds whose Pods end or are replaced before a change can matter
_SHORT_LIVED = ("Job", "JobSet")
_CHECKSUM = re.compile(
    r"checksum|sha256|hash|digest|md5|timestamp|rollme|(?:config|secret|settings)\W?sha",
    re.IGNORECASE,
)
# variables with these names have no other use
_ROLLS = re.compile(r"checksum|rollme", re.IGNORECASE)
# what Helm's sha1sum and sha256sum return; a label has at most 63 characters
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{63,64}")
# a digest that may be cut off, or a time: the name says that it is one
_SHORT_DIGEST = re.compile(r"[0-9a-f]{5,}|\d{4}-\d\d-\d\d.*")
# the suffix of generated names, by kustomize or from a digest: new content gets a new name
_GENERATED = re.compile(r"-(?=\w*\d)(?:[bcdfghkmt2456789]{10}|[0-9a-f]{8,64})$")


@rule("warning")
def sub_path_never_updates(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A file of a ConfigMap or Secret is mounted by subPath, so it is never updated."""
    found = [
        (container, mount, volume.kind)
        for container, mount, volume in wiring.declared_mounts
        if mount.sub_path and volume.is_updated_by_kubelet and container.role != "init"
        # a program is only read when it starts
        if mount.path not in container.command and not mount.path.endswith(".sh")
        if not _GENERATED.search(volume.source)
    ]
    if not found or template.kind.endswith(_SHORT_LIVED) or _is_rolled(template, wiring):
        return
    fix = "Mount the folder without subPath"
    fix += "." if template.kind == "Pod" else ", or roll the Pods with a checksum annotation."
    for container, mount, kind in found:
        detail = f" ({kind}) by subPath: changes to it never arrive"
        yield mount_issue(container, mount, detail, fix)


@rule("warning")
def git_sync_sub_path(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A subPath is a symlink that git-sync replaces, so the mount stays at an old revision."""
    for volume in wiring.volumes if any(map(_is_git_sync, wiring.containers)) else ():
        mounts = wiring.mounts_of(volume.name)
        writers = [container for container, mount in mounts if not mount.read_only]
        syncing = list(filter(_is_git_sync, writers))
        if all(container.role == "init" for container in syncing):
            continue
        for container, mount in mounts:
            if mount.sub_path and not _is_git_sync(container):
                detail = (
                    f" with subPath {mount.sub_path!r}, a symlink that {syncing[0].name!r} "
                    "replaces: later revisions are not seen"
                )
                fix = "Mount the whole volume, and let the program follow the symlink."
                yield mount_issue(container, mount, detail, fix)


def _is_rolled(template: Template, wiring: Wiring) -> bool:
    """Return whether the Pods are replaced when the content of their mounts changes."""
    # annotations of a workload only matter to programs that read them, such as Reloader
    if any("reloader" in key for key in template.annotations):
        return True
    metadata = template.pod.get("metadata") or {}
    for field in ("annotations", "labels"):
        entries = metadata.get(field)
        for name, value in entries.items() if isinstance(entries, dict) else ():
            if _CHECKSUM.search(str(name)) or _DIGEST.fullmatch(str(value)):
                return True
    # a new value in any container replaces the whole Pod
    variables = [item for container in wiring.containers for item in container.env.items()]
    return any(value and _is_checksum(name, value) for name, value in variables)


def _is_checksum(name: str, value: str) -> bool:
    """Return whether a variable only has a value that changes with the content of a mount."""
    if _ROLLS.search(name) or _DIGEST.fullmatch(value):
        return True
    return bool(_CHECKSUM.search(name) and _SHORT_DIGEST.fullmatch(value))


def _is_git_sync(container: ContainerSpec) -> bool:
    return "git-sync" in posixpath.basename(container.image) or "git-sync" in container.name
