"""The settings in the table `[tool.podshare]` of the nearest pyproject.toml."""

from __future__ import annotations

import dataclasses
import difflib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.check import chart_settings, rules
from pytest_podshare.check.render_options import HelmOptions, RenderOptions

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "pyproject.toml"
_KEYS = ("charts", "enable", "enable-helm", "exclude", "ignore", "pod-templates")
_USE_KEYS = "Use the settings charts, enable, enable-helm, exclude, ignore and pod-templates."


@dataclasses.dataclass(frozen=True)
class ProjectSettings:
    """The settings of a project for the check.

    Args:
        ignore: the ids of rules that are not applied, even if they are enabled.
        exclude: patterns of paths to skip.
        pod_templates: the paths of Pod templates in custom resources, by kind.
        enable: the ids of rules that are applied although they are off by default.
        rendering: the options for helm and kustomize.
    """

    ignore: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    pod_templates: Mapping[str, str] = dataclasses.field(default_factory=dict)
    enable: frozenset[str] = frozenset()
    rendering: RenderOptions = dataclasses.field(default_factory=RenderOptions)

    def extend(
        self,
        ignore: Iterable[str] = (),
        exclude: Iterable[str] = (),
        pod_templates: Iterable[str] = (),
        enable: Iterable[str] = (),
        helm: HelmOptions | None = None,
        *,
        enable_helm: bool = False,
    ) -> ProjectSettings:
        """Return these settings with those of a command line added.

        Raises:
            UnknownRule: a rule does not exist.
            SettingsInvalid: a Pod template is not `KIND=PATH`.
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
        return ProjectSettings(
            ignore=self.ignore | rules.validate_ids(ignore, "--ignore"),
            exclude=(*self.exclude, *exclude),
            pod_templates=paths,
            enable=self.enable | rules.validate_ids(enable, "--enable"),
            rendering=dataclasses.replace(
                self.rendering,
                helm=helm or HelmOptions(),
                enable_helm=enable_helm or self.rendering.enable_helm,
            ),
        )


def load_nearest(folder: Path) -> ProjectSettings:
    """Return the settings of the nearest pyproject.toml, in a folder or above it.

    Raises:
        SettingsInvalid: the file is not valid TOML, or its table is invalid.
        UnknownRule: it ignores or enables a rule that does not exist.
    """
    folder = folder.resolve()
    files = (parent / FILE for parent in (folder, *folder.parents))
    file = next((file for file in files if file.is_file()), None)
    return ProjectSettings() if file is None else load(file)


def load(file: Path) -> ProjectSettings:
    """Return the settings of one file.

    Raises:
        SettingsInvalid: the file is not valid TOML, or its table is invalid.
        UnknownRule: it ignores or enables a rule that does not exist.
    """
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise errors.SettingsInvalid(f"{file} cannot be read: {error}.", "Fix the file.") from None
    where = f"{file}: [tool.podshare]"
    table = tools.get("podshare", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise errors.SettingsInvalid(f"{where} is not a table.", _USE_KEYS)
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            raise errors.SettingsInvalid(
                f"{where}: unknown setting {key!r}.",
                f"Did you mean {near[0]!r}?" if near else _USE_KEYS,
            )
    return ProjectSettings(
        ignore=rules.validate_ids(_read_list(table, "ignore", where), f"{where} ignore"),
        exclude=_read_list(table, "exclude", where),
        pod_templates=_read_paths(table, where),
        enable=rules.validate_ids(_read_list(table, "enable", where), f"{where} enable"),
        rendering=_read_rendering(table, where, file.parent),
    )


def _read_rendering(table: Mapping[str, Any], where: str, folder: Path) -> RenderOptions:
    enable_helm = table.get("enable-helm", False)
    if not isinstance(enable_helm, bool):
        raise errors.SettingsInvalid(
            f"{where} enable-helm is neither true nor false.", "Write it as `enable-helm = true`."
        )
    charts = chart_settings.read_charts(table.get("charts", {}), where, folder)
    if not charts:
        return RenderOptions(enable_helm=enable_helm)
    return RenderOptions(charts, folder, enable_helm=enable_helm)


def _read_list(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise errors.SettingsInvalid(
            f"{where} {key} is not a list of strings.", f'Write it as `{key} = ["…"]`.'
        )
    return tuple(value)


def _read_paths(table: Mapping[str, Any], where: str) -> dict[str, str]:
    value = table.get("pod-templates", {})
    if not isinstance(value, dict) or not all(isinstance(path, str) for path in value.values()):
        raise errors.SettingsInvalid(
            f"{where} pod-templates is not a table of strings.",
            'Write it as `pod-templates = { Rollout = "spec.template" }`.',
        )
    return value
