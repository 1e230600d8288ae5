"""Paths that do not mean what they look like."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_podshare.check.rules import path_mentions
from pytest_podshare.check.rules.finding import Remark, of_mount, rule
from pytest_podshare.wiring.model import Wiring

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

# what an image cannot do without
_SYSTEM = frozenset(
    {"/bin", "/sbin", "/lib", "/lib64", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin", "/etc"}
    | {"/usr/local/bin", "/dev", "/proc", "/sys"}
)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_VARIABLE = re.compile(r"\$[({A-Za-z_]|^~|\{\{|\*")
_LIST = re.compile(r"[,;:\s]")
# a kind that may be a file itself, and is none that containers fill
_NO_FOLDERS = ("hostPath", "csi")


@rule("warning")
def relative_mount_path(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A mountPath that does not begin with a slash, which the kubelet puts before it."""
    for container, mount in wiring.mounts():
        path = mount.path
        if path and path[0] not in "/~$" and not _DRIVE.match(path):
            yield of_mount(
                container,
                mount,
                f", which is relative: it becomes {path_mentions.normal(path)}",
                f"Write {path_mentions.normal(path)}, or the path that was meant.",
            )


@rule("warning")
def path_not_expanded(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A variable, `~` or `*` in a mountPath or subPath, which nobody expands there."""
    for container, mount in wiring.mounts():
        if _VARIABLE.search(mount.path):
            yield of_mount(
                container,
                mount,
                ", which is taken literally",
                "Write the path out: neither variables nor `~` nor `*` are expanded here.",
            )
        if mount.sub_path != mount.expression and "$(" in mount.sub_path:
            yield of_mount(
                container,
                mount,
                f" with subPath {mount.sub_path!r}, which is taken literally",
                "Write subPathExpr, which knows variables.",
            )


@rule("warning")
def unknown_variable(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A subPathExpr names a variable that the container does not have, so that it cannot start."""
    for container, mount in wiring.mounts():
        for name in re.findall(r"(?<!\$)\$\(([^)]*)\)", mount.expression):
            known = name in container.env or container.env_from or "_SERVICE_" in name
            if not known and not name.startswith("KUBERNETES_"):
                yield of_mount(
                    container,
                    mount,
                    f" with subPathExpr {mount.expression!r}, and has no variable {name!r}",
                    f"Declare {name!r} under env of this container.",
                )


@rule("warning")
def path_is_a_list(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A mountPath with a comma, a semicolon, a colon or a space in it: it is one path still."""
    for container, mount in wiring.mounts():
        if _LIST.search(mount.path) and not _DRIVE.match(mount.path):
            yield of_mount(
                container,
                mount,
                ", and a mountPath is one path",
                "Write one mount for each path, without spaces, commas and colons.",
            )


@rule("warning")
def path_looks_like_a_file(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A whole volume at a path that looks like a file: a folder comes to be there."""
    for container, mount in wiring.mounts():
        volume = wiring.volume(mount.volume)
        if volume is None or volume.kind in _NO_FOLDERS or mount.sub_path:
            continue
        if path_mentions.is_file(mount.path) and not _LIST.search(mount.path):
            folder = posixpath.dirname(path_mentions.normal(mount.path))
            name = posixpath.basename(mount.path)
            fix = f"Add `subPath: {name}` for that file alone."
            if volume.is_written_by_containers:
                fix = f"Mount the folder {folder} that {name} is to be in."
            yield of_mount(container, mount, ", which becomes a folder", fix)


@rule("warning")
def sub_path_becomes_a_folder(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A subPath that looks like a file, where nobody can have made that file before."""
    for container, mount in wiring.mounts():
        volume = wiring.volume(mount.volume)
        if volume is None or not volume.starts_empty or mount.expression:
            continue
        if not (path_mentions.is_file(mount.sub_path) and path_mentions.is_file(mount.path)):
            continue
        if any(
            path_mentions.may_fill(each, mount) for each in path_mentions.before(wiring, container)
        ):
            continue
        yield of_mount(
            container,
            mount,
            f" with subPath {mount.sub_path!r}, which becomes a folder",
            "Let an init container make the file first, or mount the folder it is to be in.",
        )


@rule("warning")
def system_path_hidden(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """An empty volume over a folder that the image cannot do without."""
    for container, mount in wiring.mounts():
        volume = wiring.volume(mount.volume)
        if volume is None or mount.sub_path or not (volume.starts_empty or volume.is_claim):
            continue
        if path_mentions.normal(mount.path) not in _SYSTEM:
            continue
        if not any(
            path_mentions.may_fill(each, mount) for each in path_mentions.before(wiring, container)
        ):
            yield of_mount(
                container,
                mount,
                ", which hides what the image has there",
                "Mount it at a folder of its own; Kubernetes copies nothing into a volume.",
            )
