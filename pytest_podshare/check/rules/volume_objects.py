"""ConfigMaps, Secrets and claims of the same render, against the Pods that refer to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from pytest_podshare.check.rules.finding import Issue, Severity, mount_issue, rule, volume_issue
from pytest_podshare.check.rules.object_names import find_meant, has_release_prefix, is_well_known
from pytest_podshare.check.rules.similar_names import find_nearest
from pytest_podshare.manifests.position import find_position
from pytest_podshare.wiring.kubelet_sources import (
    KubeletSource,
    VolumeFile,
    find_keys,
    has_all_files,
    list_files,
    list_objects,
    list_sources,
    refer,
)
from pytest_podshare.wiring.model import VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.render_objects import CLAIM
from pytest_podshare.wiring.templates import Template

# the number of names in a message
_MOST_NAMES = 4


@rule("error")
def missing_key(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A subPath or an item names a key that its ConfigMap or Secret does not have."""
    for volume in wiring.volumes:
        for source in list_sources(volume):
            yield from _find_missing_items(template, volume, source)
        mounts = [entry for entry in wiring.sub_path_mounts if entry[1].volume == volume.name]
        if not mounts or not has_all_files(template, volume):
            continue
        sources = list_sources(volume)
        paths = [file.path for source in sources for file in list_files(template, source)]
        for container, mount in mounts:
            if not paths or _has_sub_path(mount, paths):
                continue
            is_whole = len(sources) == 1 and not sources[0].items
            holder = str(sources[0]) if is_whole else "the volume"
            detail = (
                f" with subPath {mount.sub_path!r}, but {holder} has {_join(paths)}:"
                " the kubelet creates an empty folder"
            )
            yield mount_issue(container, mount, detail, _advise("subPath", mount.sub_path, paths))


def _find_missing_items(
    template: Template, volume: VolumeSpec, source: KubeletSource
) -> Iterator[Issue]:
    if not source.items or source.is_optional or not source.object_kind:
        return
    keys = find_keys(template, source)
    for item in source.items if keys is not None else ():
        key = item.get("key")
        if keys is not None and key and isinstance(key, str) and key not in keys:
            detail = (
                f" has an item with the key {key!r}, but {source} has {_join(keys)}:"
                " the Pod cannot start"
            )
            issue = volume_issue(volume, detail, _advise("key", key, keys))
            yield dataclasses.replace(issue, at=find_position(item) or issue.at)


def _has_sub_path(mount: VolumeMount, paths: Iterable[str]) -> bool:
    """Return whether a file is at the subPath of a mount or below it, or that is not known."""
    wanted = mount.sub_folders
    if not wanted or (mount.expression and not mount.expanded) or wanted[0].startswith(".."):
        return True
    return any(tuple(path.split("/"))[: len(wanted)] == wanted for path in paths)


@rule("warning")
def missing_object(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A volume needs a ConfigMap, Secret or claim that nothing in the render creates."""
    for volume in wiring.volumes:
        for kind, name in list_objects(template, volume, optional=False):
            reference = refer(template, kind, name)
            if is_well_known(reference) or template.objects.find(reference):
                continue
            others = template.objects.list_names(reference)
            has_prefix = has_release_prefix(template, name)
            if not (others or has_prefix) or template.objects.may_be_created(reference):
                continue
            meant = find_meant(reference, template.objects)
            severity: Severity = "warning" if meant or (others and has_prefix) else "info"
            where = f" in namespace {template.namespace!r}" if template.namespace else ""
            detail = f" needs the {kind} {name!r}, which no manifest creates{where}"
            fix = f"Create it{'' if kind == CLAIM else ', or set `optional: true`'}."
            if meant:
                detail += f", but there is {meant!r}"
                fix = f"Use {meant!r}."
            yield volume_issue(volume, detail, fix, severity=severity)


@rule("warning")
def duplicate_file_path(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Two items or sources of a volume have the same path, and only the later file is kept."""
    for volume in wiring.volumes:
        if volume.kind != "projected" and "items" not in volume.facts:
            # each key has a path of its own
            continue
        seen: dict[str, VolumeFile] = {}
        for source in list_sources(volume):
            for file in list_files(template, source):
                first = seen.get(file.path)
                seen[file.path] = file
                if first is None or not _is_lost(volume, first, file):
                    continue
                detail = f" has {file.path!r} from two sources: only that of {source} is kept"
                fix = "Change the path of one with `items`."
                if first.source is source:
                    detail = f" has two items with the path {file.path!r}: only "
                    detail += f"{file.key!r}, the later key, is kept"
                    fix = "Change one of the paths."
                issue = volume_issue(volume, detail, fix)
                yield dataclasses.replace(issue, at=file.position or issue.at)


def _is_lost(volume: VolumeSpec, first: VolumeFile, file: VolumeFile) -> bool:
    """Return whether a file replaces another by mistake, and the API server accepts it."""
    token = "serviceAccountToken"
    is_checked = (
        first.is_item and file.is_item and token not in (first.source.kind, file.source.kind)
    )
    if volume.kind == "projected" and is_checked:
        return False
    if (first.source.object_kind, first.source.name) == (file.source.object_kind, file.source.name):
        return first.key != file.key
    # an optional source is there to replace defaults
    return not file.source.is_optional


def _advise(field: str, name: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    near = find_nearest(name, names)
    if near is None and len(names) == 1:
        near = names[0]
    return f"Use the {field} {near!r}." if near else f"Add it, or use one of {_join(names)}."


def _join(names: Iterable[str]) -> str:
    """Return a few names, sorted, and how many more there are."""
    in_order = sorted(set(names))
    more = len(in_order) - _MOST_NAMES
    shown = ", ".join(map(repr, in_order[:_MOST_NAMES]))
    return f"{shown} and {more} more" if more > 0 else shown
