"""Which overlays belong together: those with a base in common."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import rendering
from pytest_podshare.manifests import source

_FIELDS = ("resources", "bases", "components")


def find_families(folders: Iterable[Path]) -> Mapping[Path, tuple[Path, int]]:
    """Return for each overlay the first of its family, and the number of folders it builds on."""
    builds_on = {folder: _find_reached(folder) for folder in folders}
    families: list[tuple[Path, set[Path]]] = []
    for folder, reached in builds_on.items():
        related = [family for family in families if family[1] & reached]
        families = [family for family in families if family not in related]
        first = related[0][0] if related else folder
        families.append((first, reached.union(*(family[1] for family in related))))
    return {
        folder: (first, len(reached))
        for folder, reached in builds_on.items()
        for first, members in families
        if reached <= members
    }


def find_bases(folders: Iterable[Path]) -> frozenset[Path]:
    """Return those of some overlays on which another of them builds."""
    real = {Path(os.path.realpath(folder)): folder for folder in folders}
    reached = (_find_reached(folder) - {folder} for folder in real)
    return frozenset(real[folder] for found in reached for folder in found & real.keys())


def _find_reached(folder: Path) -> set[Path]:
    """Return an overlay and all folders that it builds on."""
    reached: set[Path] = set()
    waiting = [Path(os.path.realpath(folder))]
    while waiting:
        current = waiting.pop()
        if current not in reached:
            reached.add(current)
            waiting += _find_bases(current)
    return reached


def _find_bases(folder: Path) -> Iterator[Path]:
    file = rendering.find_kustomization(folder)
    try:
        documents = source.read(file).documents if file else ()
    except errors.ManifestError:  # kustomize says why
        return
    for document in documents:
        for field in _FIELDS if isinstance(document, dict) else ():
            for entry in document.get(field) or ():
                base = Path(os.path.realpath(folder / str(entry)))
                if rendering.find_kustomization(base) is not None:
                    yield base
