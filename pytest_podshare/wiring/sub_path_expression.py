"""The folders that subPathExpr names: its variables have values, as far as those are known.

A variable of unknown value is replaced by a mark that names where its value comes from: two mounts
with the same mark have the same folder, and two with different marks may have, or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# `$$` is a dollar sign, and `$(NAME)` the value of a variable
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_ENTRY = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
# no value contains it, and it separates no folders
_MARK = "\0"


def expand(
    expression: str,
    container: str,
    env: Iterable[Mapping[str, Any]],
    pod: Mapping[str, Any] | None = None,
) -> str:
    """Return a subPathExpr with the values of its variables.

    Args:
        expression: the subPathExpr.
        container: the name of the container.
        env: its environment variables as the Pod's spec has them.
        pod: the Pod on the cluster; None for a Pod template, whose Pods differ in their fields.
    """
    if not expression:
        return ""
    values: dict[str, str] = {}
    for variable in env:
        name, source = str(variable.get("name")), variable.get("valueFrom")
        if isinstance(source, dict) and source:
            values[name] = _read_source(source, container, pod)
        else:
            # a reference to a variable that is not declared above stays as it is
            values[name] = _replace(str(variable.get("value") or ""), values)
    names = [name for name in _REFERENCE.findall(expression) if name]
    # from envFrom or a Service: other containers may have another value
    unknown = {name: _mark(f"{name} of {container}") for name in names}
    return _replace(expression, unknown | values)


def is_common(folders: Iterable[str], others: Iterable[str]) -> bool | None:
    """Return whether one of two subPaths contains the other; None if that is unknown.

    Args:
        folders: the names of its folders, after expansion.
        others: those of the other subPath.
    """
    pairs = list(zip(folders := tuple(folders), others := tuple(others), strict=False))
    rest = (*folders[len(pairs) :], *others[len(pairs) :])
    for folder, other in pairs:
        if folder != other:
            return None if _MARK in folder + other else False
    return None if _MARK in "".join(rest) else True


def is_unknown(expanded: str) -> bool:
    """Return whether an expanded subPathExpr has a variable of unknown value."""
    return _MARK in expanded


def _replace(text: str, values: Mapping[str, str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        return "$" if match[1] is None else values.get(match[1], match[0])

    return _REFERENCE.sub(value_of, text)


def _mark(source: str) -> str:
    return f"{_MARK}{source.replace('/', _MARK)}{_MARK}"


def _read_source(source: Mapping[str, Any], container: str, pod: Mapping[str, Any] | None) -> str:
    """Return the value of a variable with that valueFrom, or a mark of its source."""
    kind, value = next(iter(source.items()))
    fields: Mapping[str, Any] = value if isinstance(value, dict) else {}
    if kind == "fieldRef":
        path = str(fields.get("fieldPath"))
        known = None if pod is None else _read_field(path, pod)
        return _mark(path) if known is None else known
    if kind == "resourceFieldRef":
        fields = {"containerName": container, **fields}
    return _mark(f"{kind} {sorted(fields.items(), key=str)}")


def _read_field(path: str, pod: Mapping[str, Any]) -> str | None:
    """Return the value of a Pod's field that the downward API offers; None for others."""
    if match := _ENTRY.fullmatch(path):
        return str((pod["metadata"].get(match[1]) or {}).get(match[2], ""))
    if path in ("metadata.name", "metadata.namespace", "metadata.uid"):
        return str(pod["metadata"][path.removeprefix("metadata.")])
    if path in ("spec.nodeName", "spec.serviceAccountName"):
        return str(pod["spec"].get(path.removeprefix("spec."), ""))
    return None
