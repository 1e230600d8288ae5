"""Users, groups and read-only mounts: which container may write where."""

from __future__ import annotations

import dataclasses
import itertools
import posixpath
import re
from collections.abc import Iterator

from pytest_podshare.check.rules.container_paths import command_line, overlap
from pytest_podshare.check.rules.file_tests import FileTest, read_tests
from pytest_podshare.check.rules.finding import Issue, container_issue, mount_issue, rule
from pytest_podshare.check.rules.program_calls import SHELLS, list_calls
from pytest_podshare.check.rules.written_paths import PROGRAMS, WrittenPath, find_written
from pytest_podshare.wiring.account_token import mentions_token
from pytest_podshare.wiring.folders import is_within, normalize
from pytest_podshare.wiring.kubelet_mounts import KubeletMount, find_kubelet_mount
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.templates import Template

_CHANGES_OWNER = re.compile(r"\b(?:chown|chmod|chgrp|setfacl|umask|install\s+-\S*[omg])\b")
_IDLE = re.compile(r"(?:\S*sh -c )?(?:exec )?(?:\S*/)?(?:sleep \S+|pause)")
# hostPath types (pkg/volume/hostpath: MakeDir creates with mode 0755, MakeFile with 0644)
_CREATED_BY_KUBELET = ("DirectoryOrCreate", "FileOrCreate")
_SPECIAL = ("/dev/", "/proc/", "/sys/")
# a quick look, before scripts are split
_MAY_WRITE = re.compile(rf">|\b(?:{'|'.join(sorted(PROGRAMS))})\b")
# programs that do not write content
_ACTS_ON = ("chown", "chmod", "chgrp", "rm", "rmdir", "unlink", "mv")


