"""What to check: files, folders, globs, charts, overlays, standard input.

Nothing is parsed here. An input that cannot be read or rendered does not stop the others.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import rendering
from pytest_podshare.check.manifest_input import Input, split_rendered
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
    jobs = [candidate for candidate in candidates if isinstance(candidate, RenderJob)]
    missing = rendering.find_missing(jobs)
    jobs = [job for job in jobs if job.command[0] not in missing]
    candidates = [
        candidate
        for candidate in candidates
        if not isinstance(candidate, RenderJob) or candidate.command[0] not in missing
    ]
    rendered = iter(_render_all(jobs, render_timeout))
    results: list[Input | errors.ManifestError] = [*missing.values()]
    failures: dict[tuple[Path, str], list[tuple[RenderJob, errors.ManifestError]]] = {}
    for candidate in candidates:
        if not isinstance(candidate, RenderJob):
            results.append(candidate)
            continue
        for result in next(rendered):
            if isinstance(result, Input):
                results.append(result)
            else:
                key = candidate.folder, rendering.find_reason(result)
                failures.setdefault(key, []).append((candidate, result))
    problems = [result for result in results if isinstance(result, errors.ManifestError)]
    problems += map(_summarize_failures, failures.values())
    manifests = tuple(result for result in results if isinstance(result, Input))
    return Selection(manifests, tuple(problems), tuple(search.notes))


def _summarize_failures(
    failures: list[tuple[RenderJob, errors.ManifestError]],
) -> errors.ManifestError:
    """Return one error for all renderings that fail for the same reason."""
    job, error = failures[0]
    others = f"{job.folder} ({job.name} and {len(failures) - 1} more)"
    if len(failures) == 1 or not error.what.startswith(job.origin):
        return error
    return errors.RenderFailed(error.what.replace(job.origin, others, 1), error.remedy)


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


def _render_all(jobs: list[RenderJob], seconds: float) -> list[list[Input | errors.ManifestError]]:
    """Render side by side, and what is the same only once."""
    if not jobs:
        return []
    # not at the top: most checks render nothing, and the import takes longer than some of them
    from concurrent.futures import Future, ThreadPoolExecutor, wait

    keys = [job.read_input() for job in jobs]
    first_jobs = dict(zip(reversed(keys), reversed(jobs), strict=True))
    renderings: dict[object, Future[bytes]] = {}
    with ThreadPoolExecutor(min(len(jobs), _count_processors())) as pool:
        # the others need the dependencies that these fetch
        for updates in (True, False):
            for key in dict.fromkeys(keys):
                if (rendering.DEPENDENCY_UPDATE in first_jobs[key].command) == updates:
                    renderings[key] = pool.submit(rendering.render, first_jobs[key], seconds)
            if updates:
                wait(renderings.values())
        return [_split(job, renderings[key].result) for job, key in zip(jobs, keys, strict=True)]


def _count_processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _split(job: RenderJob, render: Callable[[], bytes]) -> list[Input | errors.ManifestError]:
    try:
        text = render()
    except (errors.RenderFailed, errors.RendererMissing) as error:
        return [] if job.optional and isinstance(error, errors.RenderFailed) else [error]
    return list(split_rendered(Input(job.origin, job.file, text, rendered=True, job=job)))
