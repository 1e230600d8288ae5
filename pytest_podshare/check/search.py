"""The search for manifests: which files, charts and overlays a path leads to."""

from __future__ import annotations

import dataclasses
import fnmatch
import glob
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import path_errors, rendering
from pytest_podshare.check.manifest_input import Input, may_be_manifest, split_rendered
from pytest_podshare.check.render_options import RenderOptions
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.manifests import source

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")

_ARCHIVES = (".tgz", ".tar.gz")
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages"})


# what a path leads to: a manifest, something to render, or a problem
Candidate = Input | RenderJob | errors.ManifestError


@dataclasses.dataclass
class Search:
    """A search that follows paths and yields each file once."""

    exclude: tuple[str, ...]
    as_found: bool
    read_stdin: Callable[[], bytes]
    options: RenderOptions
    # what was passed over although it was named
    notes: list[str] = dataclasses.field(default_factory=list, init=False)
    _seen: set[str] = dataclasses.field(default_factory=set, init=False)
    # possible manifests, including repeated ones
    _count: int = dataclasses.field(default=0, init=False)

    def follow(self, text: str) -> Iterator[Candidate]:
        """Yield what a path that the user named leads to."""
        path = Path(text)
        if text == STDIN:
            yield from self._follow_stdin()
        elif (error := path_errors.find_error(text)) is None:
            yield from self._follow_named(path)
        elif glob.has_magic(text):
            yield from self._follow_glob(text)
        elif not self._is_excluded(path):
            yield error

    def _follow_stdin(self) -> Iterator[Candidate]:
        try:
            whole = Input("stdin", None, self.read_stdin(), named=True)
        except errors.ManifestError as error:
            yield error
        else:
            yield from list(split_rendered(whole)) or [whole]

    def _follow_glob(self, pattern: str) -> Iterator[Candidate]:
        matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 absolute ones, too
        if not matches:
            yield errors.ManifestNotFound(
                f"Nothing matches {pattern} (working directory: {Path.cwd()}).",
                "Fix the pattern; `**` matches any number of folders.",
            )
        for match in matches:
            if chart := _find_chart_of_template(Path(match)):
                yield from self._search_folder(chart)
            elif os.path.isdir(match):  # noqa: PTH112 never raises
                yield from self._search_folder(Path(match))
            elif match.endswith(SUFFIXES):
                yield from self._read_found(Path(match))

    def _follow_named(self, path: Path) -> Iterator[Candidate]:
        if os.path.isdir(path):  # noqa: PTH112 never raises
            path = _find_chart_of_template(path / "*") or path
            before = self._count
            yield from self._search_folder(path, named=True)
            if self._count == before and not self.as_found and not self._is_excluded(path):
                yield errors.ManifestNotFound(
                    f"The folder {path} contains no Kubernetes manifest.",
                    f"Pass a folder with manifests in {', '.join(SUFFIXES)} files.",
                )
        elif path.name in (rendering.CHART_FILE, *rendering.KUSTOMIZATION_FILES):
            yield from self._search_folder(path.parent, named=True)
        elif path.name.endswith(_ARCHIVES):
            yield from self._render_once(path, rendering.chart_jobs(path, self.options.find(path)))
        else:
            yield from self._follow_file(path)

    def _follow_file(self, path: Path) -> Iterator[Candidate]:
        chart = _find_outer_chart(path)
        if self.as_found:
            folder = chart or next(filter(rendering.find_kustomization, path.parents), None)
            if folder is None:
                yield from self._read_found(path)
            elif rendering.is_renderable(folder):
                yield from self._search_folder(folder)
        elif _find_chart_of_template(path):
            yield errors.ManifestInvalid(
                f"{path} is a template of the chart {chart}, not a manifest.",
                f"Check the chart: `podshare check {chart}`.",
            )
        else:
            yield from self._read_file(path, named=True)

    def _search_folder(self, folder: Path, *, named: bool = False) -> Iterator[Candidate]:
        if self._is_excluded(folder):
            return
        is_chart, is_rendered = rendering.is_chart(folder), _is_rendered(folder)
        is_library = is_chart and not rendering.is_renderable(folder)
        if is_library and named:
            self._count += 1
            self.notes.append(f"{folder} is a library chart: check a chart that depends on it.")
        elif is_rendered and (named or rendering.is_renderable(folder)):
            yield from self._render_folder(folder, is_chart=is_chart)
        if not is_chart:
            # the files of an overlay are not manifests: patches are parts of some
            yield from self._search_entries(folder, read_files=not is_rendered)

    def _render_folder(self, folder: Path, *, is_chart: bool) -> Iterator[Candidate]:
        if is_chart:
            jobs = rendering.chart_jobs(folder, self.options.find(folder))
        else:
            jobs = (rendering.overlay_job(folder, enable_helm=self.options.enable_helm),)
        yield from self._render_once(folder, jobs)

    def _search_entries(self, folder: Path, *, read_files: bool) -> Iterator[Candidate]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self._count += 1
            yield path_errors.describe(str(folder), error)
            return
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(".") or entry.name in _SKIPPED_FOLDERS:
                continue
            if entry.is_dir(follow_symlinks=False):
                if os.path.exists(path / "pyvenv.cfg"):  # noqa: PTH110 never raises
                    continue
                if read_files or _is_rendered(path):
                    yield from self._search_folder(path)
                else:
                    yield from self._search_entries(path, read_files=False)
            elif read_files and entry.name.endswith(SUFFIXES):
                yield from self._read_found(path)

    def _read_found(self, path: Path) -> Iterator[Candidate]:
        """Yield a file that was found, unless it is not a manifest: it may even be a pipe."""
        error = path_errors.find_error(str(path))
        if error is None and os.path.isfile(path):  # noqa: PTH113 never raises
            yield from self._read_file(path, named=False)
        elif error is not None and not self._is_excluded(path):
            self._count += 1
            yield error

    def _read_file(self, path: Path, *, named: bool) -> Iterator[Candidate]:
        if self._is_excluded(path) or not self._is_new(path):
            return
        try:
            content = source.read_bytes(path)
        except errors.ManifestError as error:
            self._count += 1
            # a file that was removed in the meantime has another error
            yield path_errors.find_error(str(path)) or error
            return
        if named or may_be_manifest(content):
            self._count += 1
            yield Input(str(path), path, content, named)

    def _render_once(self, path: Path, jobs: Iterable[RenderJob]) -> Iterator[Candidate]:
        if not self._is_excluded(path) and self._is_new(path):
            self._count += 1
            yield from jobs

    def _is_new(self, path: Path) -> bool:
        real = os.path.realpath(path)
        new = real not in self._seen
        self._count += not new
        self._seen.add(real)
        return new

    def _is_excluded(self, path: Path) -> bool:
        return any(fnmatch.fnmatch(str(path), pattern) for pattern in self.exclude)


def _is_rendered(folder: Path) -> bool:
    return rendering.is_chart(folder) or rendering.find_kustomization(folder) is not None


def _find_outer_chart(path: Path) -> Path | None:
    """Return the chart that contains a file; for a subchart, the chart around it."""
    return next((folder for folder in reversed(path.parents) if rendering.is_chart(folder)), None)


def _find_chart_of_template(path: Path) -> Path | None:
    """Return the chart in whose `templates` folder a file is; None if it is not in one."""
    chart = _find_outer_chart(path)
    is_template = chart is not None and "templates" in path.relative_to(chart).parts[:-1]
    return chart if is_template else None
