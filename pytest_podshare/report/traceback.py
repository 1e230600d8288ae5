"""Failures without the plugin's own frames: the test's line and the error's text remain."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import _pytest
import pluggy
import pytest

from pytest_podshare import errors

_PLUGIN = Path(__file__).resolve().parent.parent
_PYTEST = (Path(_pytest.__file__).parent, Path(pluggy.__file__).parent)


def hide_plugin_frames(
    excinfo: pytest.ExceptionInfo[BaseException],
) -> pytest.ExceptionInfo[BaseException]:
    """Return a failure without the plugin's frames, if the failure is addressed to the user.

    If no frame of the user remains, as when a fixture of the plugin fails, only the text is shown.
    A bug in the plugin keeps its whole traceback.
    """
    error = excinfo.value
    is_ours = isinstance(error, (errors.PodshareError, AssertionError))
    if not is_ours or not _is_raised_in(error, _PLUGIN):
        return excinfo
    # the text of the error covers its context
    error.__suppress_context__ = True
    if isinstance(error, errors.PodshareError) and not _has_user_frame(error.__traceback__):
        return _without_traceback(str(error))
    error.__traceback__ = _cut_at_plugin(error.__traceback__)
    return pytest.ExceptionInfo.from_exception(error)


def _is_raised_in(error: BaseException, folder: Path) -> bool:
    """Return whether code in that folder raised the error, rather than a test's own assert."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and _is_in(last, folder)


def _cut_at_plugin(tb: TracebackType | None) -> TracebackType | None:
    """Return the frames above the plugin's first one."""
    if tb is None or _is_in(tb, _PLUGIN):
        return None
    return TracebackType(_cut_at_plugin(tb.tb_next), tb.tb_frame, tb.tb_lasti, tb.tb_lineno)


def _has_user_frame(tb: TracebackType | None) -> bool:
    """Return whether a frame belongs neither to the plugin nor to pytest."""
    while tb is not None:
        if not any(_is_in(tb, folder) for folder in (_PLUGIN, *_PYTEST)):
            return True
        tb = tb.tb_next
    return False


def _is_in(tb: TracebackType, folder: Path) -> bool:
    return folder in Path(tb.tb_frame.f_code.co_filename).parents


def _without_traceback(text: str) -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.fail(text, pytrace=False)
    except pytest.fail.Exception:
        return pytest.ExceptionInfo.from_current()
