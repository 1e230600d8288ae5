"""The tables `[tool.podshare.charts."charts/*"]`: the options for helm, by chart."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.check.render_options import HelmOptions

_LISTS = ("values", "set", "api-versions")
_TEXTS = ("kube-version", "namespace", "release-name")
_FLAG = "dependency-update"
_KEYS = (*_LISTS, *_TEXTS, _FLAG)
_EXAMPLE = 'Write it as `[tool.podshare.charts."charts/*"]`, with keys below it.'


def read_charts(value: Any, where: str, folder: Path) -> Mapping[str, HelmOptions]:
    """Return the options for helm, by the pattern of a chart's path.

    Args:
        value: the value of `charts`.
        where: where it is, for messages.
        folder: the folder of pyproject.toml, which the paths of value files start from.

    Raises:
        SettingsInvalid: it is not a table of such tables.
    """
    if not isinstance(value, dict) or not all(isinstance(table, dict) for table in value.values()):
        raise errors.SettingsInvalid(f"{where} charts is not a table of tables.", _EXAMPLE)
    return {
        pattern: _read_options(table, f"{where} charts {pattern!r}", folder)
        for pattern, table in value.items()
    }


def _read_options(table: Mapping[str, Any], where: str, folder: Path) -> HelmOptions:
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            raise errors.SettingsInvalid(
                f"{where}: unknown setting {key!r}.",
                f"Did you mean {near[0]!r}?" if near else f"Use {', '.join(_KEYS)}.",
            )
    for key in _TEXTS:
        if not isinstance(table.get(key, ""), str):
            raise errors.SettingsInvalid(
                f"{where} {key} is not a string.", f'Write it as `{key} = "…"`.'
            )
    if not isinstance(table.get(_FLAG, False), bool):
        raise errors.SettingsInvalid(
            f"{where} {_FLAG} is neither true nor false.", f"Write it as `{_FLAG} = true`."
        )
    values = _read_list(table, "values", where, of_lists=True)
    runs = ([run] if isinstance(run, str) else run for run in values)
    return HelmOptions(
        values=tuple(tuple(os.path.relpath(folder / file) for file in run) for run in runs),
        assignments=_read_list(table, "set", where),
        kube_version=table.get("kube-version", ""),
        api_versions=_read_list(table, "api-versions", where),
        namespace=table.get("namespace", ""),
        release_name=table.get("release-name", ""),
        dependency_update=table.get(_FLAG, False),
    )


def _read_list(
    table: Mapping[str, Any], key: str, where: str, *, of_lists: bool = False
) -> tuple[Any, ...]:
    value = table.get(key, [])
    texts = [
        text
        for entry in (value if isinstance(value, list) else [None])
        for text in (entry if of_lists and isinstance(entry, list) else [entry])
    ]
    if not all(isinstance(text, str) for text in texts):
        raise errors.SettingsInvalid(
            f"{where} {key} is not a list of strings.", f'Write it as `{key} = ["…"]`.'
        )
    return tuple(value)
