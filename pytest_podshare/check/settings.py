"""The table `[tool.podshare]` of the nearest pyproject.toml."""

from __future__ import annotations

import dataclasses
import difflib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.check import rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "pyproject.toml"
_KEYS = ("exclude", "ignore", "pod-templates")
_EXAMPLE = 'Write it as `pod-templates = { Rollout = "spec.template" }`.'


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a project wants of the check.

    Args:
        ignore: ids of rules that are not asked.
        exclude: patterns of paths that are passed over.
        pod_templates: where custom resources keep a Pod template, by kind.
    """

    ignore: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    pod_templates: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def with_more(
        self,
        ignore: Iterable[str] = (),
        exclude: Iterable[str] = (),
        pod_templates: Iterable[str] = (),
    ) -> Settings:
        """The same, and what a command line adds.

        Raises:
            UnknownRule: there is no such rule.
            SettingsInvalid: a Pod template that is not `KIND=PATH`.
        """
        paths = dict(self.pod_templates)
        for text in pod_templates:
            kind, _, path = text.partition("=")
            if not kind or not path:
                raise errors.SettingsInvalid(
                    f"--pod-template {text} is not KIND=PATH.",
                    "Write it as `--pod-template Rollout=spec.template`.",
                )
            paths[kind] = path
        return Settings(
            ignore=self.ignore | rules.known(ignore, "--ignore"),
            exclude=(*self.exclude, *exclude),
            pod_templates=paths,
        )


def nearest(folder: Path) -> Settings:
    """The settings of the nearest pyproject.toml, in a folder or above it; if none, the default.

    Raises:
        SettingsInvalid: the file is no TOML, or its table is wrong.
        UnknownRule: it ignores a rule that there is not.
    """
    folder = folder.resolve()
    file = next(
        (each / FILE for each in (folder, *folder.parents) if (each / FILE).is_file()), None
    )
    return Settings() if file is None else read(file)


def read(file: Path) -> Settings:
    """The settings of one file.

    Raises:
        SettingsInvalid: the file is no TOML, or its table is wrong.
        UnknownRule: it ignores a rule that there is not.
    """
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise errors.SettingsInvalid(f"{file} cannot be read: {error}.", "Mend it.") from None
    where = f"{file}: [tool.podshare]"
    table = tools.get("podshare", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise errors.SettingsInvalid(f"{where} is no table.", f"It has {', '.join(_KEYS)}.")
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            raise errors.SettingsInvalid(
                f"{where} has no setting {key!r}.",
                f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(_KEYS)}.",
            )
    return Settings(
        ignore=rules.known(_texts(table, "ignore", where), f"{where} ignore"),
        exclude=_texts(table, "exclude", where),
        pod_templates=_paths(table, where),
    )


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise errors.SettingsInvalid(
            f"{where} {key} is no list of strings.", f'Write it as `{key} = ["…"]`.'
        )
    return tuple(value)


def _paths(table: Mapping[str, Any], where: str) -> dict[str, str]:
    value = table.get("pod-templates", {})
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise errors.SettingsInvalid(f"{where} pod-templates is no table of strings.", _EXAMPLE)
    return value
