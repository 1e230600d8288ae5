"""A failed test's report, with what was collected of its Pods, and without their secrets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pytest_podshare.deadline import Deadline
from pytest_podshare.escaping import printable
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.report.attachments import artifacts, collect
from pytest_podshare.report.attachments.collect import Attachment, Collected
from pytest_podshare.report.redaction.secret_mask import Mask

OPTION = "--podshare-artifacts-dir"
# of each text, and of all of them, in a terminal
_LINES, _ALL_LINES, _WIDTH = 40, 200, 300
# of each text, and of all of them, in JUnit XML; in bytes
_SIZE, _ALL_SIZE = 4 * 1024, 48 * 1024
# what of pytest's report, and of ours on it, may hold a secret
_SHOWN = ("longrepr", "sections", "podshare")


def attach(
    item: pytest.Item,
    report: pytest.TestReport,
    podshare: Podshare,
    folder: Path | None,
    patience: float = collect.PATIENCE,
) -> None:
    """Attach to a failure what helps to understand it; whatever happens, the failure stays.

    Args:
        item: the test.
        report: pytest's own, of the phase that failed.
        podshare: what deployed the test's Pods.
        folder: where files go; None for none.
        patience: seconds for all of it.
    """
    try:
        _attach(item, report, collect.collect(podshare, Deadline(patience)), folder)
    except Exception as error:  # noqa: BLE001 - the failure is what matters, and not what helps
        with contextlib.suppress(Exception):
            _hide(item, report, Mask())
        report.sections.append(("podshare", f"Not all could be attached: {type(error).__name__}."))


def _attach(
    item: pytest.Item, report: pytest.TestReport, collected: Collected, folder: Path | None
) -> None:
    _hide(item, report, collected.mask)
    said, note = _files(report.nodeid, collected.attachments, folder)
    report.sections += sections(collected.attachments, note)
    missing = map(printable, collected.missing)
    report.sections.append(("podshare", "\n".join([*missing, said])))
    item.user_properties += properties(collected.attachments)
    report.user_properties = list(item.user_properties)


def hide(item: pytest.Item, report: pytest.TestReport, podshare: Podshare) -> None:
    """Hide, in a report that nothing is attached to, what is secret without asking anybody."""
    _hide(item, report, collect.known(podshare))


def sections(texts: Iterable[Attachment], note: str) -> Iterator[tuple[str, str]]:
    """The texts as a terminal shows them: a title and a few lines each, and not too many in all."""
    room, left_out = _ALL_LINES, list[str]()
    for each in texts:
        if room <= 0:
            left_out.append(each.name)
            continue
        shown = each.cut(lines=min(_LINES, room, _worth_showing(each)), note=note).splitlines()
        room -= len(shown)
        yield f"podshare {printable(each.name)}", "\n".join(_line(line) for line in shown)
    if left_out:
        yield "podshare", printable(f"Left out: {', '.join(left_out)}: {note}.")


def properties(texts: Iterable[Attachment]) -> Iterator[tuple[str, object]]:
    """The texts as properties of a test, which JUnit XML takes, as far as there is room."""
    room = _ALL_SIZE
    for each in texts:
        text = each.cut(size=min(_SIZE, room))
        room -= len(text.encode("utf-8", "replace"))
        if room < 0:
            return
        yield f"podshare {printable(each.name)}", text


def _hide(item: pytest.Item, report: pytest.TestReport, mask: Mask) -> None:
    for name in _SHOWN:
        if name in vars(report):
            setattr(report, name, mask.data(getattr(report, name)))
    item.user_properties[:] = mask.data(item.user_properties)
    report.user_properties = list(item.user_properties)


def _files(nodeid: str, texts: Iterable[Attachment], folder: Path | None) -> tuple[str, str]:
    """What to say of the files, and where to read what was left out."""
    if folder is None:
        return f"{OPTION}=DIR keeps all of this in files.", f"see {OPTION}"
    try:
        home = artifacts.write(folder, nodeid, texts)
    except OSError as error:
        return f"{OPTION}: nothing could be kept: {error}.", f"{folder} could not be written"
    return f"All of this is kept in {home}", f"it is in {home}"


def _worth_showing(attachment: Attachment) -> int:
    """How many lines say something: of a table of mounts those of the volumes, up to a gap."""
    if "/mounts/" not in attachment.name:
        return _LINES
    lines = attachment.text.splitlines()
    return lines.index("") if "" in lines else len(lines)


def _line(line: str) -> str:
    shown = printable(line.expandtabs())
    return shown if len(shown) <= _WIDTH else f"{shown[:_WIDTH]}… {len(shown) - _WIDTH} more"
