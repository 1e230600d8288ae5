"""Where the manifests of a run are, and which of it pytest has to walk for them."""

from __future__ import annotations

import collections
import dataclasses
import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import inputs, rendering, search
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rendering import RenderJob

Thing = Input | RenderJob


@dataclasses.dataclass(frozen=True)
class Places:
    """The manifests that were asked for.

    Args:
        things: file → what is to be read or rendered of it; a chart is its Chart.yaml.
        added: what pytest walks for their sake alone.
        kept: what it walks in any case.
    """

    things: Mapping[Path, tuple[Thing, ...]] = dataclasses.field(default_factory=dict)
    added: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()

    def hides(self, path: Path) -> bool:
        """Whether a path is walked for the sake of manifests alone, and leads to none."""
        if path in self.things or path in self._above:
            return False
        return any(map(path.is_relative_to, self.added)) and not any(
            map(path.is_relative_to, self.kept)
        )

    @functools.cached_property
    def _above(self) -> frozenset[Path]:
        return frozenset(folder for each in self.things for folder in each.parents)


def find(paths: Sequence[str], exclude: Sequence[str]) -> Mapping[Path, tuple[Thing, ...]]:
    """The manifests that paths lead to, by the file that stands for them.

    Raises:
        ManifestError: a path leads nowhere.
    """
    if search.STDIN in paths:
        raise errors.ManifestNotFound(
            "Standard input is no file that pytest could collect.", "Give files or folders."
        )
    found: dict[Path, tuple[Thing, ...]] = {}
    for thing in inputs.list_candidates([_from_here(each) for each in paths], exclude=exclude):
        if isinstance(thing, errors.ManifestError):
            raise thing
        file = _file(thing)
        found[file] = (*found.get(file, ()), thing)
    return found


def walked(
    files: Sequence[Path], given: Sequence[str], *, alone: bool, named: bool
) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """What pytest has to walk: what it would walk otherwise, and what it would not.

    Args:
        files: the manifests.
        given: the arguments that pytest has.
        alone: whether the manifests were asked for on the command line.
        named: whether `given` was, too; else it is where tests are by default.

    Returns:
        Those of the arguments that stay, and the paths to add to them.
    """
    # whoever names paths gets these alone, and a part of the manifests by naming it
    places = [_path(each) for each in given]
    within = [each for each in files if any(map(each.is_relative_to, places))]
    if named and (within or not alone):
        return tuple(given), ()
    if alone and not named:
        return (), _roots(files)
    return tuple(given), _roots([each for each in files if each not in within])


def paths(arguments: Iterable[str]) -> tuple[Path, ...]:
    """The paths that pytest's arguments begin with."""
    return tuple(map(_path, arguments))


def _roots(files: Sequence[Path]) -> tuple[Path, ...]:
    """The folders that hold the files; a file that is alone in its folder is its own root."""
    count = collections.Counter(each.parent for each in files)
    roots = {each if count[each.parent] == 1 else each.parent for each in files}
    return tuple(
        sorted(
            each
            for each in roots
            if not any(other != each and each.is_relative_to(other) for other in roots)
        )
    )


def _file(thing: Thing) -> Path:
    """The file that stands for a manifest in pytest's tree."""
    if isinstance(thing, Input):
        return _path(str(thing.path))
    folder = thing.folder
    if not folder.is_dir():
        return _path(str(folder))
    chart = folder / rendering.CHART_FILE
    return _path(str(chart if chart.is_file() else rendering.find_kustomization(folder) or ""))


def _path(argument: str) -> Path:
    """The absolute path of an argument, as pytest has it, without what it selects there."""
    return Path(os.path.abspath(argument.partition("::")[0]))  # noqa: PTH100 keeps symlinks


def _from_here(path: str) -> str:
    """A path as short as it can be said, for messages."""
    here = f"{Path.cwd()}{os.sep}"
    return path.removeprefix(here) or "."
