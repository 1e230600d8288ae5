"""The files that the kubelet writes: those of ConfigMaps and Secrets, and of the Pod's network."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare.check.rules.finding import Issue, mount_issue, rule
from pytest_podshare.check.rules.volume_sources import looks_decimal
from pytest_podshare.wiring.folders import is_below, split_sub_path
from pytest_podshare.wiring.kubelet_mounts import HOSTS, RESOLVER
from pytest_podshare.wiring.kubelet_sources import list_sources
from pytest_podshare.wiring.model import VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.templates import Template

# a service account token belongs to the user of the containers (pkg/volume/projected)
_WITH_MODES = ("configMap", "secret", "downwardAPI")
# the settings of a Pod that end up in a file, which a mount at the same path replaces
_SETTINGS = {HOSTS: "hostAliases", RESOLVER: "dnsConfig"}
_GROUP_READS, _OTHERS_READ = 0o040, 0o004


@rule("warning", on_windows=False)
def file_not_readable(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """The mode of a ConfigMap's or Secret's file keeps it from a container that is not root."""
    if wiring.fs_group is not None:
        # the kubelet gives the files to that group, and lets it read them
        return
    for container, mount, volume in wiring.declared_mounts:
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


@rule("warning", on_windows=False)
def kubelet_file_replaced(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A mount replaces /etc/hosts or /etc/resolv.conf, so hostAliases or dnsConfig do nothing."""
    spec = template.pod["spec"]
    for path, field in _SETTINGS.items():
        if not spec.get(field):
            continue
        for container, mount in wiring.mounts():
            if mount.path == path:
                detail = f", where nothing comes from the {field} of the Pod"
                fix = f"Remove the mount, or write what is in {field} into its file."
                yield mount_issue(container, mount, detail, fix)


def _list_modes(volume: VolumeSpec, mount: VolumeMount) -> Iterator[tuple[str, int]]:
    """Yield the modes of the files in a mount, each with the file's path; "" for all files."""
    default = volume.facts.get("defaultMode")
    for source in list_sources(volume):
        if source.kind not in _WITH_MODES:
            continue
        for item in source.items:
            path, mode = str(item.get("path")), item.get("mode")
            if is_below(split_sub_path(path), mount.sub_folders):
                yield from _read_mode(
                    "" if mode is None else path, default if mode is None else mode
                )
        if not source.items:
            yield from _read_mode("", default)


def _read_mode(path: str, mode: object) -> Iterator[tuple[str, int]]:
    # what is no mode is a finding of invalid-volume-source
    if isinstance(mode, int) and not isinstance(mode, bool) and 0 <= mode <= 0o777:
        yield path, mode
