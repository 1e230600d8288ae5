"""Where everything lives: in the user's cache folder, never in the checkout."""

from __future__ import annotations

import os
from pathlib import Path

SANDBOX = Path(__file__).resolve().parent
CHECKOUT = SANDBOX.parent


def cache() -> Path:
    """The project's cache folder; ``XDG_CACHE_HOME`` moves it."""
    # The XDG specification: a relative value is to be ignored.
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "podshare"


def engine_folder() -> Path:
    """Configuration, log and process id of the container engine ``./dev`` started."""
    return cache() / "engine"


def log_folder(stamp: str) -> Path:
    """The full output of one build, one file per step."""
    return cache() / "logs" / stamp
