"""What the commands say while they work: on standard error, results alone go to standard output."""

from __future__ import annotations

import sys

from rich.console import Console

# Where there is no terminal, tables keep their lines whole instead of fitting 80 columns.
results = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
messages = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """One line about what is going on."""
    print(f"dev: {text}", file=sys.stderr, flush=True)
