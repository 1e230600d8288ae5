"""One manifest to check, before it is parsed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from pytest_podshare.check import rendering
from pytest_podshare.wiring import source
from pytest_podshare.wiring.source import Source


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
