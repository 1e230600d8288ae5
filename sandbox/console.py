"""Output of the commands: results on standard output, status messages on standard error."""

from __future__ import annotations

import sys

from rich.console import Console

# Without a terminal, table rows stay on one line instead of wrapping at 80 columns.
results = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
messages = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print a status line."""
    print(f"dev: {text}", file=sys.stderr, flush=True)
