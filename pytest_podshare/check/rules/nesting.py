"""Mounts inside other mounts."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator
from pathlib import PurePosixPath

from pytest_podshare.check.rules.container_paths import used_paths
from pytest_podshare.check.rules.finding import Issue, mount_issue, rule
from pytest_podshare.check.rules.heuristics import looks_like_file, may_be_filled_before
from pytest_podshare.wiring import account_token
from pytest_podshare.wiring.folders import is_below, is_within, split_sub_path
from pytest_podshare.wiring.kubelet_mounts import message_mount
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.pod_spec import list_mappings
from pytest_podshare.wiring.templates import Template

# where the token is, and the folders in which it is; /var/run leads to /run in most images
_TOKEN_PATHS = (account_token.MOUNT_PATH, account_token.MOUNT_PATH.removeprefix("/var"))
_TOKEN_FOLDERS = frozenset(
    str(folder) for path in map(PurePosixPath, _TOKEN_PATHS) for folder in (path, *path.parents)
)


@rule("warning")
def hidden_mount(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mount hides another mount of its container, or a part of it that others write to."""
    for container in wiring.containers:
        if not wiring.on_windows:
            yield from _find_hidden_by_kubelet(template, container)
        for first, second in itertools.combinations(container.mounts, 2):
            if first.folder == second.folder != "/":
                # the later mount hides the earlier one; the API server rejects identical paths
                if first.path != second.path:
                    yield _hidden_by(container, first, second, "all of it")
                continue
            for outer, inner in ((first, second), (second, first)):
                writer = _find_hidden_writer(wiring, container, outer, inner)
                if writer and inner.volume != outer.volume:
                    yield _hidden_by(container, outer, inner, f"what {writer!r} writes there")


def _find_hidden_by_kubelet(template: Template, container: ContainerSpec) -> Iterator[Issue]:
    """Yield the mounts of a container over which the kubelet mounts something else."""
    message, token = message_mount(container), account_token.MOUNT_PATH
    for mount in container.mounts:
        if message.covers(mount.folder):
            place = "there" if mount.folder == message.path else f"at {message.path}"
            detail = f", but the kubelet mounts a file for the termination message {place}"
            fix = "Set terminationMessagePath to another path."
            yield mount_issue(container, mount, detail, fix)
        # a mount at exactly this path leaves out the token
        is_alias = mount.folder in _TOKEN_PATHS and mount.path != token
        if is_alias and account_token.is_mounted(template):
            detail = f", but the token of the service account at {token} hides it"
            fix = f"Mount it at {token}, or set automountServiceAccountToken to false."
            yield mount_issue(container, mount, detail, fix)


