"""Where files are stored: in the user's cache folder, never in the checkout."""

from __future__ import annotations

import os
from pathlib import Path

SANDBOX = Path(__file__).resolve().parent
CHECKOUT = SANDBOX.parent


def cache_folder() -> Path:
    """Return the project's cache folder, below ``XDG_CACHE_HOME`` if that is set."""
    # As the XDG specification demands, a relative value is ignored.
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "podshare"


def engine_folder() -> Path:
    """Return the folder with configuration, log and process ID of the Docker ``./dev`` started."""
    return cache_folder() / "engine"


def log_folder(build: str) -> Path:
    """Return the folder with the full output of one build, one file per step."""
    return cache_folder() / "logs" / build
