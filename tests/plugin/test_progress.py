"""What a run shows while a test waits: a status in a terminal, lines elsewhere, or nothing."""

import os
import pty
import re
import subprocess
import sys

import pytest

TEXT = "podshare: 1 restart under way"
# a test that has waited for eleven seconds, and asks twice whether something is to be shown
WAITING = f"""
import pytest
from pytest_podshare.plugin.progress import Progress

def test_it(pytestconfig):
    progress = Progress(pytestconfig)
    pytestconfig.pluginmanager.register(progress)
    progress.describe = lambda: {TEXT!r}
    progress._last_output -= SECONDS
    with progress:
        for _ in range(2):
            progress.show()
    print("its own output")
    assert RESULT
"""
TIMES = ("-p", "no:pytest-kind", "-p", "no:cacheprovider")


@pytest.fixture
def run(pytester):
    """Return a function that runs a test that waits, and returns what was printed."""

    def run_pytest(*args, seconds=11, result=True):
        text = WAITING.replace("SECONDS", str(seconds)).replace("RESULT", str(result))
        pytester.makepyfile(text)
        return pytester.runpytest_subprocess(*TIMES, *args)

    return run_pytest


@pytest.mark.parametrize("args", [(), ("-v",), ("-s",), ("-p", "no:capture", "-v")])
def test_a_log_has_one_line_after_ten_seconds_without_another(run, args):
    """In a line of its own, and the result of the test that waits has its file before it."""
    result = run(*args)

    result.assert_outcomes(passed=1)
    (number,) = [number for number, line in enumerate(result.outlines) if TEXT in line]
    assert result.outlines[number] == TEXT
    rest = "\n".join(result.outlines[number + 1 :])
    assert re.match(r"(its own output\n)?\n?test_\S+\.py(::test_it PASSED| \.)", rest)


@pytest.mark.parametrize(
    ("args", "seconds"), [((), 9), (("-q",), 11), (("-qq",), 11), (("-p", "no:terminal"), 11)]
)
def test_nothing_is_written_that_nobody_wants(run, args, seconds):
    """Not so soon, not with -q, and not without pytest's terminal reporter."""
    result = run(*args, seconds=seconds)

    assert result.ret == pytest.ExitCode.OK
    assert TEXT not in result.stdout.str()


def test_the_output_of_the_test_is_captured_without_it(run):
    """A failure shows what the test itself has written."""
    result = run(result=False)

    result.assert_outcomes(failed=1)
    captured = result.stdout.str().partition("Captured stdout call")[2]
    assert "its own output" in captured
    assert TEXT not in captured


@pytest.mark.parametrize("args", [(), ("-v",)])
def test_a_terminal_has_a_status_that_is_erased(pytester, args):
    """It follows what pytest has written in the line, and the cursor goes back."""
    pytester.makepyfile(WAITING.replace("SECONDS", "0").replace("RESULT", "True"))
    terminal, other_end = pty.openpty()
    command = [sys.executable, "-m", "pytest", *TIMES, *args]
    process = subprocess.Popen(
        command, stdout=other_end, cwd=pytester.path, env={**os.environ, "COLUMNS": "120"}
    )
    os.close(other_end)
    printed = b""
    # reading fails once nobody holds the other end
    while chunk := _read(terminal):
        printed += chunk
    os.close(terminal)

    assert process.wait() == pytest.ExitCode.OK
    status = f"\x1b[K{TEXT}\x1b[{len(TEXT)}D".encode()
    assert status * 2 + b"\x1b[K" in printed
    assert printed.count(TEXT.encode()) == 2


def _read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
