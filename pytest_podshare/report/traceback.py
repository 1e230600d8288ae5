"""Failures without a traceback of ours: the user's own line, and the text."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import _pytest
import pluggy
import pytest

from pytest_podshare import errors

_OURS = Path(__file__).resolve().parent.parent
_MACHINERY = (Path(_pytest.__file__).parent, Path(pluggy.__file__).parent)


def without_our_frames(
    excinfo: pytest.ExceptionInfo[BaseException],
) -> pytest.ExceptionInfo[BaseException]:
    """The same failure without our frames, where it is one that is meant to be read.

    Where no frame of the user's is left, as when a fixture of ours fails, the text is all there
    is to show. A bug of ours is none of these failures, and keeps its whole traceback.
    """
    value = excinfo.value
    if not isinstance(value, (errors.PodshareError, AssertionError)) or not _passed(value, _OURS):
        return excinfo
    # what led to it inside is told by the text
    value.__suppress_context__ = True
    if isinstance(value, errors.PodshareError) and not _left(value.__traceback__, _MACHINERY):
        return _text_alone(str(value))
    value.__traceback__ = _until_ours(value.__traceback__)
    return pytest.ExceptionInfo.from_exception(value)


def _passed(value: BaseException, folder: Path) -> bool:
    """Whether the failure came out of that folder, rather than out of a test's own assert."""
    last = value.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and _is_in(last, folder)


def _until_ours(tb: TracebackType | None) -> TracebackType | None:
    """The frames up to our first one: what we call, and what calls us back, is our own matter."""
    if tb is None or _is_in(tb, _OURS):
        return None
    return TracebackType(_until_ours(tb.tb_next), tb.tb_frame, tb.tb_lasti, tb.tb_lineno)


def _left(tb: TracebackType | None, machinery: tuple[Path, ...]) -> bool:
    """Whether there is a frame that is neither ours nor pytest's."""
    while tb is not None:
        if not any(_is_in(tb, folder) for folder in (_OURS, *machinery)):
            return True
        tb = tb.tb_next
    return False


def _is_in(tb: TracebackType, folder: Path) -> bool:
    return folder in Path(tb.tb_frame.f_code.co_filename).parents


def _text_alone(text: str) -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.fail(text, pytrace=False)
    except pytest.fail.Exception:
        return pytest.ExceptionInfo.from_current()
