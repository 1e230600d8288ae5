"""Errors on stderr, in the spelling of the command line."""

from __future__ import annotations

import sys

from pytest_podshare import errors
from pytest_podshare.escaping import printable


def print_error(error: errors.PodshareError) -> None:
    """Print an error, with what to do about it."""
    lines = (printable(line) for line in str(error.spelled("--")).splitlines())
    print("podshare:", "\n  ".join(lines), file=sys.stderr)
