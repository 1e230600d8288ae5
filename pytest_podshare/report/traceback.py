"""Failures without the plugin's own frames: the test's line and the error's text remain."""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb
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
    A bug in the plugin keeps its whole traceback, and so does a test's own assert.
    """
    error = excinfo.value
    if not isinstance(error, (errors.PodshareError, AssertionError)):
        return excinfo
    files = [frame.f_code.co_filename for frame, _ in walk_tb(error.__traceback__)]
    if not files or not _is_in(files[-1], _PLUGIN):
        return excinfo
    # the text of the error covers its context
    error.__suppress_context__ = True
    is_users = any(not _is_in(file, _PLUGIN, *_PYTEST) for file in files)
    if isinstance(error, errors.PodshareError) and not is_users:
        return _without_traceback(str(error))
    error.__traceback__ = _cut_at_plugin(error.__traceback__)
    return pytest.ExceptionInfo.from_exception(error)


def _cut_at_plugin(tb: TracebackType | None) -> TracebackType | None:
    """Return the frames above the plugin's first one."""
    if tb is None or _is_in(tb.tb_frame.f_code.co_filename, _PLUGIN):
        return None
    return TracebackType(_cut_at_plugin(tb.tb_next), tb.tb_frame, tb.tb_lasti, tb.tb_lineno)


def _is_in(file: str, *folders: Path) -> bool:
    return not set(folders).isdisjoint(Path(file).parents)


def _without_traceback(text: str) -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.fail(text, pytrace=False)
    except pytest.fail.Exception:
        return pytest.ExceptionInfo.from_current()
