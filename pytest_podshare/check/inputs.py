"""What there is to check: files, what lies in folders, globs, charts, overlays, standard input.

Nothing is parsed here. What cannot be had is a problem beside the rest, and stops nothing.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from pytest_podshare import errors
from pytest_podshare.check import rendering
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.check.search import SUFFIXES, Candidate, Input, Search, split

__all__ = ["SUFFIXES", "Found", "Input", "find", "listed"]


@dataclasses.dataclass(frozen=True)
class Found:
    """What there is to check, and what could not be had."""

    inputs: tuple[Input, ...]
    problems: tuple[errors.ManifestError, ...]


def find(
    paths: Iterable[str],
    *,
    exclude: Sequence[str] = (),
    as_found: bool = False,
    render_seconds: float = rendering.SECONDS,
    stdin: Callable[[], bytes] | None = None,
) -> Found:
    """Everything that the paths lead to, each once, in their order and then by name.

    Args:
        paths: files, folders, globs, charts, overlays, or `-`.
        exclude: patterns of paths that are passed over; a `*` stands for slashes as well.
        as_found: treat what is named as if it had been found in a folder; a file of a chart or of
            an overlay stands for the whole of it.
        render_seconds: time for each run of helm or kustomize.
        stdin: gives standard input.
    """
    things = listed(paths, exclude=exclude, as_found=as_found, stdin=stdin)
    scenarios = [thing for thing in things if isinstance(thing, RenderJob)]
    with ThreadPoolExecutor(max(1, min(len(scenarios), os.cpu_count() or 1))) as pool:
        rendered = pool.map(lambda each: _rendered(each, render_seconds), scenarios)
        whole = itertools.chain.from_iterable(
            next(rendered) if isinstance(thing, RenderJob) else [thing] for thing in things
        )
        results = list(whole)
    return Found(
        tuple(each for each in results if isinstance(each, Input)),
        tuple(each for each in results if isinstance(each, errors.ManifestError)),
    )


def listed(
    paths: Iterable[str],
    *,
    exclude: Sequence[str] = (),
    as_found: bool = False,
    stdin: Callable[[], bytes] | None = None,
) -> list[Candidate]:
    """The same before anything is rendered: manifests, what is to be rendered, and problems."""
    search = Search(tuple(exclude), as_found, stdin or sys.stdin.buffer.read)
    return [thing for path in paths for thing in search.given(path)]


def _rendered(scenario: RenderJob, seconds: float) -> list[Input | errors.ManifestError]:
    try:
        text = rendering.render(scenario, seconds)
    except errors.RenderFailed as error:
        return [] if scenario.optional else [error]
    except errors.RendererMissing as error:
        return [error]
    whole = Input(scenario.origin, scenario.folder, text, rendered=True)
    return list(split(whole))