@rule("info")
def part_hidden(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mount inside a shared volume hides a folder that another container sees."""
    for container, outer, volume in wiring.declared_mounts:
        if not volume.is_written_by_containers:
            continue
        # that is a finding of nested-in-read-only
        if volume.kind == "emptyDir" and outer.read_only:
            continue
        for inner in _inner_mounts(container, outer):
            other = _find_unhidden_view(wiring, container, outer, inner)
            if other and not _find_hidden_writer(wiring, container, outer, inner):
                detail = (
                    f" and {inner.volume!r} at {inner.path}, where container {other!r} sees a "
                    f"folder of {outer.volume!r}"
                )
                fix = "Mount them side by side, or in the same way in both containers."
                yield mount_issue(container, outer, detail, fix)


@rule("warning", on_windows=False)
def nested_in_read_only(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mount is inside a read-only emptyDir, where its mount point cannot be created."""
    for container, outer, volume in wiring.declared_mounts:
        if not outer.read_only or not volume.starts_empty:
            continue
        if may_be_filled_before(wiring, container, outer):
            continue
        detail = f", inside {outer.volume!r} at {outer.path}, which is read-only and still empty"
        for inner in _inner_mounts(container, outer):
            fix = f"Mount {outer.volume!r} without readOnly, or move {inner.volume!r} out of it."
            yield mount_issue(container, inner, detail, fix)
        message = container.termination_message_path
        if message and container.covering_mount(message) is outer:
            detail = f" read-only, but its terminationMessagePath {message} is inside it"
            fix = "Set terminationMessagePath to a path outside the volume."
            yield mount_issue(container, outer, detail, fix)
    yield from _token_in_read_only(template, wiring)


def _token_in_read_only(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Yield the read-only volumes in which the token of the service account has to be mounted."""
    for container in wiring.containers:
        is_in_doubt = any(mount.folder in _TOKEN_FOLDERS for mount in container.mounts)
        outer = _covering_token(container) if is_in_doubt else None
        volume = wiring.volume(outer.volume) if outer else None
        if outer is None or volume is None or not _lacks_mount_points(volume, outer):
            continue
        is_created = any(_creates_mount_points(other, outer) for other in wiring.containers)
        if not is_created and account_token.is_mounted(template):
            detail = (
                " read-only, but the token of the service account is mounted in it, at"
                f" {account_token.MOUNT_PATH}, where no mount point can be created"
            )
            fix = "Set automountServiceAccountToken to false, or mount only a folder of it."
            yield mount_issue(container, outer, detail, fix)


def _covering_token(container: ContainerSpec) -> VolumeMount | None:
    """Return the mount in which the token is mounted; /var/run leads to /run in most images."""
    path = account_token.MOUNT_PATH
    if any(mount.folder == path for mount in container.mounts):
        return None
    return container.covering_mount(path) or container.covering_mount(path.removeprefix("/var"))


def _lacks_mount_points(volume: VolumeSpec, mount: VolumeMount) -> bool:
    # the kubelet creates mount points in ConfigMaps and the like, and other storage may have them
    is_read_only = mount.read_only or volume.kind == "image"
    return is_read_only and (volume.starts_empty or volume.kind == "image")


def _creates_mount_points(container: ContainerSpec, outer: VolumeMount) -> bool:
    """Return whether a container, or its own token, creates the mount point in a volume."""
    if account_token.mentions_token(container):
        return True
    mount = _covering_token(container)
    if mount is None or mount.read_only or mount.volume != outer.volume:
        return False
    return (mount.folder, mount.sub_folders) == (outer.folder, outer.sub_folders)


@rule("error", on_windows=False)
def file_in_config(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A file is mounted by subPath inside a ConfigMap, where the kubelet creates a folder."""
    for container, outer, volume in wiring.declared_mounts:
        # in such volumes the kubelet creates the mount points, always as folders
        if not volume.is_updated_by_kubelet or outer.sub_path:
            continue
        for inner in _inner_mounts(container, outer):
            if _is_file(wiring, container, inner):
                detail = (
                    f" by subPath, inside {outer.volume!r} at {outer.path}: the kubelet creates a "
                    "folder there, on which a file cannot be mounted"
                )
                fix = "Project both into one volume, under `projected`."
                yield mount_issue(container, inner, detail, fix)
    yield from _find_files_in_token(template, wiring)


def _find_files_in_token(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Yield the files that are mounted in the folder of the service account's token."""
    token = account_token.MOUNT_PATH
    for container, mount in wiring.sub_path_mounts:
        if not is_within(mount.folder, token) or not _is_file(wiring, container, mount):
            continue
        is_replaced = any(other.path == token for other in container.mounts)
        if not is_replaced and account_token.is_mounted(template):
            detail = (
                " by subPath, inside the token of the service account: the kubelet creates a folder"
                " there, on which a file cannot be mounted"
            )
            fix = f"Project the token and the file into one volume, and mount it at {token}."
            yield mount_issue(container, mount, detail, fix)


def _is_file(wiring: Wiring, container: ContainerSpec, mount: VolumeMount) -> bool:
    """Return whether a subPath is a file of a ConfigMap, or one that was created earlier."""
    volume = wiring.volume(mount.volume)
    if volume is None or not mount.sub_path or mount.expression:
        return False
    if volume.starts_empty:
        created = may_be_filled_before(wiring, container, mount)
        return created and looks_like_file(mount.sub_path)
    return volume.kind in ("configMap", "secret") and not _is_folder(volume, mount.sub_path)


def _is_folder(volume: VolumeSpec, sub_path: str) -> bool:
    """Return whether a subPath of a ConfigMap or Secret contains some of its items."""
    paths = [str(item.get("path")) for item in list_mappings(volume.facts, "items")]
    return any(path.startswith(sub_path.rstrip("/") + "/") for path in paths)


def _inner_mounts(container: ContainerSpec, outer: VolumeMount) -> Iterator[VolumeMount]:
    for mount in container.mounts:
        if mount.folder != outer.folder and outer.covers(mount.folder):
            yield mount


def _find_hidden_writer(
    wiring: Wiring, reader: ContainerSpec, outer: VolumeMount, inner: VolumeMount
) -> str | None:
    """Return the name of a container that writes to the part that an inner mount hides."""
    if not outer.covers(inner.folder):
        return None
    hidden = _split_path(outer, inner.folder)
    for container, mount in wiring.mounts_of(outer.volume):
        if container is reader or mount.read_only:
            continue
        if is_below(mount.sub_folders, hidden):
            return container.name
        for path in used_paths(wiring, container):
            if container.covering_mount(path) is mount:
                parts = _split_path(mount, path)
                # a command may mention the folder itself to create the mount point
                if parts != hidden and is_below(parts, hidden):
                    return container.name
    return None


def _find_unhidden_view(
    wiring: Wiring, reader: ContainerSpec, outer: VolumeMount, inner: VolumeMount
) -> str | None:
    """Return the name of a concurrent writer for which no mount hides that part of the volume."""
    hidden = _split_path(outer, inner.folder)
    for container, mount in wiring.mounts_of(outer.volume):
        if container is reader or container.role == "init" or mount.read_only:
            continue
        if is_below(hidden, mount.sub_folders):
            path = posixpath.join(mount.path, *hidden[len(mount.sub_folders) :])
            if container.covering_mount(path) is mount:
                return container.name
    return None


def _split_path(mount: VolumeMount, path: str) -> tuple[str, ...]:
    """Return the names of the folders in a path below a mount, from the root of the volume."""
    return mount.sub_folders + split_sub_path(
        posixpath.relpath(mount.normalize(path), mount.folder)
    )


def _hidden_by(container: ContainerSpec, mount: VolumeMount, over: VolumeMount, what: str) -> Issue:
    detail = f", but {over.volume!r} at {over.path} hides {what}"
    return mount_issue(container, mount, detail, "Mount them side by side.")
