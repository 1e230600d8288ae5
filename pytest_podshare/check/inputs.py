"""What to check: files, folders, globs, charts, overlays, standard input.

Nothing is parsed here. An input that cannot be read or rendered does not stop the others.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Sequence

from pytest_podshare import errors
from pytest_podshare.check import rendering
from pytest_podshare.check.job_runner import JobRunner
from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.releases.release_search import ReleaseSearch
from pytest_podshare.check.render_options import RenderOptions
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.check.search import SUFFIXES, Candidate, Search

__all__ = ["SUFFIXES", "Input", "Selection", "find", "list_candidates"]


@dataclasses.dataclass(frozen=True)
class Selection:
    """The manifests to check.

    Args:
        manifests: the manifests.
        problems: why others could not be found, read or rendered.
        notes: what was passed over although it was named, and why.
    """

    manifests: tuple[Input, ...]
    problems: tuple[errors.ManifestError, ...]
    notes: tuple[str, ...] = ()


def find(
    paths: Iterable[str],
    *,
    exclude: Sequence[str] = (),
    as_found: bool = False,
    render_timeout: float = rendering.TIMEOUT,
    read_stdin: Callable[[], bytes] | None = None,
    options: RenderOptions | None = None,
) -> Selection:
    """Return the manifests that the paths lead to, each once, in the order of paths and names.

    Args:
        paths: files, folders, globs, charts, overlays, or `-` for standard input.
        exclude: patterns of paths to skip, in which `*` also matches slashes.
        as_found: treat files that are named like files found in a folder: ignore those that are
            not manifests, and take a file of a chart or an overlay for the whole of it.
        render_timeout: seconds for each run of helm or kustomize.
        read_stdin: reads standard input.
        options: the options for helm and kustomize.
    """
    search = Search(tuple(exclude), as_found, read_stdin or _read_stdin, options or RenderOptions())
    candidates = [candidate for path in paths for candidate in search.follow(path)]
    runner = JobRunner(render_timeout)
    jobs = [candidate for candidate in candidates if isinstance(candidate, RenderJob)]
    rendered = iter(runner.run(jobs))
    manifests: list[Input] = []
    problems: list[errors.ManifestError] = []
    for candidate in candidates:
        if isinstance(candidate, RenderJob):
            manifests += next(rendered)
        elif isinstance(candidate, Input):
            manifests.append(candidate)
        else:
            problems.append(candidate)
    releases = ReleaseSearch(search.options, search.exclude)
    found = manifests
    while jobs := releases.find_jobs(found):
        found = [manifest for own in runner.run(jobs) for manifest in own]
        manifests += found
    notes = (*search.notes, *releases.notes)
    return Selection(tuple(manifests), (*problems, *runner.problems), notes)


def list_candidates(
    paths: Iterable[str],
    *,
    exclude: Sequence[str] = (),
    options: RenderOptions | None = None,
) -> list[Candidate]:
    """Return what the paths lead to before rendering: manifests, render jobs and problems."""
    search = Search(tuple(exclude), False, _read_stdin, options or RenderOptions())
    return [candidate for path in paths for candidate in search.follow(path)]


def _read_stdin() -> bytes:
    try:
        return sys.stdin.buffer.read()
    except (AttributeError, OSError) as error:  # it is closed, or a folder
        reason = getattr(error, "strerror", None) or "it is closed"
        raise errors.ManifestInvalid(
            f"Standard input cannot be read: {reason}.", "Pipe a manifest into the command."
        ) from None
