"""The paths of a run's manifests, and the folders that pytest must visit because of them."""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import inputs, rendering, search
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.render_options import RenderOptions
from pytest_podshare.check.rendering import RenderJob

ManifestInput = Input | RenderJob


@dataclasses.dataclass(frozen=True)
class ManifestPaths:
    """The manifests of a run.

    Args:
        inputs: by file, what to read or render; a chart has its Chart.yaml, an overlay its
            kustomization file.
        added: the paths that pytest visits only because of manifests.
        kept: the paths that it visits anyway.
    """

    inputs: Mapping[Path, tuple[ManifestInput, ...]]
    added: tuple[Path, ...]
    kept: tuple[Path, ...]

    def hides(self, path: Path) -> bool:
        """Return whether pytest visits a path only because of manifests, but it leads to none."""
        if path in self.inputs or path in self._parents:
            return False
        return any(map(path.is_relative_to, self.added)) and not any(
            map(path.is_relative_to, self.kept)
        )

    @functools.cached_property
    def _parents(self) -> frozenset[Path]:
        return frozenset(folder for file in self.inputs for folder in file.parents)


def find_inputs(
    paths: Sequence[str], exclude: Sequence[str], options: RenderOptions
) -> Mapping[Path, tuple[ManifestInput, ...]]:
    """Return the manifests that paths lead to, by the file that pytest collects for them.

    Raises:
        ManifestError: a path does not exist.
    """
    if search.STDIN in paths:
        raise errors.ManifestNotFound(
            "pytest cannot collect manifests from standard input.", "Name files or folders."
        )
    found: dict[Path, tuple[ManifestInput, ...]] = {}
    named = [_shorten(path) for path in paths]
    for candidate in inputs.list_candidates(named, exclude=exclude, options=options):
        if isinstance(candidate, errors.ManifestError):
            raise candidate
        file = _find_file(candidate)
        found[file] = (*found.get(file, ()), candidate)
    return found


def plan_arguments(
    files: Sequence[Path],
    arguments: Sequence[str],
    *,
    on_command_line: bool,
    manifests_only: bool,
    skipped_folders: Sequence[str],
) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return which of pytest's arguments to keep, and which paths to add to them.

    Args:
        files: the manifests.
        arguments: pytest's arguments.
        on_command_line: whether they come from there, not from `testpaths`.
        manifests_only: whether to collect nothing but manifests if no path is on the command line.
        skipped_folders: the patterns of folders that pytest does not visit by itself.
    """
    # with paths on the command line, pytest collects only those, so that they can select manifests
    folders = [argument_path(argument) for argument in arguments]
    selected = [file for file in files if any(map(file.is_relative_to, folders))]
    if on_command_line and (selected or not manifests_only):
        return tuple(arguments), ()
    if manifests_only and not on_command_line:
        return (), _find_roots(files, skipped_folders)
    others = [file for file in files if file not in selected]
    return tuple(arguments), _find_roots(others, skipped_folders)


def argument_path(argument: str) -> Path:
    """Return the absolute path in an argument of pytest, without the tests that it selects."""
    return Path(os.path.abspath(argument.partition("::")[0]))  # noqa: PTH100 keeps symlinks


def _find_roots(files: Sequence[Path], skipped_folders: Sequence[str]) -> tuple[Path, ...]:
    """Return the paths from which pytest finds the files: their topmost folders if possible."""
    count = collections.Counter(file.parent for file in files)
    roots = {file if count[file.parent] == 1 else file.parent for file in files}
    topmost = tuple(sorted(path for path in roots if roots.isdisjoint(path.parents)))
    folders = {folder for parent in count for folder in (parent, *parent.parents)}
    visited = (folder for folder in folders if not roots.isdisjoint(folder.parents))
    if any(fnmatch.fnmatch(path.name, skip) for path in visited for skip in skipped_folders):
        # pytest would not come to a file, and it ignores a path in a folder that it has already
        return tuple(sorted(files))
    return topmost


def _find_file(manifest: ManifestInput) -> Path:
    """Return the file that pytest collects for a manifest."""
    if isinstance(manifest, Input):
        file = manifest.path
    elif rendering.is_chart(manifest.folder):
        file = manifest.folder / rendering.CHART_FILE
    else:
        # a packed chart is a file itself
        file = rendering.find_kustomization(manifest.folder) or manifest.folder
    return argument_path(str(file))


def _shorten(path: str) -> str:
    """Return a path relative to the working folder if it is inside, for messages."""
    return path.removeprefix(f"{Path.cwd()}{os.sep}") or "."
