"""Paths that do not mean what they seem to mean."""

from __future__ import annotations

import ntpath
import posixpath
import re
from collections.abc import Iterator

from pytest_podshare.check.rules.finding import Issue, mount_issue, rule
from pytest_podshare.check.rules.heuristics import looks_like_file, may_be_filled_before
from pytest_podshare.wiring.kubelet_mounts import HOSTNAME, HOSTS
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import Template

# folders whose content every image needs
_SYSTEM = frozenset(
    {"/bin", "/sbin", "/lib", "/lib64", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin", "/etc"}
    | {"/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/share"}
    | {"/dev", "/proc", "/sys"}
)
# folders in which packages create folders that their programs need
_STATE = frozenset({"/var", "/var/lib", "/var/log"})
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_VARIABLE = re.compile(r"\$[({A-Za-z_]|^~|\{\{|\*")
_SEPARATOR = re.compile(r"[,;:\s]")
# files without a suffix
_FILES = (HOSTS, HOSTNAME, "/etc/passwd", "/etc/group", "/etc/shadow")
# kinds of volumes that can be a single file
_MAY_BE_FILES = ("hostPath", "csi")


@rule("warning", on_windows=False)
def relative_mount_path(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mountPath does not begin with a slash; the kubelet adds one."""
    for container, mount in wiring.mounts():
        path = mount.path
        if path and path[0] not in "/~$" and not _DRIVE.match(path):
            detail = f", a relative path that becomes {mount.folder}"
            fix = f"Write {mount.folder}, or the path that you meant."
            yield mount_issue(container, mount, detail, fix)


@rule("warning")
def path_not_expanded(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mountPath or subPath contains a variable, `~` or `*`, which is not expanded there."""
    for container, mount in wiring.mounts():
        if _VARIABLE.search(mount.path):
            fix = "Write out the path: variables, `~` and `*` are not expanded here."
            yield mount_issue(container, mount, ", which is taken literally", fix)
        if mount.sub_path != mount.expression and "$(" in mount.sub_path:
            detail = f" with subPath {mount.sub_path!r}, which is taken literally"
            yield mount_issue(container, mount, detail, "Use subPathExpr, which expands variables.")


@rule("warning")
def unknown_variable(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A subPathExpr uses a variable that is not set, so the container cannot start."""
    for container, mount in wiring.sub_path_mounts:
        for name in re.findall(r"(?<!\$)\$\(([^)]*)\)", mount.expression):
            known = name in container.env or container.env_from or "_SERVICE_" in name
            if not known and not name.startswith("KUBERNETES_"):
                detail = f" with subPathExpr {mount.expression!r}, but has no variable {name!r}"
                fix = f"Declare {name!r} under env of this container."
                yield mount_issue(container, mount, detail, fix)


@rule("warning", on_windows=False)
def path_is_a_list(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mountPath contains a comma, semicolon, colon or space, but is always a single path."""
    for container, mount in wiring.mounts():
        if _SEPARATOR.search(mount.path) and not _DRIVE.match(mount.path):
            fix = "Use one mount per path, without spaces, commas, colons or semicolons."
            yield mount_issue(container, mount, ", but a mountPath is a single path", fix)


@rule("warning")
def path_looks_like_a_file(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A whole volume is mounted at a path that looks like a file, but becomes a folder."""
    for container, mount, volume in wiring.declared_mounts:
        if volume.kind in _MAY_BE_FILES or mount.sub_path:
            continue
        is_file = looks_like_file(mount.path) or mount.folder in _FILES
        if is_file and not _SEPARATOR.search(_DRIVE.sub("", mount.path, count=1)):
            folder, name = posixpath.split(mount.folder)
            if mount.on_windows:
                folder, name = ntpath.split(mount.path)
            fix = f"Add `subPath: {name}` to mount that file alone."
            if volume.is_written_by_containers:
                fix = f"Mount the volume at {folder}, the folder of {name}."
            yield mount_issue(container, mount, ", which becomes a folder", fix)


@rule("warning")
def sub_path_becomes_a_folder(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A subPath looks like a file, but is created as a folder because no such file exists yet."""
    for container, mount, volume in wiring.declared_mounts:
        if not volume.starts_empty or mount.expression:
            continue
        if not (looks_like_file(mount.sub_path) and looks_like_file(mount.path)):
            continue
        if not may_be_filled_before(wiring, container, mount):
            detail = f" with subPath {mount.sub_path!r}, which the kubelet creates as a folder"
            fix = "Create the file in an init container, or mount the folder that contains it."
            yield mount_issue(container, mount, detail, fix)


@rule("warning", on_windows=False)
def system_path_hidden(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A volume is mounted over a folder that the image needs."""
    for container, mount, volume in wiring.declared_mounts:
        replaces = volume.starts_empty or volume.is_claim or volume.is_updated_by_kubelet
        if mount.sub_path or not replaces:
            continue
        is_hidden = mount.folder in _SYSTEM
        if mount.folder in _STATE and not container.read_only_root:
            # otherwise it is there to be written to, or for another container to read
            is_hidden = len(wiring.mounts_of(volume.name)) == 1 and not volume.is_claim
        if is_hidden and not may_be_filled_before(wiring, container, mount):
            detail = ", which hides the image's own files there"
            fix = "Mount it at a separate folder: volumes do not get a copy of the image's files."
            if volume.is_updated_by_kubelet:
                fix = "Mount it at a separate folder, or only its files by subPath."
            yield mount_issue(container, mount, detail, fix)
