"""The files of ConfigMaps and Secrets, which the kubelet writes as root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.check.rules.container_paths import declared_mounts
from pytest_podshare.check.rules.finding import Issue, mount_issue, rule
from pytest_podshare.check.rules.volume_sources import looks_decimal
from pytest_podshare.wiring.folders import is_below, split_sub_path
from pytest_podshare.wiring.model import VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.pod_spec import list_mappings
from pytest_podshare.wiring.templates import Template

# a service account token belongs to the user of the containers (pkg/volume/projected)
_PROJECTED = ("configMap", "secret", "downwardAPI")
_GROUP_READS, _OTHERS_READ = 0o040, 0o004


@rule("warning")
def file_not_readable(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """The mode of a ConfigMap's or Secret's file keeps it from a container that is not root."""
    if wiring.fs_group is not None:
        # the kubelet gives the files to that group, and lets it read them
        return
    for container, mount, volume in declared_mounts(wiring):
        if not (container.user or (container.user is None and container.non_root)):
            continue
        reads = _OTHERS_READ
        if not container.group or 0 in wiring.groups:
            # the group is root's, or that of the image's user
            reads |= _GROUP_READS
        for path, mode in _list_modes(volume, mount):
            if mode & reads or looks_decimal(mode):
                continue
            user = f"user {container.user}" if container.user else "a user that is not root"
            files = f"{path!r} belongs" if path else "its files belong"
            whose = "root's group" if mode & _GROUP_READS else "root alone"
            detail = f" as {user}, but {files} to root with mode {mode:04o}, readable by {whose}"
            fix = f"Set an fsGroup in the Pod's securityContext, or mode {mode | 0o444:04o}."
            yield mount_issue(container, mount, detail, fix)
            break


def _list_modes(volume: VolumeSpec, mount: VolumeMount) -> Iterator[tuple[str, int]]:
    """Yield the modes of the files in a mount, each with the file's path; "" for all files."""
    if volume.kind not in ("configMap", "secret", "downwardAPI", "projected"):
        return
    default = volume.facts.get("defaultMode")
    for part in _list_parts(volume):
        items = list_mappings(part, "items")
        for item in items:
            path, mode = str(item.get("path")), item.get("mode")
            if is_below(split_sub_path(path), mount.sub_folders):
                yield from _read_mode(
                    "" if mode is None else path, default if mode is None else mode
                )
        if not items:
            yield from _read_mode("", default)


def _list_parts(volume: VolumeSpec) -> Iterator[Mapping[str, Any]]:
    if volume.kind != "projected":
        yield volume.facts
        return
    for source in list_mappings(volume.facts, "sources"):
        for kind in _PROJECTED:
            if isinstance(source.get(kind), Mapping):
                yield source[kind]


def _read_mode(path: str, mode: object) -> Iterator[tuple[str, int]]:
    # what is no mode is a finding of invalid-volume-source
    if isinstance(mode, int) and not isinstance(mode, bool) and 0 <= mode <= 0o777:
        yield path, mode
