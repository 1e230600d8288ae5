"""A manifest's text, read strictly: nothing that kubectl would read in another way goes through."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests import excerpt, json_reader, schema, yaml_reader
from pytest_podshare.manifests.position import Position
from pytest_podshare.manifests.syntax_error import ManifestSyntaxError

LARGEST = 16 * 2**20

_DICT, _TEXT = "the given dict", "the given YAML"
_RENDER = "It looks like a chart's template: give the chart, or what `helm template` prints."


@dataclasses.dataclass(frozen=True)
class Source:
    """What a manifest holds, and where it came from.

    Args:
        origin: where it came from, for messages: a path, `the given YAML` or `the given dict`.
        text: the text as it was read; "" of a dict.
        documents: its documents, in their order, without the empty ones.
    """

    origin: str
    text: str = dataclasses.field(repr=False)
    documents: tuple[Any, ...]

    @functools.cached_property
    def objects(self) -> tuple[dict[str, Any], ...]:
        """Every mapping among the documents, those of a List taken out of it."""
        return tuple(_flattened(self, self.documents))

    def place(self, at: Position | None) -> str:
        """`pod.yaml:3:7`, or the origin alone where nobody knows the line."""
        return self.origin if at is None else f"{self.origin}:{at.line}:{at.column}"

    def invalid(self, at: Position | None, problem: str, remedy: str) -> errors.ManifestInvalid:
        """The error that something in this manifest is wrong, with its line and a caret.

        Args:
            at: where; None if nobody knows.
            problem: what is the matter, without a full stop.
            remedy: one sentence, saying what to do.
        """
        return errors.ManifestInvalid(
            f"{self.place(at)}: {problem}.", remedy, excerpt=self.excerpt(at)
        )

    def check(self, value: Any, expected: schema.Shape, path: str = "") -> None:
        """Check a value in this manifest.

        Args:
            value: the value.
            expected: its shape.
            path: where it is in its object (`spec.template`); "" for the object itself.

        Raises:
            ManifestInvalid: it is not of that shape; the error names the field.
        """
        try:
            schema.check(value, expected)
        except schema.SchemaError as wrong:
            field = (path + wrong.field).removeprefix(".") or "this"
            raise self.invalid(wrong.at, f"{field} {wrong.problem}", wrong.remedy) from None

    def excerpt(self, at: Position | None) -> str:
        """The line of that place and a caret below it; "" where nobody knows the line."""
        return excerpt.of(self.text, at)


def read(source: Path | str | bytes | Mapping[str, Any], *, origin: str | None = None) -> Source:
    """Read a manifest.

    Args:
        source: the path of a file, YAML or JSON as text or as bytes, or a dict, which is copied.
        origin: what messages call it; a path is its own name.

    Raises:
        ManifestNotFound: no such file.
        ManifestInvalid: it cannot be read, or Kubernetes cannot mean it.
    """
    if isinstance(source, Mapping):
        found = Source(origin or _DICT, "", (copy.deepcopy(dict(source)),))
    else:
        origin = origin or (str(source) if isinstance(source, Path) else _TEXT)
        text = _text(origin, content(source) if isinstance(source, Path) else source)
        found = Source(origin, text, tuple(_documents(Source(origin, text, ()))))
    # a List that is none is told at once
    _ = found.objects
    return found


def content(path: Path) -> bytes:
    """The bytes of a file; of one that is larger than what is read, the first of them.

    Raises:
        ManifestNotFound: no such file.
        ManifestInvalid: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        raise errors.ManifestNotFound(
            f"There is no manifest {path} (looked from {Path.cwd()}).",
            "Give the path of a YAML file, YAML text, or a dict.",
        ) from None
    except (OSError, ValueError) as error:
        # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or error
        raise errors.ManifestInvalid(
            f"{str(path)!r:.100} cannot be read: {reason}.",
            "Give the path of a readable YAML file.",
        ) from None


def _text(origin: str, source: str | bytes) -> str:
    if len(source) > LARGEST:
        raise errors.ManifestInvalid(
            f"{origin} is larger than {LARGEST // 2**20} MiB.",
            "Give the manifests alone, in several files.",
        )
    text = _decoded(origin, source) if isinstance(source, bytes) else source
    return text.removeprefix("\ufeff")


def _decoded(origin: str, source: bytes) -> str:
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        is_wide = source.startswith((b"\xff\xfe", b"\xfe\xff"))
        before = source[: error.start].decode()
        text = source.decode(errors="replace")
        raise Source(origin, "" if is_wide else text, ()).invalid(
            excerpt.end_of(before),
            "this is UTF-16 and not UTF-8" if is_wide else "this byte is no UTF-8",
            "Save the file as UTF-8.",
        ) from None


def _documents(source: Source) -> Iterator[Any]:
    try:
        found = _json(source.text) or yaml_reader.documents(source.text)
        yield from (each for each in found if each is not None)
    except ManifestSyntaxError as fault:
        is_template = "{{" in excerpt.line_of(source.text, fault.at)
        remedy = _RENDER if is_template else fault.remedy
        raise source.invalid(fault.at, fault.problem, remedy) from None


def _json(text: str) -> list[Any] | None:
    """The documents of a text that is JSON; None for one that at best is YAML."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json_reader.documents(text)
    except ValueError:
        return None


def _flattened(source: Source, documents: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for document in documents:
        if not isinstance(document, dict):
            continue
        kind, items = document.get("kind"), document.get("items")
        is_list = isinstance(kind, str) and kind.endswith("List") and isinstance(items, list)
        if is_list or kind == "List":
            yield from _flattened(source, _entries(source, document))
        else:
            yield document


def _entries(source: Source, whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The entries of a List; those of a list of one kind need not say again what they are."""
    source.check(whole, schema.LIST)
    kind = whole["kind"].removesuffix("List")
    for item in whole.get("items") or ():
        if kind and "kind" not in item:
            item["kind"] = kind
            item.setdefault("apiVersion", whole.get("apiVersion", "v1"))
        yield item
