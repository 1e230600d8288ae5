"""Where paths lead: what is a manifest among all that lies in folders, and what is none."""

from __future__ import annotations

import dataclasses
import fnmatch
import glob
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import rendering
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.manifests import source
from pytest_podshare.manifests.source import Source

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")

_ARCHIVES = (".tgz", ".tar.gz")
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages"})
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclasses.dataclass(frozen=True)
class Input:
    """One manifest to check.

    Args:
        origin: what messages call it.
        path: the file it stands in, or that it was rendered from; None for standard input.
        content: its text.
        named: whether it was asked for by name; one that was found need not be a manifest.
        rendered: whether its lines are those of rendered text, and not of the file.
    """

    origin: str
    path: Path | None
    content: bytes = dataclasses.field(repr=False)
    named: bool = False
    rendered: bool = False

    def read(self) -> Source:
        """Its documents.

        Raises:
            ManifestInvalid: it cannot be read, or Kubernetes cannot mean it.
        """
        return source.read(self.content, origin=self.origin)


def split(whole: Input) -> Iterator[Input]:
    """Rendered text as the manifests of its templates."""
    for name, content in rendering.by_template(whole.content).items():
        file = whole.path / name if whole.path and name else None
        yield dataclasses.replace(
            whole,
            origin=f"{whole.origin}: {name}" if name else whole.origin,
            path=file if file and file.is_file() else whole.path,
            content=content,
        )


# what a path leads to: a manifest, something to render, or nothing
Candidate = Input | RenderJob | errors.ManifestError


class Search:
    """Follows paths, and remembers where it has been."""

    def __init__(
        self, exclude: tuple[str, ...], as_found: bool, stdin: Callable[[], bytes]
    ) -> None:
        self._exclude = exclude
        self._as_found = as_found
        self._stdin = stdin
        self._seen: set[str] = set()
        self._met = 0  # what could be manifests, also those that were met before

    def given(self, text: str) -> Iterator[Candidate]:
        """What a path leads to that somebody named."""
        path = Path(text)
        if text == STDIN:
            whole = Input("stdin", None, self._stdin(), named=True)
            yield from list(split(whole)) or [whole]
        elif os.path.exists(text):  # noqa: PTH110 a name that no file can have is no error here
            yield from self._named(path)
        elif glob.has_magic(text):
            yield from self._matches(text)
        else:
            yield errors.ManifestNotFound(
                f"There is no file or folder {text} (looked from {Path.cwd()}).",
                "Give the path of a manifest, a folder, a chart or an overlay, a glob, or `-`.",
            )

    def _matches(self, pattern: str) -> Iterator[Candidate]:
        matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 absolute ones, too
        if not matches:
            yield errors.ManifestNotFound(
                f"Nothing matches {pattern} (looked from {Path.cwd()}).",
                "Mend the pattern; `**` stands for any number of folders.",
            )
        for match in matches:
            if Path(match).is_dir():
                yield from self._folder(Path(match))
            elif match.endswith(SUFFIXES):
                yield from self._file(Path(match), named=False)

    def _named(self, path: Path) -> Iterator[Candidate]:
        if path.is_dir():
            before = self._met
            yield from self._folder(path, named=True)
            if self._met == before and not self._as_found and not self._is_excluded(path):
                yield errors.ManifestNotFound(
                    f"The folder {path} holds no Kubernetes manifest.",
                    f"Manifests are files that end with {', '.join(SUFFIXES)}.",
                )
        elif path.name == rendering.CHART or path.name in rendering.OVERLAYS:
            yield from self._folder(path.parent, named=True)
        elif path.name.endswith(_ARCHIVES):
            yield from self._once(path, rendering.of_chart(path))
        else:
            yield from self._loose(path)

    def _loose(self, path: Path) -> Iterator[Candidate]:
        """A file by name: a chart's template is nothing without its chart."""
        chart = _outermost(path, rendering.is_chart)
        if self._as_found:
            whole = chart or _nearest_overlay(path)
            if whole is None:
                yield from self._file(path, named=False)
            elif rendering.stands_alone(whole):
                yield from self._folder(whole)
        elif chart is not None and "templates" in path.relative_to(chart).parts[:-1]:
            yield errors.ManifestInvalid(
                f"{path} is a template of the chart {chart}, and no manifest by itself.",
                f"Check the chart: `podshare check {chart}`.",
            )
        else:
            yield from self._file(path, named=True)

    def _folder(self, folder: Path, *, named: bool = False) -> Iterator[Candidate]:
        if self._is_excluded(folder):
            return
        whole = rendering.is_chart(folder) or rendering.overlay(folder) is not None
        if whole and (named or rendering.stands_alone(folder)):
            yield from self._once(folder, _scenarios(folder))
        if rendering.is_chart(folder):
            return
        # what an overlay is made of is no manifest: patches are parts of some
        yield from self._inside(folder, files=not whole)

    def _inside(self, folder: Path, *, files: bool) -> Iterator[Candidate]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield errors.ManifestInvalid(
                f"The folder {folder} cannot be read: {error.strerror}.",
                "Make it readable, or leave it out by --exclude.",
            )
            return
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(".") or entry.name in _PASSED_OVER:
                continue
            if entry.is_dir(follow_symlinks=False):
                if not (path / "pyvenv.cfg").exists():
                    yield from self._beneath(path, files=files)
            elif files and entry.name.endswith(SUFFIXES) and entry.is_file():
                yield from self._file(path, named=False)

    def _beneath(self, folder: Path, *, files: bool) -> Iterator[Candidate]:
        whole = rendering.is_chart(folder) or rendering.overlay(folder) is not None
        if files or whole:
            yield from self._folder(folder)
        else:
            yield from self._inside(folder, files=False)

    def _file(self, path: Path, *, named: bool) -> Iterator[Candidate]:
        if self._is_excluded(path) or not self._is_new(path):
            return
        try:
            content = source.read_bytes(path)
        except errors.ManifestError as error:
            self._met += 1
            yield error
            return
        if named or _may_be_manifest(content):
            self._met += 1
            yield Input(str(path), path, content, named)

    def _once(self, path: Path, things: Iterable[Candidate]) -> Iterator[Candidate]:
        if not self._is_excluded(path) and self._is_new(path):
            self._met += 1
            yield from things

    def _is_new(self, path: Path) -> bool:
        real = os.path.realpath(path)
        new = real not in self._seen
        self._met += not new
        self._seen.add(real)
        return new

    def _is_excluded(self, path: Path) -> bool:
        return any(fnmatch.fnmatch(str(path), pattern) for pattern in self._exclude)


def _scenarios(folder: Path) -> tuple[RenderJob, ...]:
    if rendering.is_chart(folder):
        return rendering.of_chart(folder)
    return (rendering.of_overlay(folder),)


def _outermost(path: Path, is_one: Callable[[Path], bool]) -> Path | None:
    """The chart that a file lies in; of one within another, the other."""
    return next((each for each in reversed(path.parents) if is_one(each)), None)


def _nearest_overlay(path: Path) -> Path | None:
    return next((each for each in path.parents if rendering.overlay(each) is not None), None)


def _may_be_manifest(content: bytes) -> bool:
    """Whether a file that was found is worth parsing: else it need not even be YAML."""
    if content.startswith(_WIDE):
        content = content.replace(b"\0", b"")
    return b"apiVersion" in content and b"kind" in content
