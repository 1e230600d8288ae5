"""Argo CD's Application.

The fields are those of argoproj/argo-cd: `pkg/apis/application/v1alpha1/types.go`.
What wins is said in its `docs/user-guide/helm.md`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.releases.git_repository import GitRepository
from pytest_podshare.check.releases.release import (
    Release,
    list_entries,
    look_up,
    parse_values,
    read_text,
)

GROUP, KIND = "argoproj.io", "Application"

# a comma would begin another value, unless it is in a list
_COMMA = re.compile(r"(?<!\\),")
_REFERENCE = re.compile(r"\$([\w-]+)/(.+)")


def read_releases(
    manifest: Input, subject: Mapping[str, Any], repository: GitRepository | None
) -> Iterator[Release]:
    """Yield a release for each source of an Application that has manifests.

    Args:
        manifest: the manifest.
        subject: the Application in it.
        repository: the repository of the manifest.
    """
    sources = list_entries(subject, "spec.sources") or [look_up(subject, "spec.source")]
    here = [entry for entry in sources if _is_here(entry, repository)]
    roots = {read_text(entry, "ref") for entry in here} - {""}
    for entry in sources:
        path = read_text(entry, "path") if entry in here and not look_up(entry, "plugin") else ""
        if not path and read_text(entry, "ref") and not read_text(entry, "chart"):
            continue  # it has only value files for the others
        yield _read_release(manifest, subject, entry, path, roots, repository)


def _is_here(entry: Any, repository: GitRepository | None) -> bool:
    return repository is not None and repository.may_be(read_text(entry, "repoURL"))


def _read_release(
    manifest: Input,
    subject: Mapping[str, Any],
    entry: Any,
    path: str,
    roots: set[str],
    repository: GitRepository | None,
) -> Release:
    name = read_text(subject, "metadata.name")
    helm = look_up(entry, "helm")
    files, missing = [], []
    for file in list_entries(helm, "valueFiles"):
        found = _resolve(str(file), path, roots)
        if found is not None and repository is not None and repository.find(found):
            files.append(found)
        elif found is None or look_up(helm, "ignoreMissingValueFiles") is not True:
            missing.append(str(file))
    values = look_up(helm, "valuesObject")
    if not isinstance(values, dict):
        values = parse_values(read_text(helm, "values")) or {}
    missing += [read_text(file, "path") for file in list_entries(helm, "fileParameters")]
    return Release(
        manifest,
        f"{KIND}/{name}",
        path or None,
        read_text(helm, "releaseName") or name,
        read_text(helm, "namespace") or read_text(subject, "spec.destination.namespace"),
        tuple(files),
        values,
        tuple(_list_words(helm)),
        tuple(missing),
    )


def _resolve(file: str, path: str, roots: set[str]) -> str | None:
    """Return the path of a value file from the root; None if it is in another repository."""
    if found := _REFERENCE.fullmatch(file):
        return found[2] if found[1] in roots else None
    if "$" in file or "://" in file:
        return None
    return posixpath.join("/", path, file).lstrip("/")


def _list_words(helm: Any) -> Iterator[str]:
    for parameter in list_entries(helm, "parameters"):
        name, value = read_text(parameter, "name"), read_text(parameter, "value")
        is_list = value.startswith("{") and value.endswith("}")
        text = value if is_list else _COMMA.sub(r"\\,", value)
        yield "--set-string" if look_up(parameter, "forceString") is True else "--set"
        yield f"{name}={text}"
    if version := read_text(helm, "kubeVersion"):
        yield from ("--kube-version", version)
    for version in list_entries(helm, "apiVersions"):
        yield from ("--api-versions", str(version))
