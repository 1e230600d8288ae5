"""Flux's HelmRelease.

The fields are those of fluxcd/helm-controller: `api/v2/helmrelease_types.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.releases.git_repository import GitRepository
from pytest_podshare.check.releases.release import (
    Release,
    list_entries,
    look_up,
    merge,
    parse_values,
    read_text,
)

Neighbours = Sequence[Mapping[str, Any]]

GROUP, KIND = "helm.toolkit.fluxcd.io", "HelmRelease"
SOURCE_GROUP, SOURCE_KIND = "source.toolkit.fluxcd.io", "GitRepository"

_DEFAULT_KEY = "values.yaml"
# Flux shortens the name of a release as well
_LONGEST = 53
# what kustomize adds to the names of the ConfigMaps that it generates
_SUFFIX = re.compile(r"-[bcdfghkmt2456789]{10}$")
_PLAIN_PATH = re.compile(r"[\w-]+(\.[\w-]+)*")


def read_release(
    manifest: Input,
    subject: Mapping[str, Any],
    find_config_maps: Callable[[], Neighbours],
    find_repository: Callable[[str], GitRepository | None],
) -> Release:
    """Return the release of a HelmRelease.

    Args:
        manifest: the manifest.
        subject: the HelmRelease in it.
        find_config_maps: returns the ConfigMaps in the same folder.
        find_repository: returns the repository of the manifest, if the GitRepository of a name can
            be that one; else None.
    """
    spec = look_up(subject, "spec")
    chart = look_up(spec, "chart.spec")
    origin = look_up(chart, "sourceRef")
    is_git = read_text(origin, "kind") == SOURCE_KIND
    repository = find_repository(read_text(origin, "name")) if is_git else None
    # patches can add what the Pods need
    is_known = repository is not None and not look_up(spec, "postRenderers")
    namespace = read_text(spec, "targetNamespace")
    name = read_text(subject, "metadata.name")
    values, missing = _collect_values(spec, find_config_maps)
    files = [*list_entries(chart, "valuesFiles"), look_up(chart, "valuesFile") or ""]
    there = [str(file) for file in files if repository and file and repository.find(str(file))]
    return Release(
        manifest,
        f"{KIND}/{name}",
        read_text(chart, "chart") or None if is_known else None,
        (read_text(spec, "releaseName") or "-".join(filter(None, (namespace, name))))[:_LONGEST],
        namespace or read_text(subject, "metadata.namespace"),
        tuple(there),
        values,
        missing=(*missing, *(str(file) for file in files if file and str(file) not in there)),
    )


def _collect_values(
    spec: Any, find_config_maps: Callable[[], Neighbours]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the values of a HelmRelease, and what else they need that is not known."""
    values: dict[str, Any] = {}
    missing: list[str] = []
    for entry in list_entries(spec, "valuesFrom"):
        found = _read_values(entry, find_config_maps())
        if found is not None:
            values = merge(values, found)
        elif look_up(entry, "optional") is not True:
            missing.append(f"{read_text(entry, 'kind')} {read_text(entry, 'name')}")
    return merge(values, look_up(spec, "values")), tuple(missing)


def _read_values(entry: Any, neighbours: Neighbours) -> dict[str, Any] | None:
    """Return the values of an entry of `valuesFrom`; None if they are not known."""
    name, target = read_text(entry, "name"), read_text(entry, "targetPath")
    names = (look_up(neighbour, "metadata.name") for neighbour in neighbours)
    objects = [
        neighbour
        for neighbour, own in zip(neighbours, names, strict=True)
        if own == name or (isinstance(own, str) and _SUFFIX.sub("", own) == name)
    ]
    if read_text(entry, "kind") != "ConfigMap" or not objects:
        return None
    data = look_up(objects[0], "data")
    text = data.get(read_text(entry, "valuesKey") or _DEFAULT_KEY) if isinstance(data, dict) else ""
    if not isinstance(text, str):
        return None
    if target:
        return _nest(target, text.strip()) if _PLAIN_PATH.fullmatch(target) else None
    return parse_values(text)


def _nest(path: str, text: str) -> dict[str, Any]:
    """Return the text at a path, with the type that helm gives it on its command line."""
    value: Any = int(text) if re.fullmatch(r"-?[1-9]\d*|0", text) else text
    value = {"true": True, "false": False, "null": None}.get(text, value)
    for step in reversed(path.split(".")):
        value = {step: value}
    return dict(value)
