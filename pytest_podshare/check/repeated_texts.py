"""Results for texts that several renders have in common: they are the same, if all they read is."""

from __future__ import annotations

import dataclasses
from typing import Generic, TypeVar

from pytest_podshare.check.manifest_input import Input
from pytest_podshare.wiring.render_objects import Reference, RenderObjects

Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True)
class RepeatedText(Generic[Result]):
    """The result for a text that may be rendered again.

    Args:
        line: the number of empty lines before the text.
        result: the result.
        references: the references of its Pods to other objects of the render.
        selected: what the render has of these objects.
    """

    line: int
    result: Result
    references: tuple[Reference, ...]
    selected: object

    def holds_for(self, objects: RenderObjects) -> bool:
        """Return whether the result is the same in a render with these objects."""
        return not self.references or objects.select(self.references) == self.selected


class RepeatedTexts(Generic[Result]):
    """The results for the texts of rendered manifests."""

    def __init__(self) -> None:
        self._by_text: dict[tuple[bytes, str], list[RepeatedText[Result]]] = {}

    def find(
        self, manifest: Input, objects: RenderObjects, version: str
    ) -> tuple[Result, int] | None:
        """Return the result for the text of a manifest, and by how many lines it has moved.

        Args:
            manifest: the manifest.
            objects: the objects of its render.
            version: the version of Kubernetes that it is for.
        """
        # most templates render the same with many value files, but on other lines
        text, line = _split(manifest)
        for entry in self._by_text.get((text, version), ()) if manifest.job is not None else ():
            if entry.holds_for(objects):
                return entry.result, line - entry.line
        return None

    def add(
        self,
        manifest: Input,
        objects: RenderObjects,
        version: str,
        references: tuple[Reference, ...],
        result: Result,
    ) -> None:
        """Add the result for a manifest that was rendered, with the references of its Pods."""
        if manifest.job is not None:
            text, line = _split(manifest)
            entry = RepeatedText(line, result, references, objects.select(references))
            self._by_text.setdefault((text, version), []).append(entry)


def _split(manifest: Input) -> tuple[bytes, int]:
    text = manifest.content.lstrip(b"\n")
    return text, len(manifest.content) - len(text)
