"""The collection of manifests; a run without any imports no other module for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_podshare import errors
from pytest_podshare.plugin.stash import OPTIONS, SETTINGS

if TYPE_CHECKING:
    from pytest_podshare.check.project_settings import ProjectSettings
    from pytest_podshare.plugin.manifest_paths import ManifestPaths

_PATHS: pytest.StashKey[ManifestPaths] = pytest.StashKey()
_SUFFIXES = (".yaml", ".yml", ".json")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Add the paths of manifests to pytest's arguments, before pytest-xdist starts its workers.

    Raises:
        pytest.UsageError: a path does not exist.
    """
    config = session.config
    options = config.stash[OPTIONS]
    if not options.manifests:
        return
    from pytest_podshare.plugin import manifest_paths

    settings = _load_settings(config)
    try:
        inputs = manifest_paths.find_inputs(options.manifests, settings.exclude, settings.rendering)
    except errors.PodshareError as error:
        raise pytest.UsageError(str(error)) from None
    kept, added = manifest_paths.plan_arguments(
        list(inputs),
        config.args,
        on_command_line=config.args_source is pytest.Config.ArgsSource.ARGS,
        manifests_only=options.manifests_on_command_line and bool(inputs),
        skipped_folders=config.getini("norecursedirs"),
    )
    config.stash[_PATHS] = manifest_paths.ManifestPaths(
        inputs, added, tuple(map(manifest_paths.argument_path, kept))
    )
    config.args = [*kept, *map(str, added)]


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Return True for a path that pytest visits only because of manifests, but that has none."""
    paths = config.stash.get(_PATHS, None)
    return None if paths is None else paths.hides(collection_path) or None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Return the collector of a manifest that the options or pytest's arguments name."""
    paths = parent.config.stash.get(_PATHS, None)
    inputs = paths.inputs.get(file_path, ()) if paths is not None else ()
    is_argument = file_path.suffix in _SUFFIXES and parent.session.isinitpath(file_path)
    if not inputs and not is_argument:
        return None
    from pytest_podshare.plugin import manifest_file

    return manifest_file.create_collector(file_path, parent, inputs, _load_settings(parent.config))


def _load_settings(config: pytest.Config) -> ProjectSettings:
    from pytest_podshare.check import project_settings

    if SETTINGS not in config.stash:
        try:
            config.stash[SETTINGS] = project_settings.load_nearest(config.rootpath)
        except errors.PodshareError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[SETTINGS]