@rule("warning", on_windows=False)
def users_differ(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Two users write to a volume, and no fsGroup lets both of them change its files."""
    if wiring.fs_group is not None:
        return
    for volume in wiring.volumes:
        if volume.lifetime is None or not volume.is_written_by_containers:
            continue
        writers = [
            (container, mount)
            for container, mount in wiring.mounts_of(volume.name)
            if not mount.read_only and container.user is not None
        ]
        for (first, first_mount), (second, mount) in itertools.combinations(writers, 2):
            if first.user == second.user or not overlap(first_mount, mount):
                continue
            if _may_conflict(first, second):
                detail = (
                    f" as user {second.user} and container {first.name!r} as user {first.user}, "
                    "without an fsGroup: neither can change the other's files"
                )
                fix = "Set the same runAsUser in both, or an fsGroup with a umask of 0002 in both."
                yield mount_issue(second, mount, detail, fix)
                break


@rule("warning", on_windows=False)
def claim_not_writable(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A non-root user writes to a claim, which belongs to root without an fsGroup."""
    if wiring.fs_group is not None or wiring.groups:
        return
    for volume in wiring.volumes:
        if volume.is_claim:
            detail = "but a new claim belongs to root if the Pod has no fsGroup"
            fix = "Set fsGroup in the Pod's securityContext."
            yield from _non_root_writer(wiring, volume, detail, fix)


@rule("warning", on_windows=False)
def host_path_not_writable(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A non-root user writes to a hostPath that the kubelet creates, and only root can write to."""
    for volume in wiring.volumes:
        if volume.kind == "hostPath" and volume.facts.get("type") in _CREATED_BY_KUBELET:
            detail = "but the kubelet creates this hostPath for root, whatever the fsGroup"
            fix = "Let an init container that runs as root change its owner, or use a claim."
            yield from _non_root_writer(wiring, volume, detail, fix)


def _non_root_writer(wiring: Wiring, volume: VolumeSpec, detail: str, fix: str) -> Iterator[Issue]:
    """Yield the first container that cannot write to a volume of root, unless it may be changed."""
    mounts = wiring.mounts_of(volume.name)
    if any(_may_change_owner(container) for container, _ in mounts):
        return
    for container, mount in mounts:
        if not mount.read_only and (container.user or container.non_root):
            user = f"user {container.user}" if container.user else "a non-root user"
            yield mount_issue(container, mount, f" as {user}, {detail}", fix)
            return


@rule("info", by_default=False, on_windows=False)
def nowhere_to_write(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A container has a read-only root file system and no writable volume."""
    for container in wiring.containers:
        if container.role == "init" or not container.read_only_root:
            continue
        if _IDLE.fullmatch(command_line(container)):
            continue
        if not any(_is_writable(wiring, mount) for mount in container.mounts):
            detail = " has a read-only root file system and no writable volume, not even at /tmp"
            fix = "If it writes anywhere, mount an emptyDir there."
            yield container_issue(container, detail, fix)


@rule("warning", on_windows=False)
def writes_to_read_only(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A command writes to a path that is mounted read-only."""
    for container in wiring.containers:
        are_writable = all(_is_writable(wiring, mount) for mount in container.mounts)
        if are_writable and not container.read_only_root and not mentions_token(container):
            continue
        seen: set[str] = set()
        for write in _list_writes(container):
            if write.path in seen:
                continue
            added = find_kubelet_mount(template, container, write.path)
            issue = _find_refusal(wiring, container, write, added)
            if issue is not None:
                seen.add(write.path)
                yield issue


def _find_refusal(
    wiring: Wiring, container: ContainerSpec, write: WrittenPath, added: KubeletMount | None
) -> Issue | None:
    """Return the issue of a path that a container cannot write to; None if it can."""
    if added is not None:
        if not added.read_only or write.if_needed:
            return None
        detail = f"{_describe(write)}, but {added.content} is mounted read-only at {added.path}"
        return container_issue(container, detail, "Write elsewhere.", path=write.path)
    mount = container.covering_mount(write.path)
    if mount is not None:
        is_refused = not _is_writable(wiring, mount) and _is_change(wiring, write, mount)
        return _write_issue(wiring, container, mount, write) if is_refused else None
    if not container.read_only_root or write.if_needed or f"{write.path}/".startswith(_SPECIAL):
        return None
    detail = f"{_describe(write)}, but its root file system is read-only"
    fix = f"Mount an emptyDir at {posixpath.dirname(write.path)}."
    return container_issue(container, detail, fix, path=write.path)


def _list_writes(container: ContainerSpec) -> Iterator[WrittenPath]:
    """Yield what the commands of a container write to, by absolute paths."""
    words = itertools.chain(container.command, *container.exec_commands)
    if not any(map(_MAY_WRITE.search, words)):
        return
    tests: list[FileTest] = []
    for call in list_calls(container):
        tests += read_tests(call)
        if call.tolerated:
            continue
        redirections = [WrittenPath(target, "") for target in call.targets]
        for write in (*redirections, *find_written(call.words)):
            path = call.locate(write.path)
            if any(test.prevents(path) for test in tests):
                continue
            if path and not ("$" in write.path and _contains_mounts(container, path)):
                yield dataclasses.replace(write, path=path)


def _contains_mounts(container: ContainerSpec, folder: str) -> bool:
    """Return whether something is mounted in a folder, where a variable may lead to."""
    mounts = (mount.folder for mount in container.mounts)
    return any(path != folder and is_within(path, folder) for path in mounts)


def _is_change(wiring: Wiring, write: WrittenPath, mount: VolumeMount) -> bool:
    """Return whether a program finds something to do in a read-only mount."""
    if not write.if_needed:
        return True
    # what others may have created or removed before; nobody does that in a ConfigMap
    volume = wiring.volume(mount.volume)
    is_kept = volume is not None and volume.is_written_by_containers
    return not is_kept and normalize(write.path) != mount.folder


def _write_issue(
    wiring: Wiring, container: ContainerSpec, mount: VolumeMount, write: WrittenPath
) -> Issue:
    fix = "Mount it without readOnly, or write elsewhere."
    volume = wiring.volume(mount.volume)
    if volume is not None and not volume.is_written_by_containers:
        fix = "Copy its files to an emptyDir in an init container, and change them there."
    return mount_issue(container, mount, f" read-only, but{_describe(write)}", fix)


def _describe(write: WrittenPath) -> str:
    if write.program in _ACTS_ON:
        return f" runs {write.program} on {write.path}"
    program = f" with {write.program}" if write.program else ""
    return f" writes to {write.path}{program}"


def _may_conflict(first: ContainerSpec, second: ContainerSpec) -> bool:
    """Return whether one of two users may be unable to change the files of the other."""
    root = next((container for container in (first, second) if container.user == 0), None)
    if root is None:
        return True
    # root can change everything; only files that it creates before the other starts matter
    if root.role != "init" or root is second:
        return False
    return _is_shell(root) and not _CHANGES_OWNER.search(command_line(root))


def _may_change_owner(container: ContainerSpec) -> bool:
    return container.user == 0 or bool(_CHANGES_OWNER.search(command_line(container)))


def _is_writable(wiring: Wiring, mount: VolumeMount) -> bool:
    volume = wiring.volume(mount.volume)
    return not mount.read_only and (volume is None or volume.is_written_by_containers)


def _is_shell(container: ContainerSpec) -> bool:
    return any(posixpath.basename(word) in SHELLS for word in container.command[:2])
