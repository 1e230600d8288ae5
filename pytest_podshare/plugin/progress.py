"""What a run is waiting for: a status in a terminal, or a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

# seconds without any other output after which a line is written
_PAUSE = 10.0
# seconds between two looks at what is under way
TICK = 0.5
# columns that a status needs at least
_MIN_WIDTH = 30
_ERASE, _BACK = "\x1b[K", "\x1b[{}D"


class Progress:
    """Shows what is under way while a test waits; for the main thread only.

    In a terminal, the status follows what pytest has written in the line, and is erased at the end
    of the wait. Elsewhere, a line is written when nothing else was for ten seconds. With -q, or
    without pytest's terminal reporter, nothing is.

    Args:
        config: the configuration of the run.

    Attributes:
        describe: returns what is under way; "" for nothing.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.describe: Callable[[], str] = str
        self._config = config
        # workers of pytest-xdist have none
        self._reporter: Any = config.pluginmanager.getplugin("terminalreporter")
        self._capture: Any = config.pluginmanager.getplugin("capturemanager")
        self._is_silent = self._reporter is None or config.get_verbosity() < 0
        self._is_shown = False
        self._has_line = False
        self._last_output = time.monotonic()

    def __repr__(self) -> str:
        return f"<Progress: {self.describe() or 'nothing'}>"

    def __enter__(self) -> None:
        return

    def __exit__(self, *_error: object) -> None:
        if self._is_shown:
            self._is_shown = False
            self._write(_ERASE)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that pytest writes something; after a line, name the file of the test again."""
        self._last_output = time.monotonic()
        if self._has_line and self._reporter.showfspath and self._reporter.verbosity <= 0:
            file = self._config.rootpath / report.nodeid.partition("::")[0]
            self._reporter.currentfspath = file
            folder = self._config.invocation_params.dir
            self._reporter.write(f"{os.path.relpath(file, folder)} ")
        self._has_line = False

    def show(self) -> None:
        """Show what is under way, unless that would be too much."""
        if self._is_silent or not (text := self.describe()):
            return
        if not self._reporter.isatty():
            if time.monotonic() - self._last_output >= _PAUSE:
                self._last_output = time.monotonic()
                with self._without_capture():
                    self._reporter.write_line(text)
                    self._reporter.flush()
                    self._has_line = True
            return
        writer = self._config.get_terminal_writer()
        width = writer.fullwidth - writer.width_of_current_line - 1
        if width >= _MIN_WIDTH:
            self._is_shown, text = True, text[:width]
            self._write(f"{_ERASE}{text}{_BACK.format(len(text))}")

    def _write(self, text: str) -> None:
        """Write to the terminal without the knowledge of pytest's writer, which goes on here."""
        with self._without_capture():
            sys.stdout.write(text)
            sys.stdout.flush()

    def _without_capture(self) -> contextlib.AbstractContextManager[None]:
        if self._capture is None:
            return contextlib.nullcontext()
        suspended: contextlib.AbstractContextManager[None]
        suspended = self._capture.global_and_fixture_disabled()
        return suspended
