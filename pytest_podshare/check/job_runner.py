"""Runs render jobs side by side, and collects why some of them fail."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import rendering
from pytest_podshare.check.manifest_input import Input, split_rendered
from pytest_podshare.check.rendering import RenderJob

_Results = list[Input | errors.ManifestError]


@dataclasses.dataclass
class JobRunner:
    """Runs jobs, and summarizes what is wrong with all of them.

    Args:
        seconds: the time limit for each run of helm or kustomize.
    """

    seconds: float
    _missing: dict[str, errors.RendererMissing] = dataclasses.field(default_factory=dict)
    _failures: dict[object, list[tuple[RenderJob, errors.ManifestError]]] = dataclasses.field(
        default_factory=dict
    )
    # charts that other values than the default ones have rendered
    _rendered: set[Path] = dataclasses.field(default_factory=set)

    def run(self, jobs: Sequence[RenderJob]) -> list[list[Input]]:
        """Return the manifests of each job; none for a job that fails."""
        for program, error in rendering.find_missing(jobs).items():
            self._missing.setdefault(program, error)
        possible = [job for job in jobs if job.command[0] not in self._missing]
        results = dict(zip(possible, _render_all(possible, self.seconds), strict=True))
        return [self._sort(job, results.get(job, [])) for job in jobs]

    @property
    def problems(self) -> tuple[errors.ManifestError, ...]:
        """Return what is wrong, once for all jobs that fail for the same reason."""
        failures = (
            [entry for entry in entries if not self._is_rendered_otherwise(entry[0])]
            for entries in self._failures.values()
        )
        return (*self._missing.values(), *map(_summarize, filter(None, failures)))

    def _sort(self, job: RenderJob, results: _Results) -> list[Input]:
        manifests = [result for result in results if isinstance(result, Input)]
        for result in results:
            if not isinstance(result, Input):
                key = job.folder, rendering.find_reason(result)
                self._failures.setdefault(key, []).append((job, result))
        if manifests and job.name != rendering.DEFAULT_VALUES:
            self._rendered.add(job.folder)
        return manifests

    def _is_rendered_otherwise(self, job: RenderJob) -> bool:
        """Return whether only the default values fail, as those of charts that need others do."""
        return job.name == rendering.DEFAULT_VALUES and job.folder in self._rendered


def _summarize(failures: list[tuple[RenderJob, errors.ManifestError]]) -> errors.ManifestError:
    """Return one error for all renderings that fail for the same reason."""
    job, error = failures[0]
    others = f"{job.folder} ({job.name} and {len(failures) - 1} more)"
    if len(failures) == 1 or not error.what.startswith(job.origin):
        return error
    return errors.RenderFailed(error.what.replace(job.origin, others, 1), error.remedy)


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
