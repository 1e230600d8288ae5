"""The documents of a manifest, each read by itself, so that a bad one does not hide the others."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from pytest_podshare import errors
from pytest_podshare.manifests import source
from pytest_podshare.manifests.source import Source

# no value can contain such a line
_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.M)
_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]+")


def read_parts(content: bytes, origin: str) -> Iterator[Source | errors.ManifestError]:
    """Yield a manifest, or if it is not valid, each of its documents or why that is not valid.

    A mapping may have a key twice, as it may for Helm.

    Args:
        content: YAML or JSON.
        origin: the name of the manifest in messages.
    """
    whole = _read(content, origin)
    documents = _split(content) if isinstance(whole, errors.ManifestError) else []
    if len(documents) < 2:
        yield whole
        return
    for document in documents:
        yield _read(document, origin)


def _read(content: str | bytes, origin: str) -> Source | errors.ManifestError:
    try:
        return source.read(content, origin=origin, unique_keys=False)
    except errors.ManifestError as error:
        return error


def _split(content: bytes) -> list[str]:
    """Return the documents, each below as many empty lines as it takes to keep its line numbers."""
    try:
        text = content.decode() if len(content) <= source.MAX_BYTES else ""
    except UnicodeDecodeError:
        return []
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text)), len(text)]
    parts = [(text[:start], text[start:end]) for start, end in itertools.pairwise(starts)]
    return [_LINE.sub("", before) + part for before, part in parts if part.strip("- \t\r\n")]
