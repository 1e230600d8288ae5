"""One manifest to check, and the manifests of the templates in rendered text."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.manifests import encoding, parts, source
from pytest_podshare.manifests.source import Source

_SEPARATOR = re.compile(rb"^---", re.M)
# `templates/web.yaml` in a document that begins with `# Source: chart/templates/web.yaml`
_TEMPLATE = re.compile(rb"---[^\n]*\n# Source: [^/\n]*/([^\n]*)")


@dataclasses.dataclass(frozen=True)
class Input:
    """One manifest to check.

    Args:
        origin: its name in messages.
        path: its file, or the template that it was rendered from; None for standard input.
        content: its text.
        named: whether the user named it; a file that was only found may be anything.
        rendered: whether its lines are those of rendered text, not those of the file.
        job: how it was rendered; None if it was not, or not by podshare.
    """

    origin: str
    path: Path | None
    content: bytes = dataclasses.field(repr=False)
    named: bool = False
    rendered: bool = False
    job: RenderJob | None = None

    @property
    def chart(self) -> Path | None:
        """Return the chart that it was rendered from; None if it was not."""
        return self.job.folder if self.job is not None and self.job.is_chart else None

    def read(self) -> Source:
        """Return its parsed documents.

        Raises:
            ManifestInvalid: it cannot be parsed, or is not a Kubernetes manifest.
        """
        return source.read(self.content, origin=self.origin)

    def read_parts(self) -> Iterator[Source | errors.ManifestError]:
        """Yield its documents: all of them, or if some cannot be parsed, each by itself."""
        return parts.read_parts(self.content, self.origin)


def split_rendered(whole: Input) -> Iterator[Input]:
    """Yield the manifests of each template in rendered text."""
    for name, content in split_by_template(whole.content).items():
        file = whole.job.folder / name if whole.job and name else None
        yield dataclasses.replace(
            whole,
            origin=f"{whole.origin}: {name}" if name else whole.origin,
            path=file if file and os.path.isfile(file) else whole.path,  # noqa: PTH113
            content=content,
        )


def may_be_manifest(content: bytes) -> bool:
    """Return whether a file that was found is worth parsing; it may not even be YAML."""
    if encoding.detect_wide(content):
        content = content.replace(b"\0", b"")
    return b"apiVersion" in content and b"kind" in content


def split_by_template(text: bytes) -> Mapping[str, bytes]:
    """Return rendered text by the template in Helm's comments; "" for text without a comment.

    Empty lines replace the lines of other templates, so that all lines keep their numbers.
    """
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text)), len(text)]
    parts: dict[str, list[bytes]] = {}
    # the number of lines in the parts of each template
    counts: dict[str, int] = {}
    line = 0
    for start, end in itertools.pairwise(starts):
        part = text[start:end]
        found = _TEMPLATE.match(part)
        name = found[1].decode(errors="replace").rstrip() if found else ""
        parts.setdefault(name, []).append(b"\n" * (line - counts.get(name, 0)) + part)
        line = counts[name] = line + part.count(b"\n")
    texts = ((name, b"".join(own)) for name, own in parts.items())
    return {name: whole for name, whole in texts if whole.strip(b"- \r\n")}
