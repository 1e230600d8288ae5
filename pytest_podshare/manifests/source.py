"""The documents of a manifest, read as strictly as Kubernetes reads them."""

from __future__ import annotations

import copy
import dataclasses
import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests import encoding, excerpt, json_reader, schema, yaml_reader
from pytest_podshare.manifests.constraints import DuplicateKey, Keys
from pytest_podshare.manifests.position import Position
from pytest_podshare.manifests.syntax_error import ManifestSyntaxError

MAX_BYTES = 16 * 2**20
# nearly all manifests are smaller; a buffer of MAX_BYTES takes longer to get than to fill
_USUAL_BYTES = 2**16

# what a line contains → what to do about a syntax error there
_REMEDIES = {
    "{{": "This looks like a Helm template: pass the chart, or the output of `helm template`.",
    "<<<<<<<": "Resolve the merge conflict.",
}


@dataclasses.dataclass(frozen=True)
class Source:
    """The documents of a manifest.

    Args:
        origin: the name of the manifest in messages: a path, `<YAML text>` or `<dict>`.
        text: the text as it was read; "" for a dict.
        documents: the documents in order, without the empty ones.
        duplicate_keys: the keys that their mappings already have, if that is allowed.
    """

    origin: str
    text: str = dataclasses.field(repr=False)
    documents: tuple[Any, ...]
    duplicate_keys: tuple[DuplicateKey, ...] = ()

    @functools.cached_property
    def objects(self) -> tuple[dict[str, Any], ...]:
        """Return the Kubernetes objects, including the items of each List."""
        return tuple(_flatten(self, self.documents))

    def error(
        self,
        position: Position | None,
        problem: str,
        remedy: str,
        kind: type[errors.ManifestError] = errors.ManifestInvalid,
    ) -> errors.ManifestError:
        """Return an error that shows where in the manifest the problem is.

        Args:
            position: where; None if it is unknown.
            problem: what is wrong, without a full stop.
            remedy: one sentence that says what to do.
            kind: the class of the error.
        """
        place = f"{self.origin}:{position.line}:{position.column}" if position else self.origin
        shown = excerpt.render_excerpt(self.text, position)
        return kind(f"{place}: {problem}.", remedy, excerpt=shown)

    def check(self, value: Any, shape: schema.Shape, path: str = "") -> None:
        """Check the types of a value's fields.

        Args:
            value: the value.
            shape: the expected shape.
            path: the path of the value in the object, for example `spec.template`; "" for the
                object itself.

        Raises:
            ManifestInvalid: a field has the wrong type, or a required field is missing.
        """
        try:
            schema.check(value, shape)
        except schema.SchemaError as error:
            field = (path + error.field).removeprefix(".") or "this"
            raise self.error(error.position, f"{field} {error.problem}", error.remedy) from None


def read(
    source: Path | str | bytes | Mapping[str, Any],
    *,
    origin: str | None = None,
    unique_keys: bool = True,
) -> Source:
    """Read a manifest.

    Args:
        source: the path of a file, YAML or JSON as text or bytes, or a dict, which is copied.
        origin: the name of the manifest in messages; by default the path.
        unique_keys: whether a key that its mapping already has is an error.

    Raises:
        ManifestNotFound: the file does not exist.
        ManifestInvalid: the manifest cannot be read, or Kubernetes would not accept it.
    """
    if isinstance(source, Mapping):
        manifest = Source(origin or "<dict>", "", (copy.deepcopy(dict(source)),))
    else:
        origin = origin or (str(source) if isinstance(source, Path) else "<YAML text>")
        text = _decode(origin, read_bytes(source) if isinstance(source, Path) else source)
        keys = Keys(unique=unique_keys)
        documents = tuple(_parse(Source(origin, text, ()), keys))
        manifest = Source(origin, text, documents, tuple(keys.duplicates))
    # report an invalid List now rather than later
    _ = manifest.objects
    return manifest


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, or the beginning of a file that is too large.

    Raises:
        ManifestNotFound: the file does not exist.
        ManifestInvalid: the file cannot be read.
    """
    try:
        with open(path, "rb", opener=_open) as file:
            content = file.read(_USUAL_BYTES)
            if len(content) == _USUAL_BYTES:
                content += file.read(MAX_BYTES + 1 - _USUAL_BYTES)
            return content
    except FileNotFoundError:
        raise errors.ManifestNotFound(
            f"Manifest {path} does not exist (working directory: {Path.cwd()}).",
            "Pass the path of a YAML file, YAML text, or a dict.",
        ) from None
    except (OSError, ValueError) as error:
        # ValueError: the path contains a NUL character
        reason = getattr(error, "strerror", None) or error
        raise errors.ManifestInvalid(
            f"Cannot read {str(path)!r:.100}: {reason}.", "Pass the path of a readable YAML file."
        ) from None


def _open(path: str, flags: int) -> int:
    # without O_NONBLOCK, a pipe that nobody writes to would block for ever
    file = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(file, True)
    return file


def _decode(origin: str, content: str | bytes) -> str:
    if len(content) > MAX_BYTES:
        raise errors.ManifestInvalid(
            f"{origin} is larger than {MAX_BYTES // 2**20} MiB.", "Split it into several manifests."
        )
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    if wide := encoding.detect_wide(content):
        raise Source(origin, "", ()).error(
            Position(1, 1), f"the encoding is {wide}, not UTF-8", "Save the file as UTF-8."
        )
    try:
        return content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        text = content.decode(errors="replace")
        raise Source(origin, text, ()).error(
            excerpt.find_end(content[: error.start].decode()),
            f"invalid UTF-8 byte 0x{content[error.start]:02X}",
            "Save the file as UTF-8.",
        ) from None


def _parse(source: Source, keys: Keys) -> Iterator[Any]:
    documents: Iterable[Any] = ()
    try:
        if source.text.lstrip().startswith(("{", "[")):
            # if it is not JSON, it may be YAML
            try:
                documents = json_reader.read_json(source.text, keys)
            except ValueError:
                keys.duplicates.clear()
        documents = documents or yaml_reader.read_yaml(source.text, keys)
        yield from (document for document in documents if document is not None)
    except ManifestSyntaxError as error:
        line = excerpt.extract_line(source.text, error.position)
        remedies = (remedy for mark, remedy in _REMEDIES.items() if mark in line)
        remedy = next(remedies, error.remedy)
        raise source.error(error.position, error.problem, remedy) from None


def _flatten(source: Source, documents: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for document in documents:
        if not isinstance(document, dict):
            continue
        kind, items = document.get("kind"), document.get("items")
        is_list = isinstance(kind, str) and kind.endswith("List") and isinstance(items, list)
        if is_list or kind == "List":
            yield from _flatten(source, _list_items(source, document))
        else:
            yield document


def _list_items(source: Source, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the items of a List; an item of a PodList needs no kind of its own."""
    source.check(document, schema.LIST)
    kind = document["kind"].removesuffix("List")
    for item in document.get("items") or ():
        if kind and "kind" not in item:
            item["kind"] = kind
            item.setdefault("apiVersion", document.get("apiVersion", "v1"))
        yield item
