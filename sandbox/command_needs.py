"""Decide from a command line whether the command needs a cluster or a browser.

What is not recognized is assumed to need a cluster.
"""

from __future__ import annotations

import configparser
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from sandbox import paths

# Programs that read code and never run it.
CHECKERS = ("lint-imports", "mypy", "ruff")
# Tests that use no cluster.
LOCAL_TESTS = ("tests/unit", "tests/plugin", "tests/sandbox", "tests/browser")
BROWSER_TESTS = "tests/browser"
# Options of pytest whose value may be the name of a file, but never of a test to run.
_VALUE_OPTIONS = (
    *("-c", "-k", "-m", "-n", "-o", "-p", "--basetemp", "--confcutdir", "--deselect"),
    *("--ignore", "--junit-xml", "--junitxml", "--log-file", "--rootdir"),
)


def needs_cluster(command: Sequence[str]) -> bool:
    """Return whether a command needs a cluster."""
    program, *arguments = _without_interpreter(command)
    if program in CHECKERS:
        return False
    if program == "podshare":
        return arguments[:1] != ["check"]
    if program == "pytest":
        tests = _test_paths(arguments)
        return not tests or not all(_is_local(path) for path in tests)
    return True


def tox_needs_cluster(arguments: Sequence[str]) -> bool:
    """Return whether tox, given these arguments, runs an environment that needs a cluster."""
    commands = _tox_commands(arguments)
    return commands is None or any(needs_cluster(command) for command in commands)


def tox_needs_browser(arguments: Sequence[str]) -> bool:
    """Return whether tox, given these arguments, runs an environment with tests in a browser."""
    commands = _tox_commands(arguments)
    return commands is None or any(BROWSER_TESTS in command for command in commands)


def _without_interpreter(command: Sequence[str]) -> list[str]:
    """Return the program's name and its arguments, without ``python -m``."""
    words = list(command)
    if Path(words[0]).name.startswith("python") and words[1:2] == ["-m"]:
        words = words[2:]
    return [Path(words[0]).name, *words[1:]] if words else [""]


def _test_paths(arguments: Sequence[str]) -> list[Path]:
    """Return the arguments of pytest that are paths of tests."""
    tests = []
    for previous, word in zip(["", *arguments], arguments, strict=False):
        if word.startswith("-") or previous in _VALUE_OPTIONS:
            continue
        path = Path(os.path.normpath(paths.CHECKOUT / word.partition("::")[0]))
        exists = os.path.exists(path)  # noqa: PTH110 - Path.exists raises if a name is too long
        if exists or path.is_relative_to(paths.CHECKOUT / "tests"):
            tests.append(path)
    return tests


def _is_local(path: Path) -> bool:
    """Return whether the tests below a path use no cluster."""
    # The screenshots are taken of the reports of real runs.
    takes_screenshots = bool(os.environ.get("PODSHARE_SCREENSHOTS"))
    folders = [
        folder for folder in LOCAL_TESTS if not (folder == BROWSER_TESTS and takes_screenshots)
    ]
    return any(path.is_relative_to(paths.CHECKOUT / folder) for folder in folders)


def _tox_commands(arguments: Sequence[str]) -> list[list[str]] | None:
    """Return the commands of the environments selected by ``-e``.

    None if they are not selected by ``-e``, or if one of them is not a section of tox.ini.
    """
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    environments = _selected_environments(words[:end])
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(paths.CHECKOUT / "tox.ini")
    commands = []
    for environment in environments:
        lines = tox.get(f"testenv:{environment}", "commands", fallback="").splitlines()
        if not any(lines):
            return None
        commands += [shlex.split(line) for line in lines if line]
    return [_with_posargs(command, words[end + 1 :]) for command in commands] or None


def _selected_environments(words: Sequence[str]) -> list[str]:
    """Return the values of ``-e lint,unit``, ``-elint`` and ``-e=lint``."""
    values = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word.startswith("-e"):
            values.append(word[2:].removeprefix("=") or following)
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _with_posargs(command: Sequence[str], posargs: Sequence[str]) -> list[str]:
    words: list[str] = []
    for word in command:
        words += posargs if word == "{posargs}" else [word]
    return words
