"""A failed test's report with attachments and without secrets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pytest_podshare.deadline import Deadline
from pytest_podshare.escaping import printable
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.report.attachments import artifacts, collect
from pytest_podshare.report.attachments.collect import Attachment
from pytest_podshare.report.redaction.secret_mask import Mask

_OPTION = "--podshare-artifacts-dir"
# of each attachment and of all of them, in a terminal
_LINES, _ALL_LINES, _WIDTH = 40, 200, 300
# of each attachment and of all of them, in JUnit XML; in bytes
_SIZE, _ALL_SIZE = 4 * 1024, 48 * 1024
# attributes of a report that may contain a secret
_ATTRIBUTES = ("longrepr", "sections", "podshare")


def attach(
    item: pytest.Item, report: pytest.TestReport, podshare: Podshare, folder: Path | None
) -> None:
    """Attach to a failure what helps to understand it; an error in here never replaces it.

    Args:
        item: the test.
        report: pytest's report of the phase that failed.
        podshare: the deployer of the test's Pods.
        folder: where to write files; None for no files.
    """
    try:
        seconds = collect.TIMEOUT * podshare.objects.timeouts.factor
        collected = collect.collect(podshare, Deadline(seconds))
        _redact(item, report, collected.mask)
        location, note = _write_files(report.nodeid, collected.attachments, folder)
        report.sections += build_sections(collected.attachments, note)
        missing = map(printable, collected.missing)
        report.sections.append(("podshare", "\n".join([*missing, location])))
        item.user_properties += build_properties(collected.attachments)
        report.user_properties = list(item.user_properties)
    except Exception as error:  # noqa: BLE001 - only the failure matters
        with contextlib.suppress(Exception):
            _redact(item, report, Mask())
        text = f"Some attachments are missing: {type(error).__name__}."
        report.sections.append(("podshare", text))


def redact(item: pytest.Item, report: pytest.TestReport, podshare: Podshare) -> None:
    """Hide secrets in a report without attachments; the cluster is not asked for them."""
    _redact(item, report, collect.create_mask(podshare))


def build_sections(attachments: Iterable[Attachment], note: str) -> Iterator[tuple[str, str]]:
    """Yield the title and a few lines of each attachment; the note says where the others are."""
    lines_left, omitted = _ALL_LINES, list[str]()
    for attachment in attachments:
        if lines_left <= 0:
            omitted.append(attachment.name)
            continue
        limit = min(_LINES, lines_left, _count_useful_lines(attachment))
        lines = attachment.cut(lines=limit, note=note).splitlines()
        lines_left -= len(lines)
        yield f"podshare {printable(attachment.name)}", "\n".join(map(_format_line, lines))
    if omitted:
        yield "podshare", printable(f"Omitted: {', '.join(omitted)} ({note}).")


def build_properties(attachments: Iterable[Attachment]) -> Iterator[tuple[str, object]]:
    """Yield the attachments as properties for JUnit XML, until the size limit is reached."""
    size_left = _ALL_SIZE
    for attachment in attachments:
        text = attachment.cut(size=min(_SIZE, size_left))
        size_left -= len(text.encode("utf-8", "replace"))
        if size_left < 0:
            return
        yield f"podshare {printable(attachment.name)}", text


def _redact(item: pytest.Item, report: pytest.TestReport, mask: Mask) -> None:
    for name in _ATTRIBUTES:
        if name in vars(report):
            setattr(report, name, mask.redact(getattr(report, name)))
    item.user_properties[:] = mask.redact(item.user_properties)
    report.user_properties = list(item.user_properties)


def _write_files(
    nodeid: str, attachments: Iterable[Attachment], folder: Path | None
) -> tuple[str, str]:
    """Return a sentence about the files, and a note for omitted lines."""
    if folder is None:
        return f"Set {_OPTION}=DIR to save all attachments as files.", f"see {_OPTION}"
    try:
        test_folder = artifacts.write(folder, nodeid, attachments)
    except OSError as error:
        return f"{_OPTION}: cannot write the attachments: {error}.", f"cannot write to {folder}"
    return f"All attachments are in {test_folder}", f"see {test_folder}"


def _count_useful_lines(attachment: Attachment) -> int:
    """Return how many lines to show at most: of a mount table those of the volumes, to the gap."""
    if "/mounts/" not in attachment.name:
        return _LINES
    lines = attachment.text.splitlines()
    return lines.index("") if "" in lines else len(lines)


def _format_line(line: str) -> str:
    text = printable(line.expandtabs())
    if len(text) <= _WIDTH:
        return text
    return f"{text[:_WIDTH]}… ({len(text) - _WIDTH} more characters)"
