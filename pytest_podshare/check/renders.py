"""Renders: which manifests are applied together, and the objects in them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check import overlay_families
from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.manifests.source import Source
from pytest_podshare.wiring.render_objects import KINDS, RenderObjects, VolumeObject, read_objects

# manifests without such a text need not be read before the others
_HAS_OBJECTS = re.compile(rb"kind\W{1,5}(?:%s)\b" % "|".join(KINDS).encode())
# what `helm template` and `helm get manifest` write before each document
_HELM_OUTPUT = b"\n# Source: "

Parts = Sequence[Source | errors.ManifestError]


class Renders:
    """The renders of a check: charts with one set of values each, overlays, folders and files.

    Args:
        manifests: all manifests of the check.
    """

    def __init__(self, manifests: Iterable[Input]) -> None:
        self._keys: dict[int, object] = {}
        self._manifests: dict[object, list[Input]] = {}
        for manifest in manifests:
            key = self._keys[id(manifest)] = _identify(manifest)
            self._manifests.setdefault(key, []).append(manifest)
        self._objects: dict[object, RenderObjects] = {}
        # what was read before it was checked, and the objects of a text
        self._parts: dict[int, Parts] = {}
        self._by_text: dict[bytes, tuple[VolumeObject, ...]] = {}

    def read_parts(self, manifest: Input) -> Parts:
        """Return the documents of a manifest."""
        return self._parts.pop(id(manifest), None) or tuple(manifest.read_parts())

    def find_objects(self, manifest: Input) -> RenderObjects:
        """Return the objects of the render to which a manifest belongs."""
        key = self._keys[id(manifest)]
        if key not in self._objects:
            self._objects[key] = self._read(key)
        return self._objects[key]

    def _read(self, key: object) -> RenderObjects:
        if isinstance(key, RenderJob) and key.folder in self._bases:
            # the overlays that build on it add what is missing
            return RenderObjects()
        manifests = self._manifests[key]
        return RenderObjects(
            tuple(thing for manifest in manifests for thing in self._read_objects(manifest)),
            tuple(manifest.content for manifest in manifests),
            self._file_texts if isinstance(key, Path) else (),
        )

    def _read_objects(self, manifest: Input) -> tuple[VolumeObject, ...]:
        if not _HAS_OBJECTS.search(manifest.content):
            return ()
        text = manifest.content.lstrip(b"\n")
        if manifest.job is None or text not in self._by_text:
            parts = self._parts[id(manifest)] = tuple(manifest.read_parts())
            sources = (part for part in parts if isinstance(part, Source))
            found = tuple(thing for source in sources for thing in read_objects(source))
            if manifest.job is None:
                return found
            self._by_text[text] = found
        return self._by_text[text]

    @functools.cached_property
    def _bases(self) -> frozenset[Path]:
        jobs = {key for key in self._manifests if isinstance(key, RenderJob)}
        return overlay_families.find_bases({job.folder for job in jobs if not job.is_chart})

    @functools.cached_property
    def _file_texts(self) -> tuple[bytes, ...]:
        """Return the texts of all files, from which the Pods of any may get their objects."""
        return tuple(
            manifest.content
            for key, manifests in self._manifests.items()
            if isinstance(key, Path)
            for manifest in manifests
        )


def _identify(manifest: Input) -> object:
    """Return what manifests of the same render have in common."""
    if manifest.job is not None:
        return manifest.job
    if manifest.path is None:
        return None
    if _HELM_OUTPUT in manifest.content:
        return str(manifest.path)
    return manifest.path.parent
