"""What a run was asked to collect; whoever asked for no manifest pays for none.

The rest of this room is imported by its functions, and only where there is something to collect.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_podshare import errors
from pytest_podshare.plugin.options import Options
from pytest_podshare.plugin.stash import OPTIONS, SETTINGS

if TYPE_CHECKING:
    from pytest_podshare.check.settings import Settings
    from pytest_podshare.plugin.manifest_paths import Places

_PLACES: pytest.StashKey[Places] = pytest.StashKey()
_SUFFIXES = (".yaml", ".yml", ".json")


def start(config: pytest.Config, options: Options) -> None:
    """Find the manifests that were asked for, and have pytest walk where they are.

    Raises:
        pytest.UsageError: a path leads nowhere.
    """
    config.stash[OPTIONS] = options
    if not options.manifests:
        return
    from pytest_podshare.plugin import manifest_paths

    own = _settings(config)
    try:
        things = manifest_paths.find(options.manifests, own.exclude)
    except errors.PodshareError as error:
        raise pytest.UsageError(str(error)) from None
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    alone = options.manifests_alone and bool(things)
    kept, added = manifest_paths.walked(list(things), config.args, alone=alone, named=named)
    config.stash[_PLACES] = manifest_paths.Places(things, added, manifest_paths.paths(kept))
    config.args = [*kept, *map(str, added)]


def ignored(path: Path, config: pytest.Config) -> bool | None:
    """True for what lies beside manifests in a folder that is walked for their sake alone."""
    places = config.stash.get(_PLACES, None)
    return None if places is None else places.hides(path) or None


def collected(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The node of a file that is a manifest: asked for by the option, or named by itself."""
    places = parent.config.stash.get(_PLACES, None)
    things = places.things.get(path, ()) if places is not None else ()
    is_named = path.suffix in _SUFFIXES and parent.session.isinitpath(path)
    if not things and not is_named:
        return None
    from pytest_podshare.plugin import manifest_file

    return manifest_file.of_path(path, parent, things, _settings(parent.config))


def _settings(config: pytest.Config) -> Settings:
    from pytest_podshare.check import settings

    if SETTINGS not in config.stash:
        try:
            config.stash[SETTINGS] = settings.load_nearest(config.rootpath)
        except errors.PodshareError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[SETTINGS]
